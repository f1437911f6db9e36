-- Windows as they lie in Redis, and the arithmetic of domain/risk/window.py on them.
--
-- A value is: form (1 byte), time (7), attempts (4), then
--   stamps:  one 4-byte offset in ms from `time` for each admitted unit, oldest first;
--   buckets: the width of a bucket in ms (4), the sum of all counts (4), and the counts, newest first; `time`
--            is the newest one's number. The sum spares adding up 61 counts for each decision.
-- All numbers are big endian. `now`, the time of the server, comes from epoch.lua. Attempts stand at the same place in every form, so that a refusal can count
-- itself without touching the window.

local STAMPS, SHORT_COUNTS, LONG_COUNTS = 1, 2, 3
local EXACT_UNITS, MOST_SHORT, MOST_LONG = 64, 65535, 4294967295
local HEADER, COUNTS, ATTEMPTS_AT = 12, 20, 8
local NEVER = -1
local floor, min, max, sub, rep = math.floor, math.min, math.max, string.sub, string.rep
local pack, unpack_binary = struct.pack, struct.unpack

local function empty_window()
  return {attempts = 0}
end

-- nil if the value is none of ours.
local function parsed(value)
  local body = #value - HEADER
  if body < 4 then return nil end
  local form, newest, attempts = unpack_binary('>BI7I4', value)
  local window = {form = form, time = newest, attempts = attempts, value = value}
  if form == STAMPS then
    window.length = body / 4
  elseif form == SHORT_COUNTS or form == LONG_COUNTS then
    window.bytes = form == SHORT_COUNTS and 2 or 4
    window.length = (body - 8) / window.bytes
    if window.length < 1 then return nil end
    window.width, window.total = unpack_binary('>I4I4', value, HEADER + 1)
    if window.width == 0 then return nil end
  else
    return nil
  end
  return window.length >= 1 and window.length % 1 == 0 and window or nil
end

-- `count` counts, the newest first, without the first `skipped`.
local function counts_of(window, skipped, count)
  local format = '>' .. rep(window.bytes == 2 and 'H' or 'I4', count)
  local counts = {unpack_binary(format, window.value, COUNTS + 1 + window.bytes * skipped)}
  counts[#counts] = nil
  return counts
end

local function sum_of(counts)
  local total = 0
  for i = 1, #counts do total = total + counts[i] end
  return total
end

-- What the newest `live` buckets hold.
local function live_total(window, live)
  if window.total == MOST_LONG then return sum_of(counts_of(window, 0, live)) end
  if live == window.length then return window.total end
  return window.total - sum_of(counts_of(window, live, window.length - live))
end

-- Stamps: how many have left. Buckets: how many counts are still looked back on.
local function stamps_left(window, limit)
  local bound = now - limit.window - window.time
  if bound < 0 then return 0 end
  local low, high, value = 0, window.length, window.value
  while low < high do
    local middle = floor((low + high) / 2)
    if unpack_binary('>I4', value, HEADER + 1 + 4 * middle) <= bound then low = middle + 1 else high = middle end
  end
  return low
end

local function buckets_passed(window)
  return max(floor(now / window.width) - window.time, 0)
end

local function buckets_live(window)
  return max(window.length - buckets_passed(window), 0)
end

local function stamp_at(window, index)
  return window.time + unpack_binary('>I4', window.value, HEADER + 1 + 4 * index)
end

-- {{instant, units}, ...} in order of time: the latest instants at which they can have been admitted.
local function entries_of(window)
  local entries = {}
  if window.form == STAMPS then
    for i = 0, window.length - 1 do entries[i + 1] = {stamp_at(window, i), 1} end
  elseif window.form then
    local counts = counts_of(window, 0, window.length)
    for i = window.length, 1, -1 do
      if counts[i] > 0 then entries[#entries + 1] = {(window.time - i + 2) * window.width - 1, counts[i]} end
    end
  end
  return entries
end

local function stamps_of(entries, attempts)
  local base = entries[1][1]
  local parts = {pack('>BI7I4', STAMPS, base, attempts)}
  for _, entry in ipairs(entries) do
    parts[#parts + 1] = rep(pack('>I4', entry[1] - base), entry[2])
  end
  return parsed(table.concat(parts))
end

local function buckets_of(entries, limit, attempts)
  local newest = floor(entries[#entries][1] / limit.width)
  local counts, most, total = {}, 0, 0
  for i = 1, limit.buckets + 1 do counts[i] = 0 end
  for _, entry in ipairs(entries) do
    local i = min(newest - floor(entry[1] / limit.width), limit.buckets) + 1
    counts[i] = min(counts[i] + entry[2], MOST_LONG)
    most, total = max(most, counts[i]), min(total + entry[2], MOST_LONG)
  end
  local short = most <= MOST_SHORT
  local form = short and SHORT_COUNTS or LONG_COUNTS
  local header = pack('>BI7I4I4I4', form, newest, attempts, limit.width, total)
  return parsed(header .. pack('>' .. rep(short and 'H' or 'I4', #counts), unpack(counts)))
end

-- Units at their instants, in the form that the limit wants.
local function built(limit, entries, attempts)
  local total = 0
  for _, entry in ipairs(entries) do total = total + entry[2] end
  if total == 0 then return empty_window() end
  if limit.exact and total <= EXACT_UNITS then return stamps_of(entries, attempts) end
  return buckets_of(entries, limit, attempts)
end

local function fitted(window, limit)
  local fits
  if not window.form then
    fits = true
  elseif window.form == STAMPS then
    fits = limit.exact and window.length <= EXACT_UNITS
  else
    fits = window.width == limit.width and window.length == limit.buckets + 1
      and not (limit.exact and window.total <= EXACT_UNITS)
  end
  return fits and window or built(limit, entries_of(window), window.attempts)
end

local function used_of(window, limit)
  if not window.form then return 0 end
  if window.form == STAMPS then return window.length - stamps_left(window, limit) end
  return live_total(window, buckets_live(window))
end

-- When `over` units have left, the oldest first.
local function wait_for(window, limit, over)
  if window.form == STAMPS then
    return stamp_at(window, stamps_left(window, limit) + over - 1) + limit.window - now
  end
  local oldest = buckets_live(window)
  local counts = counts_of(window, 0, oldest)
  while true do
    over = over - counts[oldest]
    if over <= 0 then return (window.time - oldest + 1 + window.length) * window.width - now end
    oldest = oldest - 1
  end
end

local function wait_of(window, limit, used, cost)
  if cost > limit.units then return NEVER end
  local over = used + cost - limit.units
  return over > 0 and wait_for(window, limit, over) or 0
end

-- The usual case, made of slices of the old value; nil if the window must be built anew.
local function stamps_spent(window, limit, cost)
  local left = stamps_left(window, limit)
  local stamp = max(now, stamp_at(window, window.length - 1))
  local offset = stamp - window.time
  if left == window.length or offset > MOST_LONG or window.length - left + cost > EXACT_UNITS then return nil end
  return pack('>BI7I4', STAMPS, window.time, 0)
    .. sub(window.value, HEADER + 1 + 4 * left) .. rep(pack('>I4', offset), cost)
end

local function buckets_spent(window, cost)
  local passed, bytes, first = buckets_passed(window), window.bytes, COUNTS + 1
  local format, count = bytes == 2 and '>H' or '>I4', cost
  if passed == 0 then count = cost + unpack_binary(format, window.value, first) end
  if bytes == 2 and count > MOST_SHORT then return nil end
  local kept = max(window.length - passed, 0)
  local total = min(live_total(window, kept) + cost, MOST_LONG)
  local head = pack('>BI7I4I4I4', window.form, window.time + passed, 0, window.width, total)
    .. pack(format, min(count, MOST_LONG))
  if passed == 0 then return head .. sub(window.value, first + bytes) end
  return head .. rep('\0', bytes * (window.length - 1 - kept)) .. sub(window.value, first, first - 1 + bytes * kept)
end

-- The rare case: what has left is dropped, the new units come last.
local function spent_anew(window, limit, cost)
  local kept, newest = {}, now
  local bound = now - limit.window + (window.form == STAMPS and 1 or 0)
  for _, entry in ipairs(entries_of(window)) do
    if entry[1] >= bound then kept[#kept + 1] = entry end
  end
  if #kept > 0 then newest = max(now, kept[#kept][1]) end
  kept[#kept + 1] = {newest, cost}
  return built(limit, kept, 0)
end

local function spent(window, limit, cost)
  local value
  if window.form == STAMPS then
    value = stamps_spent(window, limit, cost)
  elseif window.form then
    value = buckets_spent(window, cost)
  end
  if not value then return spent_anew(window, limit, cost) end
  return fitted(parsed(value), limit)
end

local function stamps_refunded(window, limit, units, at)
  local kept, given_back = {}, 0
  for _, entry in ipairs(entries_of(window)) do
    if entry[1] == at and given_back < units then
      given_back = given_back + 1
    elseif entry[1] > now - limit.window then
      kept[#kept + 1] = entry
    end
  end
  if given_back == 0 or at <= now - limit.window then return window end
  return built(limit, kept, window.attempts)
end

local function refunded(window, limit, units, at)
  if not window.form then return window end
  if window.form == STAMPS then return stamps_refunded(window, limit, units, at) end
  if buckets_passed(window) > 0 or floor(at / window.width) ~= window.time then return window end
  local counts = counts_of(window, 0, window.length)
  local gone = min(units, counts[1])
  if gone == 0 then return window end
  local bytes, total = window.bytes, sum_of(counts) - gone
  return parsed(sub(window.value, 1, COUNTS - 4) .. pack('>I4', min(total, MOST_LONG))
    .. pack(bytes == 2 and '>H' or '>I4', counts[1] - gone) .. sub(window.value, COUNTS + 1 + bytes))
end

local function full(limit)
  return built(limit, {{now, limit.units}}, 0)
end

-- Kept until the last unit has left.
local function lifetime_of(window, limit)
  if window.form == STAMPS then return stamp_at(window, window.length - 1) + limit.window - now end
  return (window.time + window.length) * window.width - now
end

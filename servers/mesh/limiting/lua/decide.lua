-- Decides on a batch of calls, one after the other, each before all of its limits: all or nothing.
-- The verbs are those of domain/risk/verbs.py. Time is the server's, and the same for the whole batch.
--
-- KEYS: the epoch, then for each call the windows of its limits.
-- ARGV: as epoch.lua says, the limits (units, window, buckets), then for each call: verb, cost, instant of
--   a refund, and the number of each limit.
-- Answers: epoch, now, windows found damaged, then for each call: admitted or not, the most attempts
--   refused in a row, and for each limit what was used and how long to wait. Only epoch and now where the
--   caller knows another epoch: then nothing was decided.

local DECIDE, CHECK, SPEND, REFUND, RESET, DRAIN, ATTEMPT = 1, 2, 3, 4, 5, 6, 7

-- With less in it than before, so that it need not live longer.
local function save_rest(key, window)
  if window.form then
    redis.call('SET', key, window.value, 'KEEPTTL')
  else
    redis.call('DEL', key)
  end
end

-- On the stored value, whatever its form: attempts have one place, and the window stays as it was.
local function attempted(key, window, times)
  if not window.form then return 0 end
  local attempts = min(window.attempts + times, MOST_LONG)
  redis.call('SETRANGE', key, ATTEMPTS_AT, pack('>I4', attempts))
  return attempts
end

-- The units that one window gives.
local function taken(verb, admitted, rule, cost)
  if verb == SPEND or (admitted and (verb == DECIDE or verb == DRAIN)) then return cost end
  if verb == DRAIN and rule.wait ~= 0 then return max(rule.limit.units - rule.used, 0) end
  return 0
end

local function change(rule, verb, admitted, cost, at)
  local key, window, limit = rule.key, rule.window, rule.limit
  if verb == RESET then
    redis.call('DEL', key)
  elseif verb == REFUND then
    local after = refunded(window, limit, cost, at)
    if after.value ~= window.value then save_rest(key, after) end
  else
    local units = taken(verb, admitted, rule, cost)
    if units > 0 then save(key, spent(window, limit, units), limit) end
  end
end

local limits, next_key = limits_of(ARGV[3]), 2

local function answer(call)
  local verb, cost, at = unpack_binary('>BI4I7', call)
  local rules, admitted, attempts = {}, 1, 0
  local reply = {0, 0}
  for i = 13, #call do
    local limit, key = limits[string.byte(call, i)], KEYS[next_key]
    next_key = next_key + 1
    local window = found(key, limit)
    local used = used_of(window, limit)
    local wait = wait_of(window, limit, used, cost)
    if wait ~= 0 then admitted = 0 end
    rules[#rules + 1] = {key = key, limit = limit, window = window, used = used, wait = wait}
    reply[#reply + 1] = used
    reply[#reply + 1] = wait
  end
  local refused = admitted == 0 and (verb == DECIDE or verb == DRAIN)
  for _, rule in ipairs(rules) do
    change(rule, verb, admitted == 1, cost, at)
    if verb == ATTEMPT then attempted(rule.key, rule.window, cost) end
    if refused and rule.wait ~= 0 then
      attempts = max(attempts, attempted(rule.key, rule.window, 1))
    end
  end
  reply[1], reply[2] = admitted, attempts
  return reply
end

if epoch ~= ARGV[1] then return {epoch, now} end
local replies = {epoch, now, 0}
for i = 4, #ARGV do replies[i] = answer(ARGV[i]) end
replies[3] = damaged
return replies

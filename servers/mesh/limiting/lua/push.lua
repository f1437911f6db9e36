-- Adds to windows what a replica counted by itself. After stored.lua.
--
-- KEYS: the epoch, then windows. ARGV: as epoch.lua says, the limits, then for each window the number of
--   its limit and its entries: instant (7 bytes) and units (4), in order of time.
-- Answers: epoch, now, windows found damaged. Only epoch and now where the caller knows another epoch:
--   then nothing was added.

if epoch ~= ARGV[1] then return {epoch, now} end

local ENTRY = 11
local limits = limits_of(ARGV[3])

local function earlier(one, other) return one[1] < other[1] end

for i = 4, #ARGV do
  local key, pushed = KEYS[i - 2], ARGV[i]
  local limit = limits[string.byte(pushed, 1)]
  local window = found(key, limit)
  local entries = entries_of(window)
  for at = 2, #pushed, ENTRY do
    local instant, units = unpack_binary('>I7I4', pushed, at)
    entries[#entries + 1] = {instant, units}
  end
  table.sort(entries, earlier)
  local merged = built(limit, entries, window.attempts)
  if merged.form and lifetime_of(merged, limit) > 0 then save(key, merged, limit) end
end
return {epoch, now, damaged}

-- A replica says that it lives, and hears who else does. After epoch.lua.
--
-- KEYS: the epoch, the replicas. ARGV: as epoch.lua says, the name of the replica, how many ms one that is
--   silent counts as alive, and the epoch into which it has pushed what it counted, if it has.
-- Answers: epoch, now, then name and epoch of its last push for each live replica.

local silent_ms = tonumber(ARGV[4])
redis.call('HSET', KEYS[2], ARGV[3], string.format('%.0f %s', now, ARGV[5]))
local reply = {epoch, now}
local known = redis.call('HGETALL', KEYS[2])
for i = 1, #known, 2 do
  local seen, pushed = string.match(known[i + 1], '^(%d+) (.*)$')
  if now - tonumber(seen) > silent_ms then
    redis.call('HDEL', KEYS[2], known[i])
  else
    reply[#reply + 1] = known[i]
    reply[#reply + 1] = pushed
  end
end
return reply

-- A replica says that it lives, hears who else does, and whether this is still the server that counted.
-- After epoch.lua.
--
-- KEYS: the epoch, the replicas, the home. ARGV: as epoch.lua says, the name of the replica, how many ms one
--   that is silent counts as alive, and the epoch into which it has pushed what it counted, if it has.
-- Answers: epoch, now, home, the epoch before, until when what was counted in that one has been kept, then
--   name and epoch of its last push for each live replica.

local silent_ms = tonumber(ARGV[4])
local known = redis.pcall('HGETALL', KEYS[2])
if known.err then
  redis.call('DEL', KEYS[2])
  known = {}
end

local function seen_and_pushed(i)
  local seen, pushed = string.match(known[i + 1], '^(%d+) (.*)$')
  return tonumber(seen) or 0, pushed
end

local function last_seen()
  local last = 0
  for i = 1, #known, 2 do last = math.max(last, (seen_and_pushed(i))) end
  return last
end

-- A copy that took over, or a server that came back with what it had saved, runs under another id than the
-- one that counted. What was written comes in order: all is there that was counted before the last
-- heartbeat that is there.
local home = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local stored = redis.pcall('GET', KEYS[3])
local old_home, kept, before = string.match(type(stored) == 'string' and stored or '', '^(%x+) (%d+) (.*)$')
if old_home ~= home then
  if old_home then
    kept, before = last_seen(), epoch
    epoch = string.format('%.0f-%s', now, ARGV[2])
    redis.call('SET', KEYS[1], epoch)
  else
    kept, before = 0, ''
  end
  redis.call('SET', KEYS[3], string.format('%s %.0f %s', home, kept, before))
end

redis.call('HSET', KEYS[2], ARGV[3], string.format('%.0f %s', now, ARGV[5]))
local reply = {epoch, now, home, before, tonumber(kept), ARGV[3], ARGV[5]}
for i = 1, #known, 2 do
  local seen, pushed = seen_and_pushed(i)
  if known[i] == ARGV[3] then
    -- It has just said so itself.
  elseif now - seen > silent_ms then
    redis.call('HDEL', KEYS[2], known[i])
  else
    reply[#reply + 1] = known[i]
    reply[#reply + 1] = pushed
  end
end
return reply

-- Whose turn it is to commit. KEYS: the turn. ARGV: TAKE or GIVE, who asks, milliseconds.
-- Answers 1 if it is the asker's turn. A holder who asks again hands it to whoever waits.
local key, verb, me, lasting = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local HANDED, WAITING = 100, 100
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = redis.call('HMGET', key, 'holder', 'until', 'waits', 'waits_until')
local holder = turn[1]
if tonumber(turn[2] or 0) <= now then holder = false end
local waits = turn[3]
if waits == me or tonumber(turn[4] or 0) <= now then waits = false end

local function held_by(who, milliseconds)
  redis.call('HSET', key, 'holder', who, 'until', now + milliseconds)
  redis.call('HDEL', key, 'waits', 'waits_until')
  redis.call('PEXPIRE', key, 10000)
end

if verb == 'GIVE' then
  if holder ~= me then return 0 end
  if waits then held_by(waits, HANDED) else redis.call('DEL', key) end
  return 0
end
if holder and holder ~= me then
  if not waits then
    redis.call('HSET', key, 'waits', me, 'waits_until', now + WAITING)
    redis.call('PEXPIRE', key, 10000)
  end
  return 0
end
if holder == me and waits then
  held_by(waits, HANDED)
  return 0
end
held_by(me, lasting)
if waits then redis.call('HSET', key, 'waits', waits, 'waits_until', now + WAITING) end
return 1

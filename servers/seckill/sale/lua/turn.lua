-- Whose turn it is to commit. KEYS: the turn. ARGV: TAKE or GIVE, who asks, milliseconds.
-- Answers 1 if it is the asker's turn. A holder who asks again hands it to whoever waits.
local key, verb, me, lasting = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local SOON = 100
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = redis.call('HMGET', key, 'holder', 'until', 'handed', 'waits', 'waits_until')
local holder, handed, waits = turn[1], turn[3], turn[4]
if tonumber(turn[2] or 0) <= now then holder = false end
if waits == me or tonumber(turn[5] or 0) <= now then waits = false end

local function keep(fields)
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, 10000)
end

local function hand_over()
  keep({'holder', waits, 'until', now + SOON, 'handed', 1})
  return 0
end

if verb == 'GIVE' then
  if holder ~= me then return 0 end
  if waits then return hand_over() end
  redis.call('DEL', key)
  return 0
end
if holder and holder ~= me then
  if not waits then redis.call('HSET', key, 'waits', me, 'waits_until', now + SOON) end
  return 0
end
-- What was handed over is held once before it is handed on.
if holder == me and waits and not handed then return hand_over() end
local fields = {'holder', me, 'until', now + lasting}
if waits then fields = {'holder', me, 'until', now + lasting, 'waits', waits, 'waits_until', now + SOON} end
keep(fields)
return 1

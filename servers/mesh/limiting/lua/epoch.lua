-- What every script begins with: the server's time, and whether what the caller believes was counted is
-- still there. The epoch is a random name, made by whoever finds none, and says since when it is.
--
-- KEYS[1]: the epoch. ARGV[1]: the epoch that the caller knows. ARGV[2]: a name for a new one.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local epoch = redis.pcall('GET', KEYS[1])
-- What is none of ours, even of another type, is as good as lost.
if epoch ~= ARGV[1] and (type(epoch) ~= 'string' or not string.match(epoch, '^%d+%-')) then
  epoch = string.format('%.0f-%s', now, ARGV[2])
  redis.call('SET', KEYS[1], epoch)
end

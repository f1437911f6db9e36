-- Some of the records. After gate.lua.
--
-- ARGV: as gate.lua says, 1 for the open ones or 2 for the held, where to go on (0 at first), about how many.
-- Answers: state, the server's time, where to go on (0: that was all), then name and value by turns. Records
--   that are there all the while come at least once. Only the state if there is no gate.

local gate = read_gate()
if not gate then return {MISSING} end
local page = redis.call('HSCAN', ARGV[2] == '1' and OPEN or HELD, ARGV[3], 'COUNT', ARGV[4])
return {gate.state, real, page[1], page[2]}

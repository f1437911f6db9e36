-- What a gate says of itself. After gate.lua.
--
-- ARGV: as gate.lua says, and 1 if the filter is wanted too.
-- Answers: state, revision, generation, adds, moves, the server's time, the mask of the tranches that are open to
--   everybody, in how many us that changes (-1: never), the tranches as gate.lua keeps them, and the filter
--   or an empty string. Only the state if there is no gate.

local gate = read_gate()
if not gate then return {MISSING} end
local mask, changes_in = released(gate)
local filter = ARGV[2] == '1' and redis.call('GET', KNOWN) or ''
local tranches = redis.call('HGET', GATE, 'tranches')
return {gate.state, gate.revision, gate.generation, gate.adds, gate.moves, real, mask, changes_in, tranches, filter}

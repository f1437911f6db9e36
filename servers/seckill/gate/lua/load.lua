-- The steps of loading, and changes of the activity. After gate.lua.
--
-- ARGV: as gate.lua says, the step, then
--   BEGIN: who loads, bits of the filter, how many us a loader may be silent
--   OPEN: who loads, and the shape: revision, opens, closes, limit of a member, then stock and release of
--     each tranche
--   RESHAPE: nobody (''), and the shape
--   WIPE: nothing
-- Answers: 1 if it was done. Else 0: BEGIN while it is open or another loads it, OPEN if another does,
--   RESHAPE if there is no gate.

local gate = read_gate()
local step, owner = ARGV[2], ARGV[3]

local function new_gate()
  wipe()
  local made = {state = STATES.LOADING, tranches = {}}
  for _, name in ipairs(NUMBERS) do made[name] = 0 end
  for number = 1, MOST_TRANCHES do made.tranches[number] = {stock = 0, left = 0, release = NEVER} end
  made.generation, made.bits = real, tonumber(ARGV[4])
  redis.call('SETBIT', KNOWN, made.bits - 1, 0)
  return made
end

local function begin()
  if not gate then
    gate = new_gate()
  elseif gate.state == STATES.OPEN then
    return 0
  elseif gate.owner ~= owner and real - gate.since <= tonumber(ARGV[5]) then
    return 0
  end
  gate.owner, gate.since = owner, real
  save_gate(gate)
  return 1
end

local function take_shape()
  if tonumber(ARGV[4]) < gate.revision then return end
  gate.revision, gate.opens, gate.closes, gate.limit =
    tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
  gate.parts = (#ARGV - 7) / 2
  for number, tranche in ipairs(gate.tranches) do
    local stock = tonumber(ARGV[6 + 2 * number] or '0')
    tranche.left = tranche.left + stock - tranche.stock
    tranche.stock, tranche.release = stock, tonumber(ARGV[7 + 2 * number] or '-1')
  end
  gate.generation = gate.generation + 1
end

local function shape()
  if not gate or (step == 'OPEN' and (gate.state ~= STATES.LOADING or gate.owner ~= owner)) then return 0 end
  if step == 'OPEN' then gate.state = STATES.OPEN end
  take_shape()
  save_gate(gate)
  return 1
end

if step == 'WIPE' then
  wipe()
  return 1
end
if step == 'BEGIN' then return begin() end
return shape()

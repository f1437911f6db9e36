-- Does a batch of things, one after the other. After gate.lua.
--
-- All is read first, then decided, then written: a script that cannot write has written nothing.
-- ARGV: as gate.lua says, the loader if it is he who pushes, then for each thing: verb (1 byte), units (2),
--   mask of a claim or tranche of an order (1), stamp (7), its four places in the filter (4 each), length of
--   the member's id (1), and "member/request". Verbs and verdicts are those of servers/seckill/gate/things.py and domain/seckill/gate.py.
-- Answers: state, then all answers in one string: verdict (1), tranche (1), units (2), stamp (7). Only the
--   state if there is no gate, or the loader is not the one who loads.

local CLAIM, SETTLE, DROP = 1, 2, 3
local IS_CLAIMED, IS_OPEN, IS_HELD, IS_SOLD_OUT, IS_OVER_LIMIT, IS_NOT_ELIGIBLE = 1, 2, 3, 4, 5, 6
local IS_NOT_OPEN, IS_CLOSED, IS_KNOWN, IS_ABSENT, IS_MISSING = 7, 8, 9, 10, 11
local PLACES_AT, NAME_AT = 12, 29

local gate = read_gate()
if not gate then return {MISSING} end
local owner = ARGV[2]
if owner ~= '' and (gate.state ~= STATES.LOADING or gate.owner ~= owner) then return {gate.state} end

local things, names, owners = {}, {}, {}
for i = 3, #ARGV do
  local verb, units, place, stamp = unpack_binary('>BHBI7', ARGV[i])
  local name = sub(ARGV[i], NAME_AT)
  local member = sub(name, 1, string.byte(ARGV[i], NAME_AT - 1))
  local at = i - 2
  things[at] = {verb = verb, units = units, place = place, stamp = stamp, name = name, member = member, packed = ARGV[i]}
  names[at], owners[at] = name, member
end

-- name -> {tranche, units, stamp}, without a stamp if held; false if there is none.
local records, stored, units_of = {}, {}, {}

local function read_records()
  if #things == 0 then return true end
  local opened = redis.call('HMGET', OPEN, unpack(names))
  local held = redis.call('HMGET', HELD, unpack(names))
  local units = redis.call('HMGET', MEMBERS, unpack(owners))
  for i, name in ipairs(names) do
    local record, form = false, false
    if held[i] then
      if #held[i] ~= 3 then return false end
      local tranche, count = unpack_binary('>BH', held[i])
      record, form = {tranche = tranche, units = count, stamp = false}, HELD
    elseif opened[i] then
      if #opened[i] ~= 10 then return false end
      local tranche, count, stamp = unpack_binary('>BHI7', opened[i])
      record, form = {tranche = tranche, units = count, stamp = stamp}, OPEN
    end
    records[name], stored[name] = record, form
    units_of[owners[i]] = tonumber(units[i] or '0')
    if not units_of[owners[i]] then return false end
  end
  return true
end

if not read_records() then
  wipe()
  return {MISSING}
end

local open_to_all = released(gate)
local changed, touched, known = {}, {}, {}

local function put(thing, record)
  records[thing.name] = record
  local tranche = gate.tranches[record.tranche]
  tranche.left = tranche.left - record.units
  units_of[thing.member] = units_of[thing.member] + record.units
  changed[thing.name], touched[thing.member], known[thing.name] = true, true, thing
end

local function remove(thing)
  local record = records[thing.name]
  if not record then return end
  records[thing.name] = false
  local tranche = gate.tranches[record.tranche]
  tranche.left = tranche.left + record.units
  units_of[thing.member] = units_of[thing.member] - record.units
  gate.generation = gate.generation + 1
  changed[thing.name], touched[thing.member] = true, true
end

local function answer(verdict, record)
  return pack('>BBHI7', verdict, record.tranche, record.units, record.stamp or 0)
end

local NOTHING = {tranche = 0, units = 0}
local plain_answers = {}
for verdict = IS_CLAIMED, IS_MISSING do plain_answers[verdict] = answer(verdict, NOTHING) end

local function seen(record)
  if not record then return plain_answers[IS_ABSENT] end
  return answer(record.stamp and IS_OPEN or IS_HELD, record)
end

local function is_known(thing)
  if known[thing.name] then return true end
  local places = {unpack_binary('>I4I4I4I4', thing.packed, PLACES_AT)}
  for i = 1, 4 do
    if redis.call('GETBIT', KNOWN, places[i] % gate.bits) == 0 then return false end
  end
  return true
end

-- The first tranche, in order, that is open to the member and has the units.
local function choose(thing)
  if now < gate.opens then return nil, IS_NOT_OPEN end
  if now >= gate.closes then return nil, IS_CLOSED end
  if units_of[thing.member] + thing.units > gate.limit then return nil, IS_OVER_LIMIT end
  local mask, refusal = bit.bor(thing.place, open_to_all), IS_NOT_ELIGIBLE
  for number = 1, gate.parts do
    if bit.band(mask, 2 ^ (number - 1)) ~= 0 then
      if gate.tranches[number].left >= thing.units then return number end
      refusal = IS_SOLD_OUT
    end
  end
  return nil, refusal
end

local function claim(thing)
  if gate.state ~= STATES.OPEN then return plain_answers[IS_MISSING] end
  local record = records[thing.name]
  if record then
    if record.stamp then
      record.stamp = real
      changed[thing.name] = true
    end
    return seen(record)
  end
  local tranche, refusal = choose(thing)
  if not tranche then return plain_answers[is_known(thing) and IS_KNOWN or refusal] end
  put(thing, {tranche = tranche, units = thing.units, stamp = real})
  return answer(IS_CLAIMED, records[thing.name])
end

local function settle(thing)
  local record = records[thing.name]
  local before = seen(record)
  -- Whatever has a record is known.
  if not record then known[thing.name] = thing end
  if thing.units == 0 then return before end
  if record and record.tranche == thing.place and record.units == thing.units then
    if record.stamp then
      record.stamp = false
      changed[thing.name] = true
    end
    return before
  end
  remove(thing)
  put(thing, {tranche = thing.place, units = thing.units, stamp = false})
  return before
end

local function drop(thing)
  local record = records[thing.name]
  local before = seen(record)
  if record and (thing.stamp == 0 or thing.stamp == record.stamp) then remove(thing) end
  return before
end

local function write(key, pairs_of)
  if #pairs_of > 0 then redis.call('HSET', key, unpack(pairs_of)) end
end

local function delete(key, fields)
  if #fields > 0 then redis.call('HDEL', key, unpack(fields)) end
end

local function append(list, field, value)
  list[#list + 1] = field
  list[#list + 1] = value
end

local function write_records()
  local to_open, to_held, gone = {}, {}, {[OPEN] = {}, [HELD] = {}}
  for name in pairs(changed) do
    local record, form, before = records[name], false, stored[name]
    if record and record.stamp then
      form = OPEN
      append(to_open, name, pack('>BHI7', record.tranche, record.units, record.stamp))
    elseif record then
      form = HELD
      append(to_held, name, pack('>BH', record.tranche, record.units))
    end
    if before and before ~= form then table.insert(gone[before], name) end
  end
  write(OPEN, to_open)
  write(HELD, to_held)
  delete(OPEN, gone[OPEN])
  delete(HELD, gone[HELD])
end

local function write_members()
  local to_set, gone = {}, {}
  for member in pairs(touched) do
    if units_of[member] > 0 then append(to_set, member, whole(units_of[member])) else gone[#gone + 1] = member end
  end
  write(MEMBERS, to_set)
  delete(MEMBERS, gone)
end

-- Whether the filter has learned something. One command for all: each costs more than what it does.
local function write_known()
  local sets = {}
  for _, thing in pairs(known) do
    local places = {unpack_binary('>I4I4I4I4', thing.packed, PLACES_AT)}
    for i = 1, 4 do
      local at = #sets
      sets[at + 1], sets[at + 2], sets[at + 3], sets[at + 4] = 'SET', 'u1', places[i] % gate.bits, 1
    end
  end
  if #sets == 0 then return false end
  local before, learned = redis.call('BITFIELD', KNOWN, unpack(sets)), false
  for i = 1, #before, 4 do
    if before[i] + before[i + 1] + before[i + 2] + before[i + 3] < 4 then
      gate.adds = gate.adds + 1
      learned = true
    end
  end
  return learned
end

local answers = {}
for i, thing in ipairs(things) do
  if thing.verb == CLAIM then answers[i] = claim(thing)
  elseif thing.verb == SETTLE then answers[i] = settle(thing)
  elseif thing.verb == DROP then answers[i] = drop(thing)
  else answers[i] = seen(records[thing.name]) end
end

local learned = write_known()
if owner ~= '' then gate.since = real end
if learned or owner ~= '' or next(changed) then
  write_records()
  write_members()
  save_gate(gate)
end
return {gate.state, table.concat(answers)}

-- What every script begins with: the gate as it lies in Redis, read and written. What it does is told in
-- domain/seckill/gate_model.py.
--
-- KEYS, all of one slot:
--   gate     hash: state, owner, numbers by name, and `tranches`: stock:left:release of each, -1 = never
--   open     hash: "member/request" -> tranche (1 byte), units (2), stamp (7)
--   held     hash: "member/request" -> tranche (1), units (2)
--   members  hash: member -> units that are set aside for him
--   known    string of bits: a Bloom filter of every "member/request" that was ever set aside for or ordered
-- ARGV[1]: how many us the business is ahead of the server's clock.
--
-- Keys can go one by one: deleted, evicted, expired. So the gate counts what the others hold, and one that
-- does not find it is none at all: missing, never sold out.

local GATE, OPEN, HELD, MEMBERS, KNOWN = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local STATES = {LOADING = 1, OPEN = 2}
local MISSING, NEVER, MOST_TRANCHES = 0, -1, 8
local DAY, HOUR = 86400000000, 3600000000
local NUMBERS = {
  'generation', 'adds', 'moves', 'since', 'revision', 'opens', 'closes', 'limit', 'bits', 'parts',
  'open', 'held', 'members',
}
local floor, max, sub = math.floor, math.max, string.sub
local pack, unpack_binary = struct.pack, struct.unpack

local time = redis.call('TIME')
local real = time[1] * 1000000 + time[2]
local now = real + ARGV[1]

local function whole(number) return string.format('%.0f', number) end

local function wipe()
  redis.call('UNLINK', GATE, OPEN, HELD, MEMBERS, KNOWN)
end

local function parsed_tranches(text)
  local tranches = {}
  for stock, left, release in string.gmatch(text or '', '(%d+):(-?%d+):(-?%d+)') do
    tranches[#tranches + 1] = {stock = tonumber(stock), left = tonumber(left), release = tonumber(release)}
  end
  return #tranches == MOST_TRANCHES and tranches or nil
end

local function parsed_gate(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  local gate = {state = STATES[fields.state], owner = fields.owner, tranches = parsed_tranches(fields.tranches)}
  if not (gate.state and gate.owner and gate.tranches) then return nil end
  for _, name in ipairs(NUMBERS) do
    gate[name] = tonumber(fields[name])
    if not gate[name] then return nil end
  end
  return gate
end

local function is_whole(gate)
  return redis.pcall('HLEN', OPEN) == gate.open and redis.pcall('HLEN', HELD) == gate.held
    and redis.pcall('HLEN', MEMBERS) == gate.members and redis.pcall('STRLEN', KNOWN) == gate.bits / 8
end

-- nil if there is none. What is damaged is removed.
local function read_gate()
  local flat = redis.pcall('HGETALL', GATE)
  if not flat.err and #flat == 0 then return nil end
  local gate = not flat.err and parsed_gate(flat)
  if gate and is_whole(gate) then return gate end
  wipe()
  return nil
end

local function lifetime_of(gate)
  return max(gate.closes + DAY - now, HOUR) / 1000
end

local function save_gate(gate)
  gate.moves = gate.moves + 1
  gate.open, gate.held, gate.members = redis.call('HLEN', OPEN), redis.call('HLEN', HELD), redis.call('HLEN', MEMBERS)
  local tranches = {}
  for number, one in ipairs(gate.tranches) do
    tranches[number] = string.format('%.0f:%.0f:%.0f', one.stock, one.left, one.release)
  end
  local state = gate.state == STATES.OPEN and 'OPEN' or 'LOADING'
  local fields = {'state', state, 'owner', gate.owner, 'tranches', table.concat(tranches, ' ')}
  for _, name in ipairs(NUMBERS) do
    fields[#fields + 1] = name
    fields[#fields + 1] = whole(gate[name])
  end
  redis.call('HSET', GATE, unpack(fields))
  local lifetime = whole(floor(lifetime_of(gate)))
  for i = 1, 5 do redis.call('PEXPIRE', KEYS[i], lifetime) end
end

-- The mask of the tranches that are open to everybody, and in how many us that changes; -1 if it does not.
local function released(gate)
  local mask, next_one = 0, NEVER
  for number = 1, gate.parts do
    local release = gate.tranches[number].release
    if release ~= NEVER and now >= release then
      mask = mask + 2 ^ (number - 1)
    elseif release ~= NEVER and (next_one == NEVER or release - now < next_one) then
      next_one = release - now
    end
  end
  return mask, next_one
end

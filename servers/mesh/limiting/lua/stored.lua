-- Windows in Redis: read, mended, written. After windows.lua.

local function limits_of(packed)
  local limits = {}
  for at = 1, #packed, 9 do
    local units, window, buckets = unpack_binary('>I4I4B', packed, at)
    limits[#limits + 1] = {
      units = units, window = window, buckets = buckets, width = window / buckets, exact = units <= EXACT_UNITS,
    }
  end
  return limits
end

local damaged = 0

local function save(key, window, limit)
  redis.call('SET', key, window.value, 'PX', lifetime_of(window, limit))
end

-- What cannot be read counts as full, and is so from now on: never as empty.
local function found(key, limit)
  local value = redis.pcall('GET', key)
  if value == false then return empty_window() end
  local window = type(value) == 'string' and parsed(value)
  if not window then
    damaged = damaged + 1
    window = full(limit)
    redis.call('DEL', key)
    if window.form then save(key, window, limit) end
  end
  return fitted(window, limit)
end

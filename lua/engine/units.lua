-- engine.units: sizes and durations as people write them for the engine.
local units = {}

local BINARY = { [""] = 0, b = 0, k = 10, m = 20, g = 30, t = 40, p = 50 }
local SECONDS = {
  ns = 1e-9, us = 1e-6, ["\u{b5}s"] = 1e-6, ["\u{3bc}s"] = 1e-6, ms = 1e-3, s = 1, m = 60, h = 3600,
}


--- The bytes that a size such as "256m", "1.5g", "64MiB" or "1024" means, as the docker CLI reads
-- it: every unit is a power of 1024. Returns nil for what is no size.
-- @param size a text
-- @return a whole number, or nil
function units.size(size)
  local number, unit = string.match(text.lower(text.trim(size)), "^([%d.]+) ?(%a*)$")
  local value = number and tonumber(number)
  local prefix = unit and string.match(unit, "^([kmgtp]?)i?b?$")
  if unit == "b" then
    prefix = ""
  end
  local power = prefix and BINARY[prefix]
  if not value or not power or (prefix == "" and unit ~= "" and unit ~= "b") then
    return nil
  end
  local bytes = value * 2.0 ^ power
  return bytes < 2.0 ^ 63 and math.tointeger(bytes // 1) or nil
end


--- The seconds that a duration such as "1h30m", "500ms" or "2.5s" means, as the engine reads it.
-- Returns nil for what is no duration; "0" needs no unit.
-- @param duration a text
-- @return a number, or nil
function units.duration(duration)
  local sign, rest = string.match(duration, "^([+-]?)(.+)$")
  if not rest then
    return nil
  elseif rest == "0" then
    return 0.0
  end
  local sum = 0.0
  while rest ~= "" do
    local number, unit, more = string.match(rest, "^([%d.]+)([^%d.]+)(.*)$")
    local value = number and tonumber(number)
    if not value or not SECONDS[unit] then
      return nil
    end
    sum, rest = sum + value * SECONDS[unit], more
  end
  return sign == "-" and -sum or sum
end


return units

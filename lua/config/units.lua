-- config.units: lengths of time and numbers of bytes, as people write them.
local units = {}

-- in nanoseconds
local TIMES = {
  ns = 1, us = 1000, ["µs"] = 1000, ["μs"] = 1000, ms = 1000000,
  s = 1000000000, m = 60000000000, h = 3600000000000,
}

local SIZES = {
  [""] = 1, B = 1,
  KB = 1000, MB = 1000000, GB = 1000000000,
  KiB = 1024, MiB = 1048576, GiB = 1073741824,
}

-- About 292 years in nanoseconds, what 64 bits hold.
local TIME_MAX = 9.2e18


--- A length of time in Go's notation: decimal numbers with units (`1m30s`, `1.5h`),
-- perhaps a sign; or 0 alone.
-- @return milliseconds, rounded away from zero, or nil when word is no such thing
function units.duration(word)
  local sign, rest = word:match("^([-+]?)(.+)$")
  if rest == "0" then
    return 0
  end
  local total = 0.0
  while rest and rest ~= "" do
    local number, unit, tail = rest:match("^([%d.]+)([^%d.]+)(.*)$")
    if not number or not number:match("^%d*%.?%d*$") or not number:match("%d")
       or not TIMES[unit] then
      return nil
    end
    total = total + (tonumber(number) + 0.0) * TIMES[unit] -- a float cannot wrap around
    rest = tail
  end
  if not rest or total > TIME_MAX then
    return nil
  end
  local milliseconds = math.tointeger(math.ceil(total / 1000000))
  return sign == "-" and -milliseconds or milliseconds
end


--- A number of bytes: digits, then nothing, B, KB, MB, GB (thousands) or KiB, MiB, GiB.
-- @return the number, or nil when word is no such thing or more than 2^53
function units.size(word)
  local digits, unit = word:match("^(%d+) ?(%a*)$")
  if not digits or #digits > 15 or not SIZES[unit] then
    return nil
  end
  local bytes = (tonumber(digits) + 0.0) * SIZES[unit]
  return bytes <= 9007199254740992 and math.tointeger(bytes) or nil
end


return units

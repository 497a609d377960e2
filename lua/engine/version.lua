-- engine.version: versions of numbers and dots, such as those of the API.
local version = {}


local function numbers(value)
  local out = {}
  for i, part in ipairs(text.split(value, ".")) do
    if not text.digits(part) or #part > 15 then
      return nil
    end
    out[i] = math.tointeger(tonumber(part))
  end
  return out
end


--- Compares two versions number by number; what is missing counts as 0, so 1.4 is 1.4.0.
-- @param a a text such as "1.41"
-- @param b another
-- @return -1, 0 or 1; nil when either is no version
function version.compare(a, b)
  local left, right = numbers(a), numbers(b)
  if not left or not right then
    return nil
  end
  for i = 1, math.max(#left, #right) do
    local x, y = left[i] or 0, right[i] or 0
    if x ~= y then
      return x < y and -1 or 1
    end
  end
  return 0
end


--- Whether a version is another one or a later one.
-- @param a a text such as "1.41"
-- @param least another
-- @return true or false; nil when either is no version
function version.at_least(a, least)
  local order = version.compare(a, least)
  return order and order >= 0
end


return version

-- engine.user: when the engine would run a process as uid 0.
--
-- The engine splits `name[:group]`, looks the name up in the image's passwd file and
-- otherwise reads it as a number with Go's Atoi, which takes a sign and any number of
-- zeros; an empty name is the image's or uid 0. So a user is not root only when it is a
-- plain name other than root, or a plain decimal number from 1 to 2^31-1. A name that the
-- image maps to uid 0 cannot be seen from here.
local user = {}

local MAX_DIGITS = 10
local MAX = 2147483647


-- The name is a number: true when it is plain and no uid but 0 fits it.
local function number_is_root(name)
  local first = 1
  while string.byte(name, first) == 48 do
    first = first + 1
  end
  local digits = string.sub(name, first)
  return digits == "" or #digits > MAX_DIGITS or tonumber(digits) > MAX
end


--- True when `value` (nil when absent) is, or may be taken for, root.
function user.is_root(value)
  local name = text.trim(text.cut(value or "", ":"))
  if name == "" or text.same(name, "root") then
    return true
  end
  if text.digits(name) then
    return number_is_root(name)
  end
  local sign = string.sub(name, 1, 1)
  return (sign == "+" or sign == "-") and text.digits(string.sub(name, 2))
end


return user

-- config.scalar: what one word of YAML, or of a variable, is as a setting.
--
-- First the word gets the kind that the YAML dialect of the reference gives it (core
-- words only: yes, no, on and off are strings; a leading 0 is octal), then it is turned
-- into the kind that the setting has, where that is possible without guessing.
local scalar = {}

local NULLS = { [""] = true, ["~"] = true, null = true, Null = true, NULL = true }

local BOOLS = {
  ["true"] = true, True = true, TRUE = true,
  ["false"] = false, False = false, FALSE = false,
}

-- The spellings that a string may have where a switch is wanted.
local SWITCHES = {
  ["1"] = true, t = true, T = true, ["true"] = true, TRUE = true, True = true,
  ["0"] = false, f = false, F = false, ["false"] = false, FALSE = false, False = false,
  [""] = false,
}

local INFINITE = {
  [".inf"] = true, [".Inf"] = true, [".INF"] = true,
  [".nan"] = true, [".NaN"] = true, [".NAN"] = true,
}

local BASES = { x = 16, X = 16, o = 8, O = 8, b = 2, B = 2 }


local function digits_value(digits, base)
  local value = 0
  for i = 1, #digits do
    local digit = tonumber(digits:sub(i, i), 16)
    if not digit or digit >= base or value > (math.maxinteger - digit) // base then
      return nil
    end
    value = value * base + digit
  end
  return #digits > 0 and value or nil
end


-- A whole number of 64 bits: sign, then decimal, 0x, 0o, 0b, or 0 and octal digits.
local function whole(word)
  local sign, rest = word:match("^([-+]?)(.*)$")
  rest = rest:gsub("_", "")
  local base, digits = 10, rest
  local prefix = rest:match("^0(%a)")
  if prefix then
    base, digits = BASES[prefix], rest:sub(3)
  elseif rest:match("^0.") then
    base, digits = 8, rest:sub(2)
  end
  if not base or not digits:match("^%x+$") then
    return nil
  end
  local value = digits_value(digits, base)
  return value and (sign == "-" and -value or value)
end


local function fraction(word)
  local mantissa = word:match("^[-+]?([%d.]+)$") or word:match("^[-+]?([%d.]+)[eE][-+]?%d+$")
  if mantissa and mantissa:match("^%d*%.?%d*$") and mantissa:match("%d") then
    return tonumber((word:gsub("^%+", ""))) + 0.0
  end
end


local function resolve_plain(word)
  if NULLS[word] then
    return "null"
  elseif BOOLS[word] ~= nil then
    return "bool", BOOLS[word]
  elseif INFINITE[word:gsub("^[-+]", "")] then
    return "string", word
  elseif not word:match("^[-+.%d]") then
    return "string", word
  end
  local value = whole(word)
  if value then
    return "int", value
  end
  value = fraction(word)
  if value then
    return "float", value
  end
  return "string", word
end


--- The kind ("null", "bool", "int", "float" or "string") and value of a scalar node of
-- config.yaml.
function scalar.resolve(node)
  if node.tag == "str" or (not node.plain and not node.tag) then
    return "string", node.value
  end
  return resolve_plain(node.value)
end


--- As a switch. Returns nil for what is none.
function scalar.to_bool(kind, value)
  if kind == "bool" then
    return value
  elseif kind == "string" then
    return SWITCHES[value]
  end
  return value ~= 0
end


--- As a whole number. Returns nil for what is none.
function scalar.to_int(kind, value)
  if kind == "int" then
    return value
  elseif kind == "bool" then
    return value and 1 or 0
  elseif kind == "float" then
    return math.tointeger(value)
  end
  return whole(value)
end


--- As text; never nil.
function scalar.to_string(kind, value)
  if kind == "bool" then
    return value and "1" or "0"
  elseif kind == "float" then
    local whole_value = math.tointeger(value)
    return whole_value and tostring(whole_value) or string.format("%.14g", value)
  end
  return tostring(value)
end


return scalar

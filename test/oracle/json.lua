-- oracle.json: bodies as JSON text in every spelling that an engine takes for the same.
--
-- Lua tables in, text out. A list is one made by json.list or read by json.decode, so that an
-- empty one stays one; numbers that Lua would not keep are json.raw.
local cjson = require "cjson"
local random = require "oracle.random"

local json = {}

local RAW, LIST = {}, {}


--- A number or anything else, as it is to be written.
function json.raw(text)
  return setmetatable({ text = text }, RAW)
end


function json.list(...)
  return setmetatable({ ... }, LIST)
end


-- decoders by first byte; each takes the text and where to start, and returns the value and
-- where it ends.
local decode_at


local function decode_object(text, at)
  local object = {}
  at = text:match("^%s*()", at + 1)
  while text:byte(at) ~= 125 do -- }
    local name, value
    name, at = decode_at(text, at)
    at = text:match("^%s*:()", at)
    value, at = decode_at(text, at)
    object[name] = value
    at = text:match("^%s*,?%s*()", at)
  end
  return object, at + 1
end


local function decode_list(text, at)
  local items = json.list()
  at = text:match("^%s*()", at + 1)
  while text:byte(at) ~= 93 do -- ]
    items[#items + 1], at = decode_at(text, at)
    at = text:match("^%s*,?%s*()", at)
  end
  return items, at + 1
end


function decode_at(text, at)
  at = text:match("^%s*()", at)
  local first = text:sub(at, at)
  if first == "{" then
    return decode_object(text, at)
  elseif first == "[" then
    return decode_list(text, at)
  elseif first == '"' then
    local stop = at
    repeat
      stop = text:find('["\\]', stop + 1)
      local escaped = text:sub(stop, stop) == "\\"
      stop = escaped and stop + 1 or stop
    until not escaped
    return cjson.decode("[" .. text:sub(at, stop) .. "]")[1], stop + 1
  end
  local word, stop = text:match("^([%w%.+-]+)()", at)
  return cjson.decode("[" .. word .. "]")[1], stop
end


--- Reads text that is known to be JSON.
function json.decode(text)
  return (decode_at(text, 1))
end


local function each_letter(name, change)
  return (name:gsub("%a", function(letter)
    return random.one_in(2) and change(letter) or letter
  end))
end


-- Ways to write a member's name that select the same field.
local SPELLINGS = {
  string.lower,
  string.upper,
  function(name)
    return each_letter(name, string.upper)
  end,
  function(name)
    return each_letter(name, string.lower)
  end,
  function(name)
    return (name:gsub("[sS]", "\u{17f}"))
  end,
  function(name)
    return (name:gsub("[kK]", "\u{212a}"))
  end,
}


-- As \uXXXX, some of its letters.
local function escaped(text)
  return (text:gsub("%w", function(letter)
    return random.one_in(3) and ("\\u%04x"):format(letter:byte()) or letter
  end))
end


local function sorted_names(object)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local encode


local function encode_name(name, odd)
  local text = name
  if odd and name:match "^%a+$" and random.one_in(3) then
    text = random.pick(SPELLINGS)(name)
  end
  local quoted = cjson.encode(text)
  if odd and random.one_in(6) then
    quoted = '"' .. escaped(quoted:sub(2, -2):gsub("\\.", "")) .. '"'
  end
  return quoted
end


local function encode_object(object, odd)
  local members = {}
  for i, name in ipairs(sorted_names(object)) do
    members[i] = encode_name(name, odd) .. ":" .. encode(object[name], odd)
  end
  return "{" .. table.concat(members, odd and random.pick { ",", " ,\n", ", " } or ",") .. "}"
end


local function encode_list(list, odd)
  local items = {}
  for i, item in ipairs(list) do
    items[i] = encode(item, odd)
  end
  return "[" .. table.concat(items, ",") .. "]"
end


function encode(value, odd)
  if type(value) ~= "table" then
    if math.type(value) == "float" and math.tointeger(value) then
      return tostring(math.tointeger(value))
    end
    return cjson.encode(value)
  end
  local meta = getmetatable(value)
  if meta == RAW then
    return value.text
  elseif meta == LIST then
    return encode_list(value, odd)
  end
  return encode_object(value, odd)
end


--- odd: with names spelt in other ways.
function json.encode(value, odd)
  return encode(value, odd)
end


return json

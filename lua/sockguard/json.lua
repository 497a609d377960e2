-- sockguard.json: JSON text of Lua values, for requests: whole numbers exactly, names in order.
local json = {}

-- Marks a table as a list, for an empty one is an object.
local LIST = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }


local function text_of(value)
  return '"' .. value:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end


local function is_list(value)
  return getmetatable(value) == LIST or #value > 0
end


local function list_of(value)
  local out = {}
  for i, item in ipairs(value) do
    out[i] = json.encode(item)
  end
  return "[" .. table.concat(out, ",") .. "]"
end


local function object_of(value)
  local names, out = {}, {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    out[i] = text_of(name) .. ":" .. json.encode(value[name])
  end
  return "{" .. table.concat(out, ",") .. "}"
end


--- A table that is a JSON list also when it is empty.
function json.list(items)
  return setmetatable(items, LIST)
end


--- JSON text of a value of texts, numbers, booleans and tables of these; null for a userdata.
function json.encode(value)
  if type(value) == "string" then
    return text_of(value)
  elseif type(value) == "table" then
    return is_list(value) and list_of(value) or object_of(value)
  end
  return type(value) == "userdata" and "null" or tostring(math.tointeger(value) or value)
end


return json

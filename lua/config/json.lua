-- config.json: a setting's value as JSON text, for people and for tools.
local ESCAPES = {
  ["\""] = "\\\"", ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local encode


local function escape(character)
  return ESCAPES[character] or string.format("\\u%04x", character:byte())
end


local function encode_string(value)
  return "\"" .. value:gsub("[%c\"\\\127]", escape) .. "\""
end


local function encode_list(value)
  local out = {}
  for i, item in ipairs(value) do
    out[i] = encode(item)
  end
  return "[" .. table.concat(out, ",") .. "]"
end


local function encode_map(value)
  local names, out = {}, {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    out[i] = encode_string(name) .. ":" .. encode(value[name])
  end
  return "{" .. table.concat(out, ",") .. "}"
end


--- JSON text of nil (null), booleans, numbers, strings (UTF-8), lists and string-keyed
-- tables; an empty table is a list.
function encode(value)
  if value == nil then
    return "null"
  elseif type(value) == "string" then
    return encode_string(value)
  elseif type(value) ~= "table" then
    return tostring(value)
  elseif next(value) == nil or value[1] ~= nil then
    return encode_list(value)
  end
  return encode_map(value)
end


return encode

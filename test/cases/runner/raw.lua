-- runner.raw: JSON text handled as text, so that what a case says reaches the program byte
-- for byte: lists stay lists, numbers keep their digits, members their order.
local raw = {}


local function skip_blank(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end


-- at: the opening quote; returns the place behind the closing one.
local function skip_string(text, at)
  local i = at + 1
  while true do
    i = assert(text:find('["\\]', i), "a string does not end")
    if text:sub(i, i) == '"' then
      return i + 1
    end
    i = i + 2
  end
end


local function skip_nested(text, at)
  local depth, i = 0, at
  repeat
    i = assert(text:find('["%[%]{}]', i), "a list or an object does not end")
    local c = text:sub(i, i)
    if c == '"' then
      i = skip_string(text, i)
    else
      depth = depth + ((c == "[" or c == "{") and 1 or -1)
      i = i + 1
    end
  until depth == 0
  return i
end


local function skip_value(text, at)
  local c = text:sub(at, at)
  if c == '"' then
    return skip_string(text, at)
  elseif c == "{" or c == "[" then
    return skip_nested(text, at)
  end
  return text:find("[,%]} \t\r\n]", at) or #text + 1
end


--- The members of an object's text: name -> the text of its value. Names are taken as they
-- are written.
function raw.members(text)
  local out = {}
  local at = skip_blank(text, 1)
  assert(text:sub(at, at) == "{", "not an object")
  at = skip_blank(text, at + 1)
  while text:sub(at, at) == '"' do
    local name_end = skip_string(text, at)
    local name = text:sub(at + 1, name_end - 2)
    at = skip_blank(text, name_end)
    assert(text:sub(at, at) == ":", "a member has no value")
    at = skip_blank(text, at + 1)
    local value_end = skip_value(text, at)
    out[name] = text:sub(at, value_end - 1)
    at = skip_blank(text, value_end)
    if text:sub(at, at) == "," then
      at = skip_blank(text, at + 1)
    end
  end
  return out
end


--- An object's text with more members (texts of `"name": value`) at its end.
function raw.extend(object, members)
  local inner = object:match("^%s*{(.*)}%s*$")
  local parts = inner:match("%S") and { inner } or {}
  for _, member in ipairs(members) do
    parts[#parts + 1] = member
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end


local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }


--- Any bytes as a JSON string. What is not UTF-8 stays as it is.
function raw.quote(text)
  local escaped = text:gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end)
  return '"' .. escaped .. '"'
end


local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Two letters for twelve bits: bodies of a megabyte are encoded here.
local PAIRS = {}
for i = 0, 4095 do
  local high, low = (i >> 6) + 1, (i & 63) + 1
  PAIRS[i] = ALPHABET:sub(high, high) .. ALPHABET:sub(low, low)
end


--- Padded base64.
function raw.base64(bytes)
  local out = {}
  for at = 1, #bytes - 2, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    out[#out + 1] = PAIRS[a << 4 | b >> 4]
    out[#out + 1] = PAIRS[(b & 15) << 8 | c]
  end
  local rest = #bytes % 3
  if rest > 0 then
    local a, b = bytes:byte(#bytes - rest + 1, -1)
    out[#out + 1] = PAIRS[a << 4 | (b or 0) >> 4]
    out[#out + 1] = b and PAIRS[(b & 15) << 8]:sub(1, 1) .. "=" or "=="
  end
  return table.concat(out)
end


--- The path of a request target, every byte that could mean something else escaped.
function raw.percent(path)
  return (path:gsub("[^%w%-._~/]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end


return raw

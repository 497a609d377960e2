-- config.typed: a YAML node, or the text of a variable, as a value of a setting's type.
--
-- Types are those of core.shape and a few of our own: "record" (a mapping with `fields`),
-- "duration" and "size" (text, with its unit), "version" (the word as written: 1.40 is not
-- 1.4), "any" (of a setting that is not built: kept, not looked into) and "values" (a mapping to
-- any values).
--
-- What cannot be read is told to a sink and has no value:
--   sink:fault { key, line, what, expect }    sink:unknown(path, name, line, known)
--   sink:mark(path, line)                     where a value inside of a list is
local scalar = require "config.scalar"

local typed = {}

local EXPECT = {
  bool = "true or false",
  int = "a whole number",
  string = "text",
  duration = "a length of time such as 30s",
  size = "a number of bytes such as 64MiB",
  version = "a version such as \"1.24\"",
  list = "a list of strings",
  lists = "a list of lists of strings",
  record = "a mapping",
  records = "a list of mappings",
}

local KINDS = { map = "is a mapping", list = "is a list" }


local function mismatch(shape, node, path, sink)
  sink:fault {
    key = path, line = node.line, expect = shape.expect or EXPECT[shape.type],
    what = KINDS[node.kind] or "is " .. text.quote(node.value),
  }
end


local function is_null(node)
  return node.kind == "scalar" and scalar.resolve(node) == "null"
end


-- C takes text as NUL-terminated, and what is printed is UTF-8.
local function clean(value, node, path, sink)
  if value:find("\0", 1, true) then
    sink:fault { key = path, line = node.line, what = "holds a NUL byte", expect = "text" }
    return nil
  elseif not utf8.len(value) then
    sink:fault { key = path, line = node.line, what = "is not UTF-8", expect = "text" }
    return nil
  end
  return value
end


local function read_text(node, path, sink)
  return clean(scalar.to_string(scalar.resolve(node)), node, path, sink)
end


local SCALARS = {
  bool = function(node)
    return scalar.to_bool(scalar.resolve(node))
  end,
  int = function(node)
    return scalar.to_int(scalar.resolve(node))
  end,
  version = function(node)
    return node.value
  end,
  string = read_text,
  duration = read_text,
  size = read_text,
}


local function read_scalar(shape, node, path, sink)
  if node.kind ~= "scalar" then
    return mismatch(shape, node, path, sink)
  end
  local before = sink.count
  local value = SCALARS[shape.type](node, path, sink)
  if value == nil and sink.count == before then
    mismatch(shape, node, path, sink)
  end
  return value
end


-- A word where a list is wanted: text is cut at its commas, anything else is one entry.
local function word_as_list(node, path, sink)
  local kind, value = scalar.resolve(node)
  if kind ~= "string" then
    return { scalar.to_string(kind, value) }
  elseif value == "" then
    return {}
  end
  value = clean(value, node, path, sink)
  return value and text.split(value, ",")
end


local function read_list(shape, node, path, sink)
  if node.kind == "scalar" then
    return word_as_list(node, path, sink)
  elseif node.kind ~= "list" then
    return mismatch(shape, node, path, sink)
  end
  local list = {}
  for i, item in ipairs(node.items) do
    local item_path = path .. "[" .. i - 1 .. "]"
    if item.kind ~= "scalar" or is_null(item) then
      mismatch({ type = "string" }, item, item_path, sink)
    else
      list[#list + 1] = read_text(item, item_path, sink)
    end
  end
  return list
end


local function read_lists(shape, node, path, sink)
  local items = node.kind == "list" and node.items or nil
  if not items then
    return mismatch(shape, node, path, sink)
  end
  local lists = {}
  for i, item in ipairs(items) do
    local item_path = path .. "[" .. i - 1 .. "]"
    lists[#lists + 1] = read_list({ type = "list" }, item, item_path, sink)
  end
  return lists
end


local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for k, v in pairs(value) do
    out[k] = copy(v)
  end
  return out
end


local function field_names(fields)
  local names = {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


local function read_record(shape, node, path, sink)
  if node.kind ~= "map" then
    return mismatch({ type = "record" }, node, path, sink)
  end
  local record, names = {}, field_names(shape.fields)
  for _, entry in ipairs(node.entries) do
    local field = shape.fields[entry.name]
    local field_path = path .. "." .. entry.name
    if field then
      sink:mark(field_path, entry.line)
      record[entry.name] = typed.read(field, entry.node, field_path, sink)
    else
      sink:unknown(path, entry.name, entry.line, names)
    end
  end
  for _, name in ipairs(names) do
    if record[name] == nil then
      record[name] = copy(shape.fields[name].default)
    end
  end
  return record
end


local function read_records(shape, node, path, sink)
  local items = node.kind == "list" and node.items or { node }
  if node.kind == "scalar" then
    return mismatch(shape, node, path, sink)
  end
  local records = {}
  for i, item in ipairs(items) do
    local item_path = path .. "[" .. i - 1 .. "]"
    sink:mark(item_path, item.line)
    records[#records + 1] = read_record(shape, item, item_path, sink)
  end
  return records
end


local function read_any(_, node)
  if node.kind == "scalar" then
    local _, value = scalar.resolve(node)
    return value
  end
  local out = {}
  for i, item in ipairs(node.items or {}) do
    out[i] = read_any(nil, item)
  end
  for _, entry in ipairs(node.entries or {}) do
    out[entry.name] = read_any(nil, entry.node)
  end
  return out
end


-- Any values, by name: whoever knows their kind comes later.
local function read_values(_, node, path, sink)
  if node.kind ~= "map" then
    return mismatch({ type = "record" }, node, path, sink)
  end
  local out = {}
  for _, entry in ipairs(node.entries) do
    sink:mark(path .. "." .. entry.name, entry.line)
    out[entry.name] = read_any(nil, entry.node)
  end
  return out
end


local READERS = {
  values = read_values,
  list = read_list, lists = read_lists, record = read_record, records = read_records,
  any = read_any,
}


--- The value of `node` for a setting of that shape; nil when it is null (the setting is
-- then not set) or cannot be read (the sink knows why).
function typed.read(shape, node, path, sink)
  if is_null(node) then
    return nil
  end
  return (READERS[shape.type] or read_scalar)(shape, node, path, sink)
end


--- The same for the text of a variable or flag. Lists are cut at commas; lists of
-- anything but strings have no such form (typed.has_text).
function typed.read_text(shape, value, path, sink)
  return typed.read(shape, { kind = "scalar", value = value }, path, sink)
end


--- Whether a setting of that shape can be set by a variable.
function typed.has_text(shape)
  return SCALARS[shape.type] ~= nil or shape.type == "list"
end


typed.copy = copy

return typed

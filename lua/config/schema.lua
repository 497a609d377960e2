-- config.schema: all settings there are, by key, by variable and as the tree YAML has.
local body_keys = require "config.body_keys"
local keys = require "config.keys"
local registry = require "core.registry"
local typed = require "config.typed"

local schema = {
  list = {},    -- every entry (config.keys says what it is), in the order of the keys
  by_key = {},
  by_env = {},  -- variable -> entry, where a variable can set it
  tree = { children = {} },  -- name -> { children } or { entry }
}


local function valid_by(shape)
  return function(value)
    return shape.valid(value)
  end
end


local function insert_into_tree(entry)
  local at, rest = schema.tree, entry.key
  repeat
    local name
    name, rest = text.cut(rest, ".")
    at.children[name] = at.children[name] or { children = rest and {} or nil }
    at = at.children[name]
  until not rest
  at.entry = entry
end


local function add(entry)
  schema.by_key[entry.key] = entry
  schema.list[#schema.list + 1] = entry
  insert_into_tree(entry)
  if typed.has_text(entry) then
    schema.by_env[schema.env_of(entry.key)] = entry
  end
end


--- The variable that sets a key.
function schema.env_of(key)
  return "SOCKGUARD_" .. (text.upper(key):gsub("%.", "_"))
end


--- The names under a node of the tree, sorted.
function schema.names(node)
  local names = {}
  for name in pairs(node.children) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


for _, knob in ipairs(registry.knobs) do
  local shape = knob.shape
  add {
    key = knob.key, type = shape.type, default = shape.default, expect = shape.expect,
    fields = shape.fields, valid = valid_by(shape), built = true,
  }
end
for _, entries in ipairs { keys, body_keys } do
  for _, entry in ipairs(entries) do
    if not schema.by_key[entry.key] then
      add(entry)
    end
  end
end
table.sort(schema.list, function(a, b)
  return a.key < b.key
end)

return schema

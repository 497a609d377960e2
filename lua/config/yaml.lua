-- config.yaml: one YAML document as a tree in which every node knows its line.
--
-- Built from the events of lua-yaml (libyaml), because only they keep line, column and
-- quoting. A node is one of
--   { kind = "scalar", value = text, plain = boolean, tag = text?, line = number }
--   { kind = "list", items = { node, ... }, line = number }
--   { kind = "map", entries = { { key, name, line, node }, ... }, line = number }
-- where `name` is the key in lower case: keys are the same in any case. Nodes under an
-- alias are shared, not copied; what they would be worth as copies is counted.
local parser = require("yaml").parser

local yaml = {
  NODES_MAX = 100000,
  DEPTH_MAX = 64,
}

local CORE_TAGS = {
  ["!"] = "str",
  ["tag:yaml.org,2002:str"] = "str",
  ["tag:yaml.org,2002:int"] = "int",
  ["tag:yaml.org,2002:float"] = "float",
  ["tag:yaml.org,2002:bool"] = "bool",
  ["tag:yaml.org,2002:null"] = "null",
  ["tag:yaml.org,2002:seq"] = "seq",
  ["tag:yaml.org,2002:map"] = "map",
}


local function refuse(line, what)
  error({ line = line, what = what }, 0)
end


local function line_of(event)
  return event.start_mark.line + 1
end


local function line_at(source, position)
  local _, breaks = source:sub(1, position - 1):gsub("\n", "")
  return breaks + 1
end


-- libyaml names the place in its text, and not always; bytes that are no UTF-8 have none.
local function parse_fault(source, message)
  message = tostring(message)
  local valid, position = utf8.len(source)
  if not valid and message:find("UTF-8", 1, true) then
    refuse(line_at(source, position), "is not UTF-8")
  end
  local line = message:match("line: (%d+)")
  local problem = message:match("^(.-) at document:") or message:match("^[^\n]*")
  refuse(tonumber(line) or 1, "is not YAML: " .. problem)
end


local ZEROS = { ["0"] = 0, x = 2, u = 4, U = 8 }


-- The lines with an escaped NUL. lua-yaml hands over text only up to one, so this has to
-- be seen beforehand.
local function nul_lines(source)
  local lines, number = {}, 0
  for line in source:gmatch("([^\n]*)\n?") do
    number = number + 1
    for letter, digits in line:gmatch("\\(.)(%x?%x?%x?%x?%x?%x?%x?%x?)") do
      local zeros = ZEROS[letter]
      if zeros and #digits >= zeros and digits:sub(1, zeros) == ("0"):rep(zeros) then
        lines[number] = true
      end
    end
  end
  return lines
end


local function refuse_nul(state, event)
  for line = line_of(event), event.end_mark.line + 1 do
    if state.nul_lines[line] then
      refuse(line, "holds a NUL byte")
    end
  end
end


local function next_event(state)
  local ok, event = pcall(state.events)
  if not ok then
    parse_fault(state.source, event)
  elseif event.style == "DOUBLE_QUOTED" and state.has_nul then
    refuse_nul(state, event)
  end
  return event
end


local function count(state, line, nodes)
  state.nodes = state.nodes + nodes
  if state.nodes > yaml.NODES_MAX then
    refuse(line, "holds more than " .. yaml.NODES_MAX .. " values, aliases written out")
  end
end


local function check_depth(line, depth)
  if depth > yaml.DEPTH_MAX then
    refuse(line, "is nested deeper than " .. yaml.DEPTH_MAX .. " levels")
  end
end


local function core_tag(event)
  if event.tag == nil then
    return nil
  end
  local tag = CORE_TAGS[event.tag]
  if not tag then
    refuse(line_of(event), "has the tag " .. event.tag .. "; expected plain values")
  end
  return tag
end


local function new_node(state, event, kind)
  local line = line_of(event)
  local node = {
    kind = kind, line = line, tag = core_tag(event), size = 1, height = 1, open = true,
  }
  count(state, line, 1)
  if event.anchor then
    state.anchors[event.anchor] = node
  end
  return node
end


local function contain(node, child)
  node.size = node.size + child.size
  if child.height + 1 > node.height then
    node.height = child.height + 1
  end
end


local function alias(state, event, depth)
  local line = line_of(event)
  local target = state.anchors[event.anchor]
  if not target then
    refuse(line, "uses the alias *" .. event.anchor .. ", which nothing before it defines")
  elseif target.open then
    refuse(line, "uses the alias *" .. event.anchor .. " inside of what it names")
  end
  count(state, line, target.size)
  check_depth(line, depth + target.height - 1)
  return target
end


local read_node


local function read_list(state, event, depth)
  local node = new_node(state, event, "list")
  node.items = {}
  local item = next_event(state)
  while item.type ~= "SEQUENCE_END" do
    local child = read_node(state, item, depth + 1)
    node.items[#node.items + 1] = child
    contain(node, child)
    item = next_event(state)
  end
  return node
end


local function add_entry(node, index, entry)
  local earlier = index[entry.name]
  if earlier then
    refuse(entry.line, "has the key " .. entry.key .. " again; it is already in line "
           .. earlier.line)
  end
  index[entry.name] = entry
  node.entries[#node.entries + 1] = entry
end


-- What `<<` brings in: keys that the mapping does not write itself, earlier ones first.
local function merge(state, node, index, value, line)
  local maps = value.kind == "list" and value.items or { value }
  for _, map in ipairs(maps) do
    if map.kind ~= "map" then
      refuse(line, "merges (<<) something else than mappings")
    end
    for _, entry in ipairs(map.entries) do
      if not index[entry.name] then
        count(state, line, 1)
        index[entry.name] = entry
        node.entries[#node.entries + 1] = entry
      end
    end
  end
end


local function read_map(state, event, depth)
  local node = new_node(state, event, "map")
  node.entries = {}
  local index, merges = {}, {}
  local key = next_event(state)
  while key.type ~= "MAPPING_END" do
    local line = line_of(key)
    if key.type ~= "SCALAR" then
      refuse(line, "has a key that is no plain word")
    end
    count(state, line, 1)
    local child = read_node(state, next_event(state), depth + 1)
    contain(node, child)
    if key.value == "<<" and key.style == "PLAIN" then
      merges[#merges + 1] = { child, line }
    else
      add_entry(node, index, {
        key = key.value, name = text.lower(key.value), line = line, node = child,
      })
    end
    key = next_event(state)
  end
  for _, pair in ipairs(merges) do
    merge(state, node, index, pair[1], pair[2])
  end
  return node
end


local function read_scalar(state, event)
  local node = new_node(state, event, "scalar")
  node.value = event.value
  node.plain = event.style == "PLAIN"
  return node
end


function read_node(state, event, depth)
  check_depth(line_of(event), depth)
  if event.type == "ALIAS" then
    return alias(state, event, depth)
  end
  local node
  if event.type == "SCALAR" then
    node = read_scalar(state, event)
  elseif event.type == "SEQUENCE_START" then
    node = read_list(state, event, depth)
  else
    node = read_map(state, event, depth)
  end
  node.open = nil
  return node
end


--- Reads the first document of `source`.
-- @return its root node, or nil when there is none; and the line of a second document
-- Raises { line, what } for what is not YAML, for a key that is there twice, and for
-- more than NODES_MAX values or DEPTH_MAX levels, counted with the aliases written out.
function yaml.read(source)
  local state = {
    source = source, events = parser(source), anchors = {}, nodes = 0,
    nul_lines = nul_lines(source),
  }
  state.has_nul = next(state.nul_lines) ~= nil
  local event = next_event(state)
  while event.type ~= "DOCUMENT_START" do
    if event.type == "STREAM_END" then
      return nil
    end
    event = next_event(state)
  end
  local root = read_node(state, next_event(state), 1)
  next_event(state)
  local ok, more = pcall(state.events)
  if ok and more and more.type == "DOCUMENT_START" then
    return root, line_of(more)
  end
  return root
end


return yaml

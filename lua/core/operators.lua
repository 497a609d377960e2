-- core.operators: operators' rules and waivers, from accepted records (core.rule) to the parts
-- of the plan that core.compile adds them to.
local registry = require "core.registry"

local operators = {}

-- surface -> true where its body is read, "unread" for the others that the engine's routes have
-- (src/http/route.h).
local SURFACES = {}
for _, surface in ipairs(text.fields [[
  container_archive image_load build volume network secret config service swarm node plugin
  buildkit libpod ]]) do
  SURFACES[surface] = "unread"
end
for _, surface in ipairs(registry.surfaces) do
  SURFACES[surface] = true
end


local function fail(record, why)
  error(record.place .. ": " .. why, 0)
end


local TYPES = {
  bool = function(value)
    return type(value) == "boolean"
  end,
  int = function(value)
    return math.type(value) == "integer"
  end,
  string = function(value)
    return type(value) == "string"
  end,
}


local function is_list_of(value, is_item)
  if type(value) ~= "table" then
    return false
  end
  for i, item in next, value do
    if math.type(i) ~= "integer" or not is_item(item) then
      return false
    end
  end
  return true
end


function TYPES.list(value)
  return is_list_of(value, TYPES.string)
end


function TYPES.lists(value)
  return is_list_of(value, TYPES.list)
end


function TYPES.records(value)
  return is_list_of(value, function(item)
    return type(item) == "table"
  end)
end


local function one_value(record, key, shape, given, place)
  local value = given
  if value == nil then
    value = shape.default
  end
  if value == nil then
    return nil
  end
  local is_type = TYPES[shape.type]
  if type(shape.compile) ~= "function" then
    fail(record, "`value`: is no shape of core.shape: it has no `compile`")
  end
  if not is_type then
    fail(record, "`value`: no shape is of type " .. tostring(shape.type))
  end
  local ok, why = is_type(value), "is of another kind"
  if ok then
    ok, why = shape.valid(value)
  end
  if not ok then
    error((place and place .. ": " or record.place .. ": ") .. key .. ": " .. tostring(why)
          .. "; expected " .. tostring(shape.expect), 0)
  end
  return shape.compile(value)
end


-- The value that the rule's function gets, from what lua.values holds for it.
local function value_of(record, settings)
  local key = "lua.values." .. record.id
  local given, place = settings.lua.values[record.id], settings.lua.places[record.id]
  if record.value == nil then
    if given ~= nil then
      error((place or record.place) .. ": " .. key .. ": the rule takes no value", 0)
    end
    return false
  end
  if type(record.value.type) == "string" then
    local value = one_value(record, key, record.value, given, place)
    return value == nil and false or value
  end
  if given ~= nil and type(given) ~= "table" then
    error((place or record.place) .. ": " .. key .. ": is no mapping", 0)
  end
  local out = {}
  for name, shape in next, record.value do
    out[name] = one_value(record, key .. "." .. name, shape, (given or {})[name], place)
  end
  for name in next, given or {} do
    if record.value[name] == nil then
      error((place or record.place) .. ": " .. key .. ": the rule has no value named "
            .. text.quote(tostring(name)), 0)
    end
  end
  return out
end


-- Puts a leaf at a dotted path of a tree.
local function plant(record, tree, path, leaf)
  local name, rest = text.cut(path, ".")
  while rest do
    if tree[name] ~= nil and type(tree[name]) ~= "table" then
      fail(record, "`reads`: " .. path .. " is inside of something that it names too")
    end
    tree[name] = tree[name] or {}
    tree = tree[name]
    name, rest = text.cut(rest, ".")
  end
  if type(tree[name]) == "table" then
    fail(record, "`reads`: " .. path .. " holds something that it names too")
  end
  tree[name] = leaf
end


-- The members at a path that leads through records only; nil, and why not.
local function find_member(document, path)
  local members, found = document.members, nil
  local rest = path
  while rest do
    local name
    name, rest = text.cut(rest, ".")
    found = nil
    for _, member in ipairs(members or {}) do
      if member.name == name then
        found = member
      end
    end
    if not found then
      return nil, "is no member of the " .. document.name
    elseif found.kind == "harmless" then
      return nil, "is a member that is not read"
    elseif rest and found.kind ~= "record" then
      return nil, "leads into a list or a map; name that"
    end
    members = found.members
  end
  return found
end


-- How a body member is reached: the slot that it has, or the one that holds it.
local function body_leaf(slots, path)
  for number, other in ipairs(slots.paths) do
    if other == path then
      return number, number
    elseif text.starts(path, other .. ".") then
      return number .. "." .. string.sub(path, #other + 2), number
    elseif other == "body" then
      return number .. "." .. path, number
    end
  end
  for _, other in ipairs(slots.paths) do
    if text.starts(other, path .. ".") then
      local whole = slots.take "body*"
      return whole .. "." .. path, whole
    end
  end
  local number = slots.take(path)
  return number, number
end


-- What a record sees, and which slots that takes. context: slots, schema, readings (by name).
local function view_of(record, context)
  local view, reads = { body = {}, readings = {}, facts = {} }, {}
  if record.reads == "all" then
    if not context.schema.document then
      fail(record, "`reads`: " .. record.surface .. " has no body that is read")
    end
    view.body = context.slots.number.body or context.slots.take "body*"
    return view, { view.body }
  end
  for i, path in ipairs(record.reads) do
    local first, rest = text.cut(path, ".")
    if context.readings[path] then
      reads[i] = context.slots.take(path)
      plant(record, view.readings, path, reads[i])
    elseif context.facts[first] and (rest or context.facts[first].names) then
      reads[i] = context.slots.take(path)
      plant(record, view.facts, path, reads[i])
    else
      local ok, why = nil, "no body is read"
      if context.schema.document then
        ok, why = find_member(context.schema.document, path)
      end
      if not ok then
        fail(record, "`reads`: " .. path .. " " .. why)
      end
      local leaf
      leaf, reads[i] = body_leaf(context.slots, path)
      plant(record, view.body, path, leaf)
    end
  end
  return view, reads
end


-- The record's examples as JSON, for `sockguard test`; "" without any.
local function examples_of(record)
  if not record.allows and not record.denies then
    return ""
  end
  local ok, json = pcall(text.json_encode, {
    surface = record.surface, allows = record.allows, denies = record.denies,
  })
  if not ok then
    fail(record, "`allows` and `denies` must be lists of plain tables: " .. tostring(json))
  end
  return json
end


local function info_of(record)
  local knobs = {}
  if record.value ~= nil then
    knobs[1] = "lua.values." .. record.id
  end
  return {
    id = record.id, code = record.id, title = record.title, knobs = knobs, knob = knobs[1] or "",
    fix = record.fix, refusal = "operator_rule_denied", examples = examples_of(record),
    controls = record.cis and { { cis = record.cis, bench = "" } } or {},
  }
end


-- surface_by_id: those of operators' rules; a check's id begins with its own.
local function covers_of(waiver, infos, surface_by_id)
  local out, surfaces = {}, {}
  for _, name in ipairs(waiver.waives) do
    local any = false
    for i, info in ipairs(infos) do
      local match = info.id == name
      for _, knob in ipairs(info.knobs) do
        match = match or knob == name
      end
      if match then
        any = true
        out[#out + 1] = i
        surfaces[surface_by_id[info.id] or text.cut(info.id, ".")] = true
      end
    end
    if not any then
      fail(waiver, "`waives`: " .. text.quote(name) .. " is no check, rule or setting of one")
    end
  end
  return out, surfaces
end


-- The surface whose body a waiver reads: the one that it names, or of all that it waives.
local function surface_of(waiver, surfaces)
  local only = waiver.surface or next(surfaces)
  if not waiver.surface and next(surfaces, only) ~= nil then
    fail(waiver, "`reads` needs `surface`: what it waives is of several")
  end
  if SURFACES[only] ~= true then
    fail(waiver, "`surface`: " .. text.quote(tostring(only)) .. " has no body that is read")
  end
  return only
end


--- records: of core.rule; infos: of the checks, to which those of the rules are added. Returns
-- { by_surface = rules that read a body, requests = the other rules, waivers }, in the order of
-- loading.
function operators.sort(records, settings, infos)
  local out = { by_surface = {}, requests = {}, waivers = {} }
  local ids, surface_by_id = {}, {}
  for _, info in ipairs(infos) do
    ids[info.id] = "a check of this program"
  end
  for _, record in ipairs(records) do
    if ids[record.id] then
      fail(record, "the id is taken by " .. ids[record.id])
    end
    ids[record.id] = record.place
    surface_by_id[record.id] = record.surface
    if not record.is_waiver then
      infos[#infos + 1] = info_of(record)
      record.index, record.knobs = #infos, value_of(record, settings)
      if record.surface and not SURFACES[record.surface] then
        fail(record, "`surface`: there is none named " .. text.quote(record.surface))
      end
      local reads = record.reads == "all" or #record.reads > 0
      if reads and SURFACES[record.surface] ~= true then
        fail(record, "`reads`: this version does not read the body of " .. record.surface)
      end
      local list = out.requests
      if reads then
        list = out.by_surface[record.surface] or {}
        out.by_surface[record.surface] = list
      end
      list[#list + 1] = record
    end
  end
  for id in next, (settings.lua or {}).values or {} do
    if ids[id] == nil or ids[id] == "a check of this program" then
      error((settings.lua.places[id] or "lua.values") .. ": lua.values." .. id
            .. ": there is no rule of that id", 0)
    end
  end
  for _, record in ipairs(records) do
    if record.is_waiver then
      local surfaces
      if record.surface and not SURFACES[record.surface] then
        fail(record, "`surface`: there is none named " .. text.quote(record.surface))
      end
      record.covers, surfaces = covers_of(record, infos, surface_by_id)
      if record.reads == "all" or #record.reads > 0 then
        record.surface = surface_of(record, surfaces)
      end
      out.waivers[#out.waivers + 1] = record
    end
  end
  return out
end


local NOTHING = { body = {}, readings = {}, facts = {} }


function operators.request_plans(sorted)
  local out = {}
  for i, record in ipairs(sorted.requests) do
    out[i] = {
      index = record.index, surface = record.surface or "", path = record.path or "",
      methods = record.methods, check = record.check, knobs = record.knobs, view = NOTHING,
    }
  end
  return out
end


function operators.waiver_plans(sorted)
  local out = {}
  for i, record in ipairs(sorted.waivers) do
    out[i] = {
      id = record.id, reason = record.reason, approved_by = record.approved_by,
      expires = record.expires, ends = record.ends, covers = record.covers, when = record.when,
      surface = record.surface or "",
      view = record.view or NOTHING,
    }
  end
  return out
end


local function follow(value, path)
  while path and type(value) == "table" do
    local name
    name, path = text.cut(path, ".")
    value = value[name]
  end
  return not path and value or nil
end


-- The rule's function, given what it reads itself where a slot holds more than that.
local function exactly(record, context, reads)
  local rests, any = {}, false
  for i, slot in ipairs(reads) do
    local path = context.slots.paths[slot]
    if record.reads ~= "all" and path ~= record.reads[i] then
      any = true
      rests[i] = text.starts(path, "body") and record.reads[i]
                 or string.sub(record.reads[i], #path + 2)
    end
  end
  if not any then
    return record.check
  end
  return function(req, value, ...)
    local values = { ... }
    for i, rest in pairs(rests) do
      values[i] = follow(values[i], rest)
    end
    return record.check(req, value, table.unpack(values, 1, #reads))
  end
end


--- Adds to a surface's checks the rules about it, and to `seen` the slots that rules and waivers
-- see. context: slots, schema, readings and facts by name, asks(names).
function operators.add(surface, sorted, context, checks, seen)
  local noted = {}
  local function see(reads)
    for _, slot in ipairs(reads) do
      if not noted[slot] then
        noted[slot] = true
        seen[#seen + 1] = slot
      end
    end
  end
  for _, record in ipairs(sorted.by_surface[surface] or {}) do
    local view, reads = view_of(record, context)
    see(reads)
    checks[#checks + 1] = {
      index = record.index, always = record.always or false, rule = true, reads = reads,
      asks = context.asks(record.reads), check = exactly(record, context, reads),
      knobs = record.knobs, view = view,
    }
  end
  for _, record in ipairs(sorted.waivers) do
    if record.surface == surface then
      local view, reads = view_of(record, context)
      record.view = view
      see(reads)
    end
  end
end


--- The names that rules and waivers of the surface read, for core.compile's needs.
function operators.names(surface, sorted)
  local out = {}
  for _, list in ipairs { sorted.by_surface[surface] or {}, sorted.waivers } do
    for _, record in ipairs(list) do
      if record.surface == surface and record.reads ~= "all" then
        for _, name in ipairs(record.reads) do
          out[#out + 1] = name
        end
      end
    end
  end
  return out
end


return operators

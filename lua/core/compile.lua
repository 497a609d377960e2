-- core.compile: from the registry and the settings to the flat plan that C runs.
--
-- Per surface: which member goes into which numbered slot, which readings are made from
-- which slots, and which checks run on which slots. Only what an active check needs is
-- there, so a switched-off check costs nothing.
local registry = require "core.registry"

local SURFACES = { "container_create", "exec_create", "exec_start", "image_pull" }


-- The value at a dotted key of the nested settings.
local function setting(settings, key)
  local value = settings
  local rest = key
  while rest do
    local name
    name, rest = text.cut(rest, ".")
    value = value[name]
    if value == nil then
      return nil
    end
  end
  return value
end


local function compiled_knobs(check, settings)
  local knobs = {}
  for name, shape in pairs(check.knobs) do
    local value = setting(settings, registry.key(check, name))
    if value == nil then
      value = shape.default
    end
    if value ~= nil then
      knobs[name] = shape.compile(value)
    end
  end
  return knobs
end


-- Numbers names as they are asked for.
local function new_slots()
  local slots = { paths = {}, number = {} }

  function slots.take(path)
    local n = slots.number[path]
    if not n then
      n = #slots.paths + 1
      slots.paths[n] = path
      slots.number[path] = n
    end
    return n
  end

  return slots
end


local function numbers(slots, names)
  local out = {}
  for i, name in ipairs(names) do
    out[i] = slots.take(name)
  end
  return out
end


local function readings_of(surface)
  local by_name = {}
  for _, reading in ipairs(registry.readings) do
    if reading.surface == surface then
      by_name[reading.name] = reading
    end
  end
  return by_name
end


local function needed_readings(slots, by_name, checks)
  local out, done = {}, {}
  for _, check in ipairs(checks) do
    for _, name in ipairs(check.reads) do
      local reading = by_name[name]
      if reading and not done[name] then
        done[name] = true
        out[#out + 1] = { slot = slots.take(name), from = numbers(slots, reading.from),
                          read = reading.read }
      end
    end
  end
  return out
end


-- Splits the slots by where their values come from. Every list is as long as the slots,
-- with "" where something else fills the slot.
local function sources(slots, readings, facts)
  local body, queries, headers, by_fact, unknown_slot = {}, {}, {}, {}, 0
  local made = {}
  for _, reading in ipairs(readings) do
    made[reading.slot] = true
  end
  for _, fact in ipairs(facts) do
    by_fact[fact.name] = {}
  end
  for slot, path in ipairs(slots.paths) do
    local first, rest = text.cut(path, ".")
    body[slot] = ""
    for _, fact in ipairs(facts) do
      by_fact[fact.name][slot] = fact.name == first and rest or ""
    end
    if path == "unknown" then
      unknown_slot = slot
    elseif first == "query" then
      queries[#queries + 1] = { slot = slot, key = rest }
    elseif first == "header" then
      headers[#headers + 1] = { slot = slot, name = rest }
    elseif not by_fact[first] and not made[slot] then
      body[slot] = path
    end
  end
  return body, queries, headers, by_fact, unknown_slot
end


local function surface_plan(surface, settings, index)
  local schema = require("schema." .. surface)
  local slots, active, checks = new_slots(), {}, {}
  local facts = schema.facts or {}
  for _, check in ipairs(registry.checks) do
    if check.surface == surface then
      local knobs = compiled_knobs(check, settings)
      if not check.active or check.active(knobs) then
        active[#active + 1] = check
        checks[#checks + 1] = {
          index = index[check.id], always = check.always or false,
          reads = numbers(slots, check.reads), check = check.check, knobs = knobs,
        }
      end
    end
  end
  local readings = needed_readings(slots, readings_of(surface), active)
  local body, queries, headers, by_fact, unknown_slot = sources(slots, readings, facts)
  local fact_plans = {}
  for i, fact in ipairs(facts) do
    fact_plans[i] = { name = fact.name, path = fact.path, schema = fact.document,
                      slots = by_fact[fact.name] }
  end
  return {
    subject = schema.subject, prefix = schema.prefix,
    body_max = schema.body_max or 0, document = schema.document,
    unknown_fields = setting(settings, "request_body." .. (schema.group or surface)
                             .. ".unknown_fields") or "warn",
    unknown_slot = unknown_slot,
    slots = body, queries = queries, headers = headers, facts = fact_plans,
    readings = readings, checks = checks,
  }
end


local function first_knob(check)
  local first = check.knob
  for name in pairs(check.knob and {} or check.knobs) do
    if not first or name < first then
      first = name
    end
  end
  return first and registry.key(check, first) or ""
end


--- settings: the nested table of all settings. Returns { checks, surfaces } as
-- src/policy/plan.c reads it.
return function(settings)
  local infos, index, surfaces = {}, {}, {}
  for i, check in ipairs(registry.checks) do
    index[check.id] = i
    infos[i] = {
      id = check.id, code = check.code, knob = first_knob(check), title = check.title,
      fix = check.fix, controls = check.controls,
    }
  end
  for _, surface in ipairs(SURFACES) do
    surfaces[surface] = surface_plan(surface, settings, index)
  end
  return { checks = infos, surfaces = surfaces }
end

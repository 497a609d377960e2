-- core.compile: from the registry and the settings to the flat plan that C runs.
--
-- Per surface: which member goes into which numbered slot, which readings are made from
-- which slots, and which checks run on which slots. Only what an active check needs is
-- there, so a switched-off check costs nothing.
local operators = require "core.operators"
local registry = require "core.registry"

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


-- The readings that the names stand for, each once.
local function needed_readings(by_name, names)
  local out, done = {}, {}
  for _, name in ipairs(names) do
    local reading = by_name[name]
    if reading and not done[name] then
      done[name] = true
      out[#out + 1] = reading
    end
  end
  return out
end


local function append(list, more)
  for _, item in ipairs(more) do
    list[#list + 1] = item
  end
end


-- What a set of checks, and rules that read `names`, need: the readings and the facts, those that
-- only facts need included.
local function needs_of(by_name, schema, checks, names)
  for _, check in ipairs(checks) do
    append(names, check.reads)
  end
  local readings = needed_readings(by_name, names)
  for _, reading in ipairs(readings) do
    append(names, reading.from)
  end
  local read = {}
  for _, name in ipairs(names) do
    read[text.cut(name, ".")] = true
  end
  local facts = {}
  for _, fact in ipairs(schema.facts or {}) do
    if read[fact.name] then
      facts[#facts + 1] = fact
      names[#names + 1] = fact.names
    end
  end
  return { readings = needed_readings(by_name, names), facts = facts }
end


-- True when one of the names is an answer of the engine, or made from one.
local function asks(needs, names)
  for _, name in ipairs(names) do
    local first = text.cut(name, ".")
    for _, fact in ipairs(needs.facts) do
      if fact.name == first then
        return true
      end
    end
    for _, reading in ipairs(needs.readings) do
      if reading.name == name and asks(needs, reading.from) then
        return true
      end
    end
  end
  return false
end


-- Splits the slots by where their values come from. Every list is as long as the slots,
-- with "" where something else fills the slot.
local function sources(slots, needs)
  local out = { body = {}, queries = {}, headers = {}, facts = {}, unknown_slot = 0,
                own_slot = 0 }
  local made = {}
  for _, reading in ipairs(needs.readings) do
    made[slots.number[reading.name]] = true
  end
  for _, fact in ipairs(needs.facts) do
    out.facts[fact.name] = {}
  end
  for slot, path in ipairs(slots.paths) do
    local first, rest = text.cut(path, ".")
    out.body[slot] = ""
    for _, fact in ipairs(needs.facts) do
      out.facts[fact.name][slot] = fact.name == first and (rest or "*") or ""
    end
    if path == "unknown" then
      out.unknown_slot = slot
    elseif path == "own" then
      out.own_slot = slot
    elseif path == "body" then
      out.body[slot] = "*"
    elseif path == "body*" then
      out.whole = {}
      for i = 1, slot - 1 do
        out.whole[i] = ""
      end
      out.whole[slot] = "*"
    elseif first == "query" then
      out.queries[#out.queries + 1] = { slot = slot, key = rest }
    elseif first == "header" then
      out.headers[#out.headers + 1] = { slot = slot, name = rest }
    elseif not out.facts[first] and not made[slot] then
      out.body[slot] = path
    end
  end
  return out
end


local function fact_plans(slots, needs, by_fact, schema)
  local out = {}
  for i, fact in ipairs(needs.facts) do
    out[i] = {
      name = fact.name, path = fact.path, schema = fact.document, slots = by_fact[fact.name],
      names = fact.names and slots.number[fact.names], slot = slots.number[fact.name],
      code = fact.code or schema.prefix .. ".inspect_failed", refusal = fact.refusal,
    }
  end
  return out
end


-- The checks of the surface that a request could fail, and their settings as they want them.
local function active_checks(surface, settings)
  local out, knobs_of = {}, {}
  for _, check in ipairs(registry.checks) do
    if check.surface == surface then
      local knobs = compiled_knobs(check, settings)
      if not check.active or check.active(knobs) then
        out[#out + 1] = check
        knobs_of[check] = knobs
      end
    end
  end
  return out, knobs_of
end


local function by_name_of(facts)
  local out = {}
  for _, fact in ipairs(facts or {}) do
    out[fact.name] = fact
  end
  return out
end


local function surface_plan(surface, settings, index, sorted)
  local schema = require("schema." .. surface)
  local active, knobs_of = active_checks(surface, settings)
  local by_name, seen = readings_of(surface), {}
  local needs = needs_of(by_name, schema, active, operators.names(surface, sorted))
  local slots, checks, readings, judges_empty = new_slots(), {}, {}, false
  for i, check in ipairs(active) do
    checks[i] = {
      index = index[check.id], always = check.always or false, asks = asks(needs, check.reads),
      reads = numbers(slots, check.reads), check = check.check, knobs = knobs_of[check],
    }
    judges_empty = judges_empty or check.judges_empty or false
  end
  operators.add(surface, sorted, {
    slots = slots, schema = schema, readings = by_name, facts = by_name_of(schema.facts),
    asks = function(names)
      return names ~= "all" and asks(needs, names)
    end,
  }, checks, seen)
  for i, reading in ipairs(needs.readings) do
    readings[i] = {
      slot = slots.take(reading.name), from = numbers(slots, reading.from),
      asks = asks(needs, reading.from), read = reading.read,
    }
  end
  local from = sources(slots, needs)
  return {
    subject = schema.subject, prefix = schema.prefix,
    body_max = schema.body_max or 0, document = schema.document, judges_empty = judges_empty,
    unknown_fields = setting(settings, "request_body." .. schema.group .. ".unknown_fields")
                     or "warn",
    unknown_slot = from.unknown_slot, own_slot = from.own_slot,
    slots = from.body, whole = from.whole, seen = seen,
    queries = from.queries, headers = from.headers,
    facts = fact_plans(slots, needs, from.facts, schema),
    readings = readings, checks = checks,
  }
end


-- The full keys of a check's settings, in order.
local function keys_of(check)
  local keys = {}
  for name in pairs(check.knobs) do
    keys[#keys + 1] = registry.key(check, name)
  end
  table.sort(keys)
  return keys
end


--- settings: the nested table of all settings; records: operators' (core.rule), or nil. Returns
-- { checks, surfaces, requests, waivers, waives } as src/policy/plan.c reads it.
return function(settings, records)
  local infos, index, surfaces = {}, {}, {}
  for i, check in ipairs(registry.checks) do
    index[check.id] = i
    local keys = keys_of(check)
    infos[i] = {
      id = check.id, code = check.code, title = check.title, knobs = keys,
      knob = check.knob and registry.key(check, check.knob) or keys[1] or "",
      fix = check.fix, controls = check.controls, refusal = check.refusal,
    }
  end
  local sorted = operators.sort(records or {}, settings, infos)
  for _, surface in ipairs(registry.surfaces) do
    surfaces[surface] = surface_plan(surface, settings, index, sorted)
  end
  return {
    checks = infos, surfaces = surfaces, requests = operators.request_plans(sorted),
    waivers = operators.waiver_plans(sorted), waives = settings.lua and settings.lua.allow_waivers,
  }
end

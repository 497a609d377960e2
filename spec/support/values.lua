-- support.values: judges an example request by the compiled plan, without the C reader.
--
-- The values come straight from Lua tables in canonical spelling; what the reader itself
-- promises (folding, types, repeats) is tested where it lives.
local compile = require "core.compile"
local record = require "core.record"
local registry = require "core.registry"

local values = {}


-- A copy in which the empty list is an empty table, as the reader makes it.
local function plain(value)
  if type(value) ~= "table" or value == record.NO_ITEMS then
    return type(value) == "table" and {} or value
  end
  local out = {}
  for key, item in pairs(value) do
    out[key] = plain(item)
  end
  return out
end


local function pick(document, path)
  local value = document
  if path == "*" then
    return plain(document)
  end
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = value[name]
  end
  return plain(value)
end


local function is_zero(value)
  return value == false or value == 0 or value == "" or (type(value) == "table" and not next(value))
end


local list_unknown

local function each_record(member, value, path, out)
  if member.kind == "record" then
    list_unknown(member.members, value, path, out)
  elseif member.kind == "records" or member.kind == "record_map" then
    for _, item in pairs(value) do
      list_unknown(member.members, item, path, out)
    end
  end
end


function list_unknown(members, value, path, out)
  for name, item in pairs(value) do
    local known
    for _, member in ipairs(members) do
      known = known or (member.name == name and member)
    end
    if known then
      each_record(known, item, path .. name .. ".", out)
    elseif not is_zero(item) then
      out[#out + 1] = path .. name
    end
  end
end


--- The members of an example's body that the schema does not know.
function values.unknown(surface, body)
  local out = {}
  list_unknown(require("schema." .. surface).document.members, body or {}, "", out)
  table.sort(out)
  return out
end


local function put(settings, key, value)
  local at, last = settings, nil
  for name in key:gmatch "[^.]+" do
    if last then
      at[last] = at[last] or {}
      at = at[last]
    end
    last = name
  end
  at[last] = value
end


--- The nested settings of an example: knobs by the names that the check gives them.
function values.settings(check, knobs)
  local settings = {}
  for name, value in pairs(knobs or {}) do
    if check.knobs[name] then
      put(settings, registry.key(check, name), value)
    else -- another check's
      put(settings, "request_body." .. (require("schema." .. check.surface).group) .. "." .. name,
        value)
    end
  end
  return settings
end


local function fill(plan, surface, example)
  local slots = {}
  for slot, path in ipairs(plan.slots) do
    if path ~= "" then
      slots[slot] = pick(example.body, path)
    end
  end
  for _, query in ipairs(plan.queries) do
    slots[query.slot] = (example.query or {})[query.key]
  end
  for _, header in ipairs(plan.headers) do
    slots[header.slot] = (example.header or {})[header.name]
  end
  for _, fact in ipairs(plan.facts) do
    local answer = (example.facts or {})[fact.name]
    for slot, path in ipairs(fact.slots) do
      if path ~= "" then
        slots[slot] = pick(answer, path)
      end
    end
  end
  if plan.own_slot > 0 then
    slots[plan.own_slot] = example.own
  end
  if plan.unknown_slot > 0 then
    local unknown = values.unknown(surface, example.body)
    slots[plan.unknown_slot] = #unknown > 0 and unknown or nil
  end
  return slots
end


local function arguments(slots, reads)
  local args, present = {}, false
  for i, slot in ipairs(reads) do
    args[i] = slots[slot]
    present = present or args[i] ~= nil
  end
  return args, present
end


local function run_checks(plan, slots, asked)
  local found = {}
  for _, check in ipairs(plan.checks) do
    local args, present = arguments(slots, check.reads)
    if (asked or not check.asks) and (present or check.always) then
      args[#check.reads + 1] = check.knobs
      local what, code, control = check.check(table.unpack(args, 1, #check.reads + 1))
      if what ~= nil then
        found[#found + 1] = { check = check.index, found = what, code = code, control = control }
      end
    end
  end
  return found
end


--- Runs a compiled plan on slots that are filled already: first what the request alone shows,
-- then, when nothing is found, with what the engine answers. Returns what was found: a list
-- of { check = index, found, code, control }.
function values.run(plan, slots)
  for _, reading in ipairs(plan.readings) do
    local args, present = arguments(slots, reading.from)
    if present then
      slots[reading.slot] = reading.read(table.unpack(args, 1, #reading.from))
    end
  end
  local found = run_checks(plan, slots, false)
  return #found > 0 and found or run_checks(plan, slots, true)
end


--- What all checks of the surface find in an example, in order.
function values.decide(surface, settings, example)
  local compiled = compile(settings)
  local found = values.run(compiled.surfaces[surface],
    fill(compiled.surfaces[surface], surface, example))
  for _, finding in ipairs(found) do
    local info = compiled.checks[finding.check]
    finding.id, finding.code = info.id, finding.code or info.code
    finding.control = info.controls[finding.control or 1]
  end
  return found
end


return values

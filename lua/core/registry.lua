-- core.registry: every check, reading and setting there is, in one order.
local registry = {}

-- Each module returns { checks = {...}, readings = {...}? }.
local MODULES = {
  "cis-docker-benchmark",
  "cis-docker-benchmark-strict",
  "knobs.container_create",
  "knobs.container_devices",
  "knobs.container_limits",
  "knobs.container_mounts",
  "knobs.container_network",
  "knobs.container_security",
  "knobs.container_top",
  "knobs.container_update",
  "knobs.exec",
  "knobs.image_pull",
  "knobs.own_container",
}

--- Every surface that is judged; lua/schema holds one file for each.
registry.surfaces = {
  "container_create", "container_top", "container_update", "exec_create", "exec_start",
  "image_pull",
}


local function key_of(check, name, shape)
  return shape.key or "request_body." .. require("schema." .. check.surface).group .. "." .. name
end


local function before(a, b)
  if a.surface ~= b.surface then
    return a.surface < b.surface
  end
  if a.order ~= b.order then
    return a.order < b.order
  end
  return a.id < b.id
end


local function collect()
  local checks, readings, by_id = {}, {}, {}
  for _, module in ipairs(MODULES) do
    local part = require(module)
    for _, check in ipairs(part.checks) do
      if by_id[check.id] then
        error("two checks are named " .. check.id, 0)
      end
      by_id[check.id] = check
      checks[#checks + 1] = check
    end
    for _, reading in ipairs(part.readings or {}) do
      readings[#readings + 1] = reading
    end
  end
  table.sort(checks, before)
  return checks, readings, by_id
end


local function collect_knobs(checks)
  local knobs, by_key = {}, {}
  for _, check in ipairs(checks) do
    for name, shape in pairs(check.knobs) do
      local key = key_of(check, name, shape)
      local knob = by_key[key]
      if not knob then
        knob = { key = key, shape = shape, checks = {} }
        by_key[key] = knob
        knobs[#knobs + 1] = knob
      end
      knob.checks[#knob.checks + 1] = check.id
    end
  end
  table.sort(knobs, function(a, b)
    return a.key < b.key
  end)
  return knobs, by_key
end


registry.checks, registry.readings, registry.by_id = collect()
-- { key, shape, checks }, in the order of their keys. Where two checks share a setting
-- their shapes are the same table or alike.
registry.knobs, registry.by_key = collect_knobs(registry.checks)


--- The full dotted key of a check's setting.
function registry.key(check, name)
  return key_of(check, name, check.knobs[name])
end


return registry

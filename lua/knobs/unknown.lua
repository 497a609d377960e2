-- knobs.unknown: members that this version does not know, or knows but cannot judge.
local record = require "core.record"
local shape = require "core.shape"

local unknown = {}

--- The setting `unknown_fields` of a surface's group, shared by the checks that depend on it.
unknown.shape = shape.word("warn", { "allow", "warn", "deny" })


--- True when what is not known is denied.
function unknown.is_strict(knobs)
  return knobs.unknown_fields == "deny"
end


--- active: once the setting `name` is set, or wherever unknown members are denied. For members
-- that the reference does not look at (design.md, H8).
function unknown.set_or_strict(name)
  return function(knobs)
    local value = knobs[name]
    if type(value) == "table" then
      value = #value > 0 or nil
    end
    return value ~= nil or unknown.is_strict(knobs)
  end
end


-- names: at most eight, as src/policy/body.h reports them; zero values are not reported.
local function find(names)
  return "member " .. text.quote(names[1]) .. " is not known to this version"
end


--- The check of one surface. options: surface, code, allows, denies.
function unknown.check(options)
  return record.check {
    id = options.surface .. ".unknown_fields", code = options.code, surface = options.surface,
    order = 90,
    title = "Only members that are understood",
    reads = { "unknown" },
    knobs = { unknown_fields = unknown.shape },
    active = unknown.is_strict, check = find,
    reason = "what is not understood cannot be judged",
    fix = "leave the member out",
    allows = options.allows, denies = options.denies,
  }
end


return unknown

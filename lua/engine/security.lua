-- engine.security: SecurityOpt, parsed once, as dockerd reads it.
--
-- The engine takes `key=value` or `key:value`, and three bare words: `no-new-privileges`,
-- `disable` (which is `label=disable`) and `writable-cgroups` (28 and newer). Where a key
-- is repeated its last value counts. For what takes protection away every value is kept,
-- so that none can hide behind another; for what adds it the last one counts.
local record = require "core.record"

local cut_any, lower, same, trim = text.cut_any, text.lower, text.same, text.trim

local security = {}

-- What Go's ParseBool calls false.
local FALSE = { ["0"] = true, f = true, F = true, ["false"] = true, FALSE = true, False = true }

-- Options whose values are kept as a list.
local LISTED = { seccomp = true, apparmor = true, label = true, systempaths = true }


local function keep(out, name, value)
  local list = out[name]
  if list then
    list[#list + 1] = value
  else
    out[name] = { value }
  end
end


-- value is nil for a bare word. Only the reference's spellings of true count: `1` is also
-- true to the engine, but not to the reference, and neither may be laxer than we are.
local function note(out, key, value)
  if key == "no-new-privileges" or same(key, "no-new-privileges") then
    out.no_new_privileges = value == nil or value == "true" or same(trim(value), "true")
    return
  end
  local kind = lower(trim(key))
  if value ~= nil and LISTED[kind] then
    keep(out, kind, trim(value))
  elseif kind == "disable" then
    keep(out, "label", "disable")
  elseif kind == "writable-cgroups" then
    out.writable_cgroups = value == nil or not FALSE[trim(value)]
  else
    keep(out, "unknown", key)
  end
end


--- The reading `security`: nil, or a table with
--   no_new_privileges, writable_cgroups   nil, or the last value
--   seccomp, apparmor, label, systempaths nil, or the list of values, trimmed
--   unknown                               nil, or the list of other keys
security.reading = record.reading {
  name = "security", surface = "container_create", from = { "HostConfig.SecurityOpt" },
  read = function(options)
    local out
    for i = 1, #options do
      local entry = trim(options[i])
      if entry ~= "" then
        out = out or {}
        note(out, cut_any(entry, "=:"))
      end
    end
    return out
  end,
}


--- True when a seccomp value is a profile itself. The API takes the text of a profile, not
-- its file name; an empty object or null is no filter at all.
function security.is_inline(profile)
  return text.starts(profile, "{") or profile == "null"
end


return security

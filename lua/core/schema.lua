-- core.schema: the words in which lua/schema/*.lua say how the engine reads a document.
--
-- A record is a list of members; a member is { name = kind } written by one of:
--   s.bool "Privileged"       s.string "User"      s.int "Memory"
--   s.strings "CapAdd"        list of strings      s.string_map "Labels"
--   s.any_map "DriverOpts"    map whose values may be anything (read as true)
--   s.command "Cmd"           a string or a list of strings, as written
--   s.record("HostConfig", { ... })
--   s.records("Mounts", { ... })        list of records
--   s.record_map("EndpointsConfig", { ... })
--   s.records_map("PortBindings", { ... })   map whose values are lists of records
--   s.list_of_strings "Capabilities"    list of lists of strings
--   s.presence "Privileged"             anything: an exact integer as such, null as false, all
--                                       else as true
--   s.harmless("Hostname", "why")       known, never judged, any JSON
-- A member may be loose = true: it may be of any other kind too, and is false then.
-- A member may have since and until (API versions, "1.41"): member { since = "1.41" }; and
-- keeps_zero = true, where the engine tells a zero value from none (see schema.document).
local schema = {}


local function member(kind, name, extra)
  local m = { kind = kind, name = name }
  for k, v in pairs(extra or {}) do
    m[k] = v
  end
  return m
end


for _, kind in ipairs {
  "bool", "string", "int", "strings", "string_map", "any_map", "command", "list_of_strings",
  "presence",
} do
  schema[kind] = function(name, extra)
    return member(kind, name, extra)
  end
end


for _, kind in ipairs { "record", "records", "record_map", "records_map" } do
  schema[kind] = function(name, members, extra)
    local m = member(kind, name, extra)
    m.members = members
    return m
  end
end


function schema.harmless(name, why, extra)
  local m = member("harmless", name, extra)
  m.why = why
  return m
end


-- A surface's facts say what the engine is asked: name; path, with {id} for the id of the
-- request's path; document; code and refusal of a denial because it could not be asked. With
-- names = a reading that gives a list of names, each of them is asked about, and the fact is
-- the list of those that exist.

--- A whole document. options: name; members; legacy = the record whose members old
-- clients wrote at the root (a non-zero one there is ambiguous); lenient = true for the
-- engine's own answers (unknown members and repeats are no matter); zero_is_absent = true:
-- a member that is false, 0, "", [] or {} is read as if it were not there, as it is to the
-- engine wherever a member of its own record is no pointer.
function schema.document(options)
  return options
end


return schema

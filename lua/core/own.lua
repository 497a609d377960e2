-- core.own: sockguard's own container: what the engine says of it, and which references mean it.
--
-- The engine takes the full id, a name with or without one leading slash, and any beginning of
-- the id that no other container has. A name with a slash inside is a link's (`--link`): one
-- container's name for another, of which an inspect says nothing. C compares the same way
-- (src/policy/own.c), for the references that stand in a path.
local binds = require "engine.binds"

local byte, find, starts, sub = string.byte, text.find, text.starts, string.sub

local own = {}

local SLASH = 47
local ID_LENGTH = 64


local function bare(name)
  return byte(name, 1) == SLASH and sub(name, 2) or name
end


-- True when one of both begins with the other; a whole id is never the beginning of anything.
local function is_prefix(ref, id)
  return starts(id, ref) or (#id < ID_LENGTH and starts(ref, id))
end


--- True when the engine might read ref as the container `self`: { given, id, name, volumes }, each
-- of them nil where nobody knows it.
function own.is(self, ref)
  ref = bare(ref)
  return ref ~= "" and (ref == self.name or ref == self.given or find(ref, "/") ~= nil
                        or (self.id ~= nil and is_prefix(ref, self.id)))
end


--- The first of the volumes that a request mounts (engine.binds) and self mounts too, or nil.
function own.volume(self, used)
  for _, name in ipairs(used) do
    if self.volumes and self.volumes[name] then
      return name
    end
  end
end


local function member(value, name)
  local found
  if type(value) == "table" then
    found = value[name]
  end
  if found == nil or found == text.null then
    return nil
  end
  return found
end


local function text_at(value, ...)
  for _, name in ipairs { ... } do
    value = member(value, name)
  end
  return type(value) == "string" and value or ""
end


local function is_end_of(long, short)
  return #short <= #long and sub(long, #long - #short + 1) == short
    and (#short == #long or byte(short, 1) == SLASH or byte(long, #long - #short) == SLASH)
end


-- Whether the container is the one that we run in. Where both are known, the writable layer of
-- the root decides, which no other container has. Else what the search went by: a control group
-- is a container's own; files and names can be shared with it (`--network container:`), so then
-- the host name has to be the same too.
local function is_proved(container, found)
  local upper = text_at(container, "GraphDriver", "Data", "UpperDir")
  if upper ~= "" and found.upper ~= "" then
    return is_end_of(upper, found.upper)
  end
  local hostname = text_at(container, "Config", "Hostname")
  local domain = text_at(container, "Config", "Domainname")
  return found.by_cgroup or hostname == found.hostname
    or (domain ~= "" and hostname .. "." .. domain == found.hostname)
end


local function volumes_of(container)
  local volumes = {}
  for _, mount in ipairs(member(container, "Mounts") or {}) do
    local name = text_at(mount, "Name")
    if binds.kind { Type = text_at(mount, "Type") } == "volume" and name ~= "" then
      volumes[name] = true
    end
  end
  return volumes
end


--- What the engine's answer about a container says of it.
-- given: what it was asked for; found: { hostname, upper, by_cgroup } of a search, or nil when an
-- operator has named it, who needs no proof.
-- @return { given, id, name, volumes }; nil when it is another container than ours; raises when
-- the answer cannot be read
function own.read(json, given, found)
  local container = assert(text.json_decode(json))
  local id, name = text_at(container, "Id"), bare(text_at(container, "Name"))
  if #id ~= ID_LENGTH or name == "" then
    error "the engine's answer names no container"
  end
  if found and not (starts(id, given) and is_proved(container, found)) then
    return nil
  end
  return { given = bare(given), id = id, name = name, volumes = volumes_of(container) }
end


return own

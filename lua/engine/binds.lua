-- engine.binds: which host paths a create body mounts, as dockerd reads them.
--
-- Binds are `source:target[:mode]`; a source that does not start with a slash names a
-- volume, and an entry without a colon is an anonymous volume. Mounts name their type. An
-- inline volume of the local driver (VolumeOptions.DriverConfig) is a mount(2) call of the
-- client's choice: its device, or the layers of an overlay, are host paths too.
--
-- Every request with a mount passes through here, so its lists are walked by number: calling
-- ipairs costs more than looking at an entry.
local path = require "engine.path"
local record = require "core.record"
local shape = require "core.shape"

local byte, clean, cut, lower = string.byte, text.clean, text.cut, text.lower
local parts, split, trim = text.parts, text.split, text.trim

local binds = {}

local SLASH = 47
local NONE = {}

-- Spelt as the engine wants it: no need to look closer.
local KINDS = { bind = "bind", volume = "volume", tmpfs = "tmpfs", image = "image" }


local function is_absolute(source)
  return byte(source, 1) == SLASH
end


-- from: where it is written, for messages. mode: the third part of a Binds entry.
local function add(found, source, target, mode, read_only, from)
  local bind = {
    source = clean(source), target = target or "", mode = mode or "",
    read_only = read_only or false, from = from,
  }
  if not found then
    return { bind }
  end
  found[#found + 1] = bind
  return found
end


local function read_binds(entries, found)
  for i = 1, #entries do
    local entry = entries[i]
    if byte(entry, 1) == SLASH then
      local source, target, mode = parts(entry, ":", 3)
      if target then
        found = add(found, source, target, mode, false, "HostConfig.Binds")
      end
    end
  end
  return found
end


-- The host paths in the mount options of a local volume: `lowerdir=/a:/b` and the like;
-- and whether they ask for a bind.
local function read_options(options, target, from, found)
  local is_bind = false
  for _, option in ipairs(split(options, ",")) do
    local name, value = cut(trim(option), "=")
    name = lower(name)
    is_bind = is_bind or name == "bind" or name == "rbind"
    for _, part in ipairs(value and split(value, ":") or NONE) do
      if is_absolute(part) then
        found = add(found, part, target, nil, false, from)
      end
    end
  end
  return is_bind, found
end


-- The host paths that the options of a local volume mount at target.
local function read_local(options, target, read_only, from, found)
  local is_bind
  is_bind, found = read_options(options.o or "", target, from, found)
  local device = options.device or ""
  if is_bind and not is_absolute(device) then
    device = "/" .. device -- mount(2) takes it relative to the engine's folder, the root
  end
  if is_absolute(device) then
    found = add(found, device, target, nil, read_only, from)
  end
  return found
end


local function read_volume(mount, found)
  local driver = mount.VolumeOptions.DriverConfig
  local options = driver and driver.Options
  if not options or not next(options) then
    return found
  end
  return read_local(options, mount.Target, mount.ReadOnly, "HostConfig.Mounts", found)
end


local function read_mounts(mounts, found)
  for i = 1, #mounts do
    local mount = mounts[i]
    if binds.kind(mount) == "bind" then
      local source = mount.Source or ""
      if is_absolute(source) then
        found = add(found, source, mount.Target, nil, mount.ReadOnly, "HostConfig.Mounts")
      end
    elseif mount.VolumeOptions then
      found = read_volume(mount, found)
    end
  end
  return found
end


--- The type of a mount, whatever its case and the white space around it. The engine takes
-- only the exact word; a spelling that it refuses is judged like the word.
function binds.kind(mount)
  local given = mount.Type or ""
  return KINDS[given] or lower(trim(given))
end


--- The reading `binds`: a list of { source (cleaned), target, mode, read_only, from }, or
-- nil when no host path is mounted.
binds.reading = record.reading {
  name = "binds", surface = "container_create",
  from = { "HostConfig.Binds", "HostConfig.Mounts" },
  read = function(entries, mounts)
    local found = entries and read_binds(entries, nil)
    return mounts and read_mounts(mounts, found) or found
  end,
}


local function add_volume(found, name, target, mode, read_only)
  found = found or { uses = {} }
  local uses = found.uses[name]
  if not uses then
    uses = {}
    found.uses[name] = uses
    found[#found + 1] = name
  end
  uses[#uses + 1] = { target = target or "", mode = mode or "", read_only = read_only or false }
  return found
end


--- The reading `volumes_used`: a list of the names of the volumes that a request mounts, and
-- in its member `uses`, by name, how it mounts each: { target, mode, read_only } ...; or nil.
binds.volumes = record.reading {
  name = "volumes_used", surface = "container_create",
  from = { "HostConfig.Binds", "HostConfig.Mounts" },
  read = function(entries, mounts)
    local found
    for i = 1, entries and #entries or 0 do
      if byte(entries[i], 1) ~= SLASH then
        local source, target, mode = parts(entries[i], ":", 3)
        if target and source ~= "" then
          found = add_volume(found, source, target, mode, false)
        end
      end
    end
    for i = 1, mounts and #mounts or 0 do
      local mount = mounts[i]
      if mount.Source and binds.kind(mount) == "volume" then
        found = add_volume(found, mount.Source, mount.Target, nil, mount.ReadOnly)
      end
    end
    return found
  end,
}


--- The host paths, as binds, that a volume of the engine's stands for, mounted as `use`
-- says; or nil.
function binds.of_volume(volume, use)
  local found = read_local(volume.Options or NONE, use.target, use.read_only,
    "volume " .. text.quote(volume.Name))
  for i = 1, found and #found or 0 do
    found[i].mode = use.mode
  end
  return found
end


--- True when a bind cannot be written through.
function binds.is_read_only(bind)
  if bind.read_only then
    return true
  end
  for _, word in ipairs(split(bind.mode, ",")) do
    if word == "ro" then
      return true
    end
  end
  return false
end


-- An entry of the allowlist: source[:target[:ro]].
local function valid_entry(entry)
  local source, target, mode = parts(entry, ":", 3)
  if not text.starts(source, "/") then
    return nil, "is not an absolute path"
  end
  if target and not text.starts(target, "/") then
    return nil, "has a target that is not an absolute path"
  end
  if mode and mode ~= "ro" then
    return nil, "has a mode other than ro"
  end
  return true
end


local function compile_entry(entry)
  local source, target, mode = parts(entry, ":", 3)
  return {
    source = clean(source), target = target and clean(target), read_only = mode == "ro",
  }
end


--- The setting allowed_bind_mounts: a target and a mode that are given must match (H17).
-- What is not an absolute path is dropped, as the reference does.
function binds.shape()
  return shape.entries {
    expect = "a list of host paths, as source[:target[:ro]]", valid = valid_entry,
    compile = function(entries)
      local out = {}
      for _, entry in ipairs(entries) do
        local trimmed = trim(entry)
        if valid_entry(trimmed) then
          out[#out + 1] = compile_entry(trimmed)
        end
      end
      return out
    end,
  }
end


local function matches(bind, entry)
  return path.under(bind.source, entry.source)
    and (not entry.target or clean(bind.target) == entry.target)
    and (not entry.read_only or binds.is_read_only(bind))
end


--- True when an entry of the compiled allowlist admits the bind.
function binds.is_allowed(bind, entries)
  for i = 1, #entries do
    if matches(bind, entries[i]) then
      return true
    end
  end
  return false
end


return binds

-- engine.binds: which host paths a create body mounts, as dockerd reads them.
--
-- Binds are `source:target[:mode]`; a source that does not start with a slash names a
-- volume, and an entry without a colon is an anonymous volume. Mounts name their type. An
-- inline volume of the local driver (VolumeOptions.DriverConfig) is a mount(2) call of the
-- client's choice: its device, or the layers of an overlay, are host paths too.
local path = require "engine.path"
local record = require "core.record"
local shape = require "core.shape"

local binds = {}

local SLASH = 47
local NONE = {}

-- Spelt as the engine wants it: no need to look closer.
local KINDS = { bind = "bind", volume = "volume", tmpfs = "tmpfs", image = "image" }


local function is_absolute(source)
  return string.byte(source, 1) == SLASH
end


-- from: where it is written, for messages. mode: the third part of a Binds entry.
local function add(found, source, target, mode, read_only, from)
  local bind = {
    source = text.clean(source), target = target or "", mode = mode or "",
    read_only = read_only or false, from = from,
  }
  found = found or {}
  found[#found + 1] = bind
  return found
end


local function read_binds(entries, found)
  for _, entry in ipairs(entries) do
    if is_absolute(entry) then
      local source, rest = text.cut(entry, ":")
      if rest then
        local target, mode = text.cut(rest, ":")
        found = add(found, source, target, mode, false, "HostConfig.Binds")
      end
    end
  end
  return found
end


-- The host paths in the mount options of a local volume: `lowerdir=/a:/b` and the like;
-- and whether they ask for a bind.
local function read_options(options, mount, found)
  local is_bind = false
  for _, option in ipairs(text.split(options, ",")) do
    local name, value = text.cut(text.trim(option), "=")
    name = text.lower(name)
    is_bind = is_bind or name == "bind" or name == "rbind"
    for _, part in ipairs(value and text.split(value, ":") or NONE) do
      if is_absolute(part) then
        found = add(found, part, mount.Target, nil, false, "HostConfig.Mounts")
      end
    end
  end
  return is_bind, found
end


local function read_volume(mount, found)
  local driver = mount.VolumeOptions and mount.VolumeOptions.DriverConfig
  local options = driver and driver.Options
  if not options or not next(options) then
    return found
  end
  local is_bind
  is_bind, found = read_options(options.o or "", mount, found)
  local device = options.device or ""
  if is_bind and not is_absolute(device) then
    device = "/" .. device -- mount(2) takes it relative to the engine's folder, the root
  end
  if is_absolute(device) then
    found = add(found, device, mount.Target, nil, mount.ReadOnly, "HostConfig.Mounts")
  end
  return found
end


local function read_mounts(mounts, found)
  for _, mount in ipairs(mounts) do
    local source = mount.Source or ""
    if binds.kind(mount) == "bind" then
      if is_absolute(source) then
        found = add(found, source, mount.Target, nil, mount.ReadOnly, "HostConfig.Mounts")
      end
    else
      found = read_volume(mount, found)
    end
  end
  return found
end


--- The type of a mount, whatever its case and the white space around it. The engine takes
-- only the exact word; a spelling that it refuses is judged like the word.
function binds.kind(mount)
  local given = mount.Type or ""
  return KINDS[given] or text.lower(text.trim(given))
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


--- True when a bind cannot be written through.
function binds.is_read_only(bind)
  if bind.read_only then
    return true
  end
  for _, word in ipairs(text.split(bind.mode, ",")) do
    if word == "ro" then
      return true
    end
  end
  return false
end


-- An entry of the allowlist: source[:target[:ro]].
local function valid_entry(entry)
  local source, rest = text.cut(entry, ":")
  if not text.starts(source, "/") then
    return nil, "is not an absolute path"
  end
  local target, mode = text.cut(rest or "/", ":")
  if not text.starts(target, "/") then
    return nil, "has a target that is not an absolute path"
  end
  if mode and mode ~= "ro" then
    return nil, "has a mode other than ro"
  end
  return true
end


local function compile_entry(entry)
  local source, rest = text.cut(entry, ":")
  local target, mode = text.cut(rest or "", ":")
  return {
    source = text.clean(source), target = rest and text.clean(target), read_only = mode == "ro",
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
        local trimmed = text.trim(entry)
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
    and (not entry.target or text.clean(bind.target) == entry.target)
    and (not entry.read_only or binds.is_read_only(bind))
end


--- True when an entry of the compiled allowlist admits the bind.
function binds.is_allowed(bind, entries)
  for _, entry in ipairs(entries) do
    if matches(bind, entry) then
      return true
    end
  end
  return false
end


return binds

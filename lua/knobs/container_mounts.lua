-- knobs.container_mounts: mounts and volumes beyond bind sources.
--
-- Nearly every request has mounts, and calling ipairs costs more than looking at one of them,
-- so they are walked by number.
local binds = require "engine.binds"
local example = require "core.example"
local record = require "core.record"
local shape = require "core.shape"
local subpath = require "engine.subpath"

local SURFACE = "container_create"

local TYPES = { bind = true, volume = true, tmpfs = true, image = true }

-- Mount options of a tmpfs that the engine leaves off by itself.
local TMPFS_PRIVILEGED = { exec = true, dev = true, suid = true }


local function volumes_from(names)
  if #names > 0 then
    return "other containers' volumes are not allowed (HostConfig.VolumesFrom)"
  end
end


local function driver_of(mount)
  local options = mount.VolumeOptions
  return options and options.DriverConfig
end


local function inline_volume_options(mounts)
  for i = 1, #mounts do
    local driver = driver_of(mounts[i])
    if driver and driver.Options and next(driver.Options) then
      return "inline volume driver options are not allowed (HostConfig.Mounts)"
    end
  end
end


local function refused_driver(name, knobs)
  if name and name ~= "" and name ~= "local" and not knobs.allowed_volume_drivers[name] then
    return "volume driver " .. text.quote(name) .. " is not in allowed_volume_drivers"
  end
end


local function volume_driver(name, mounts, knobs)
  local found = refused_driver(name, knobs)
  for i = 1, mounts and #mounts or 0 do
    local driver = driver_of(mounts[i])
    found = found or driver and refused_driver(driver.Name, knobs)
  end
  return found
end


-- used: the reading of what the request mounts. volumes: those that exist, as the engine
-- answers; nil when none does.
local function held_volumes(used, volumes, knobs)
  for _, volume in ipairs(volumes or {}) do
    local uses = used.uses[volume.Name or ""]
    if not uses then
      return "the engine answers about another volume than was asked for"
    end
    local driver = refused_driver(volume.Driver, knobs)
    if driver then
      return "volume " .. text.quote(volume.Name) .. ": " .. driver
    end
    for _, use in ipairs(uses) do
      for _, bind in ipairs(binds.of_volume(volume, use) or {}) do
        if not binds.is_allowed(bind, knobs.allowed_bind_mounts) then
          return bind.from .. " stands for " .. text.quote(bind.source)
            .. ", which is not in allowed_bind_mounts"
        end
      end
    end
  end
end


local function listed_volume(used, knobs)
  for _, name in ipairs(used) do
    local listed = false
    for _, pattern in ipairs(knobs.allowed_volumes) do
      listed = listed or pattern(name)
    end
    if not listed then
      return "volume " .. text.quote(name) .. " is not in allowed_volumes"
    end
  end
end


local function mount_type(mounts)
  for i = 1, #mounts do
    local mount = mounts[i]
    if not TYPES[mount.Type] and not TYPES[binds.kind(mount)] then
      return "mount type " .. text.quote(mount.Type or "") .. " is not allowed (HostConfig.Mounts)"
    end
  end
end


local function outside(options, what)
  local value = options.Subpath
  if value and not subpath.is_inside(value) then
    return what .. " subpath " .. text.quote(value) .. " leaves its volume (HostConfig.Mounts)"
  end
end


local function subpaths(mounts)
  for i = 1, #mounts do
    local volume, image = mounts[i].VolumeOptions, mounts[i].ImageOptions
    local found = volume and outside(volume, "volume")
    if found then
      return found
    end
    found = image and outside(image, "image")
    if found then
      return found, "cc.image_subpath"
    end
  end
end


-- A list of options with commas: the first that is privileged, or nil.
local function privileged_option(options)
  for _, option in ipairs(text.split(options, ",")) do
    local name = text.lower(text.trim(option))
    if TMPFS_PRIVILEGED[name] then
      return name
    end
  end
end


local function refuse_option(name)
  return "tmpfs option " .. text.quote(name) .. " is not allowed (allow_tmpfs_privileged_options)"
end


-- One entry of TmpfsOptions.Options: a name, or a name and its value.
local function tmpfs_entry(entry, knobs)
  local first = entry[1] or ""
  if #entry == 0 or #entry > 2 or text.trim(first) == "" then
    return "a tmpfs option is neither a name nor a name and a value (HostConfig.Mounts)",
      "cc.tmpfs_malformed"
  end
  local name = not knobs.allow_tmpfs_privileged_options and privileged_option(first)
  if name then
    return refuse_option(name)
  end
end


local function tmpfs_mounts(mounts, knobs)
  for i = 1, #mounts do
    local options = mounts[i].TmpfsOptions
    local entries = options and options.Options
    for j = 1, entries and #entries or 0 do
      local found, code = tmpfs_entry(entries[j], knobs)
      if found then
        return found, code
      end
    end
  end
end


-- The older form: target -> options. Targets are visited in order, so that the same body
-- always gives the same answer.
local function tmpfs_map(map)
  local targets = {}
  for target in pairs(map) do
    targets[#targets + 1] = target
  end
  table.sort(targets)
  for _, target in ipairs(targets) do
    local name = privileged_option(map[target])
    if name then
      return refuse_option(name)
    end
  end
end


local function tmpfs_options(mounts, map, knobs)
  local found, code
  if mounts then
    found, code = tmpfs_mounts(mounts, knobs)
  end
  if not found and map and not knobs.allow_tmpfs_privileged_options then
    return tmpfs_map(map)
  end
  return found, code
end


-- A volume made on the spot by the local driver with these options.
local function inline_volume(options)
  local driver = { Name = "local", Options = options }
  return { Mounts = { { Type = "volume", Target = "/v",
                        VolumeOptions = { DriverConfig = driver } } } }
end


-- A request that mounts the volume `data`, which exists with this driver and these options.
local function held(driver, options, knobs)
  local request = example.create({ Binds = { "data:/data" } }, knobs)
  request.facts = { volumes = { { Name = "data", Driver = driver, Options = options } } }
  return request
end


local HOST = { type = "none", o = "bind", device = "/srv/data" }
local NFS = { type = "nfs", o = "addr=192.0.2.1", device = ":/export" }

local checks = {
  record.check {
    id = "container_create.volumes_from", code = "cc.volumes_from", surface = SURFACE, order = 13,
    title = "No volumes of other containers",
    reads = { "HostConfig.VolumesFrom" }, knobs = {}, check = volumes_from,
    reason = "it hands over whatever the other container has mounted, host folders included",
    fix = "name the volumes",
    allows = { example.create { VolumesFrom = record.NO_ITEMS } },
    denies = { example.create { VolumesFrom = { "web:ro" } } },
  },
  record.check {
    id = "container_create.inline_volume_options", code = "cc.volume_options", surface = SURFACE,
    order = 22.1,
    title = "No volume made on the spot with driver options",
    reads = { "HostConfig.Mounts" },
    knobs = { allow_inline_volume_options = shape.flag(false) },
    active = record.unless "allow_inline_volume_options", check = inline_volume_options,
    reason = "the local driver mounts whatever its options say, any host folder included",
    fix = "create the volume first, under the rules for volumes, and name it",
    allows = { example.create { Mounts = { { Type = "volume", Source = "cache",
                                             Target = "/c" } } },
               example.create(inline_volume(NFS), { allow_inline_volume_options = true }) },
    denies = { example.create(inline_volume(NFS)),
               example.create(inline_volume { type = "tmpfs", device = "tmpfs" }) },
  },
  record.check {
    id = "container_create.volume_driver", code = "cc.volume_driver", surface = SURFACE,
    order = 22.2,
    title = "Only listed volume drivers",
    reads = { "HostConfig.VolumeDriver", "HostConfig.Mounts" },
    knobs = { allowed_volume_drivers = shape.names() }, check = volume_driver,
    reason = "a volume plugin can mount what it likes into a container",
    fix = "drop --volume-driver, or have the driver listed",
    allows = { example.create { VolumeDriver = "local" },
               example.create({ VolumeDriver = "rexray" },
                 { allowed_volume_drivers = { "rexray" } }) },
    denies = { example.create { VolumeDriver = "rexray" },
               example.create { Mounts = { { Type = "volume", Target = "/v",
                 VolumeOptions = { DriverConfig = { Name = "rexray" } } } } } },
  },
  record.check {
    id = "container_create.named_volumes", code = "cc.named_volume", surface = SURFACE,
    order = 22.3,
    controls = { { cis = "5.5", bench = "5.6" } },
    title = "No volume that stands for a host folder",
    reads = { "volumes_used", "volumes" },
    knobs = { allowed_bind_mounts = binds.shape(), allowed_volume_drivers = shape.names() },
    knob = "allowed_bind_mounts", check = held_volumes,
    reason = "an existing volume may be a host folder by another name",
    fix = "name another volume, or have the folder listed",
    allows = { held("local", {}), held("local", NFS),
               held("local", HOST, { allowed_bind_mounts = { "/srv" } }),
               held("rexray", {}, { allowed_volume_drivers = { "rexray" } }) },
    denies = { held("local", HOST), held("local", { type = "none", o = "bind", device = "etc" }),
               held("local", { type = "overlay", device = "overlay", o = "lowerdir=/etc:/srv" }),
               held("local", HOST, { allowed_bind_mounts = { "/srv/data:/data:ro" } }),
               held("rexray", {}) },
  },
  record.check {
    id = "container_create.allowed_volumes", code = "cc.volume_name", surface = SURFACE,
    order = 22.4,
    title = "Only listed volumes",
    reads = { "volumes_used" },
    knobs = { allowed_volumes = shape.globs() },
    active = function(knobs)
      return #knobs.allowed_volumes > 0
    end,
    check = listed_volume,
    reason = "a volume holds another program's files",
    fix = "name a volume that the list has, or have this one listed",
    allows = { example.create({ Binds = { "web-cache:/c" } }, { allowed_volumes = { "web-*" } }),
               example.create({ Binds = { "/anonymous" } }, { allowed_volumes = { "web-*" } }) },
    denies = { example.create({ Binds = { "db:/c" } }, { allowed_volumes = { "web-*" } }),
               example.create({ Mounts = { { Type = "volume", Source = "db", Target = "/c" } } },
                 { allowed_volumes = { "web-*" } }) },
  },
  record.check {
    id = "container_create.mount_types", code = "cc.mount_type", surface = SURFACE, order = 24,
    title = "Only mount types that are understood",
    reads = { "HostConfig.Mounts" }, knobs = {}, check = mount_type,
    reason = "what a new type mounts cannot be judged",
    fix = "use a mount of type volume, tmpfs, image or bind",
    allows = { example.create { Mounts = { { Type = "tmpfs", Target = "/t" } } } },
    denies = { example.create { Mounts = { { Type = "cluster", Source = "g", Target = "/c" } } },
               example.create { Mounts = { { Source = "cache", Target = "/c" } } } },
  },
  record.check {
    id = "container_create.subpaths", code = "cc.volume_subpath", surface = SURFACE, order = 25,
    title = "Subpaths stay in their volume",
    reads = { "HostConfig.Mounts" }, knobs = {}, check = subpaths,
    reason = "a path that climbs out of a volume reaches the host",
    fix = "name a folder below the volume's root",
    allows = { example.create { Mounts = { { Type = "volume", Source = "v", Target = "/v",
                                             VolumeOptions = { Subpath = "a/../b" } } } } },
    denies = { example.create { Mounts = { { Type = "volume", Source = "v", Target = "/v",
                                             VolumeOptions = { Subpath = "a/../../b" } } } },
               example.create { Mounts = { { Type = "image", Source = "busybox", Target = "/i",
                                             ImageOptions = { Subpath = "/etc" } } } } },
  },
  record.check {
    id = "container_create.tmpfs_options", code = "cc.tmpfs_priv", surface = SURFACE, order = 26,
    title = "No executable, device or set-user-id tmpfs",
    reads = { "HostConfig.Mounts", "HostConfig.Tmpfs" },
    knobs = { allow_tmpfs_privileged_options = shape.flag(false) }, check = tmpfs_options,
    reason = "a writable place from which programs run undoes a read-only root",
    fix = "drop exec, dev and suid from the options of --tmpfs",
    allows = { example.create { Tmpfs = { ["/run"] = "rw,noexec,nosuid,size=65536k" } },
               example.create { Mounts = { { Type = "tmpfs", Target = "/t",
                 TmpfsOptions = { Options = { { "size", "65536k" }, { "noexec" } } } } } },
               example.create({ Tmpfs = { ["/run"] = "exec" } },
                 { allow_tmpfs_privileged_options = true }) },
    denies = { example.create { Tmpfs = { ["/run"] = "rw,exec" } },
               example.create { Mounts = { { Type = "tmpfs", Target = "/t",
                 TmpfsOptions = { Options = { { "mode=1777,suid" } } } } } },
               example.create { Mounts = { { Type = "tmpfs", Target = "/t",
                 TmpfsOptions = { Options = { { "a", "b", "c" } } } } } } },
  },
}

return { checks = checks, readings = { binds.volumes } }

-- knobs.container_security: security options that answer to no control of the page, and the
-- paths of the kernel that the engine hides.
local example = require "core.example"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"

local SURFACE = "container_create"

-- What every supported engine hides or protects by itself (oci defaults of 20.10; newer ones
-- hide more).
local MASKED = {
  "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
  "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
}
local READONLY = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" }

-- Names under which the engine's own AppArmor profile is known; "" is also the default.
local APPARMOR_DEFAULTS = {
  [""] = true, default = true, ["docker-default"] = true, ["runtime/default"] = true,
}


local function seccomp_required(options)
  if not options or not options.seccomp then
    return "a seccomp profile of allowed_seccomp_profiles must be named (HostConfig.SecurityOpt)"
  end
end


local function apparmor_value(profile, knobs)
  if knobs.deny_unconfined_apparmor and text.same(profile, "unconfined") then
    return "AppArmor is switched off (HostConfig.SecurityOpt)"
  end
  local allowed = knobs.allowed_apparmor_profiles
  local fits = allowed[profile] or (#allowed == 0 and APPARMOR_DEFAULTS[profile])
  if not fits then
    return "AppArmor profile " .. text.quote(profile) .. " is not in allowed_apparmor_profiles",
      "cc.apparmor_profile"
  end
end


local function apparmor(options, knobs)
  if not options.apparmor then
    return nil
  end
  for _, profile in ipairs(options.apparmor) do
    local found, code = apparmor_value(profile, knobs)
    if found then
      return found, code
    end
  end
end


local function apparmor_required(options)
  if not options or not options.apparmor then
    return "an AppArmor profile of allowed_apparmor_profiles must be named"
      .. " (HostConfig.SecurityOpt)"
  end
end


local function selinux_disable(options)
  if not options.label then
    return nil
  end
  for _, value in ipairs(options.label) do
    if text.lower(value) == "disable" then
      return "SELinux labels are switched off (HostConfig.SecurityOpt)"
    end
  end
end


local function selinux_override(options)
  if not options.label then
    return nil
  end
  for _, value in ipairs(options.label) do
    if text.lower(value) ~= "disable" then
      return "an SELinux label of the caller's own is not allowed (HostConfig.SecurityOpt)"
    end
  end
end


local function systempaths(options)
  if not options.systempaths then
    return nil
  end
  for _, value in ipairs(options.systempaths) do
    if text.lower(value) == "unconfined" then
      return "system paths are laid open (HostConfig.SecurityOpt)"
    end
  end
end


local function writable_cgroups(options)
  if options.writable_cgroups then
    return "writable cgroups are not allowed (HostConfig.SecurityOpt)"
  end
end


local function unknown_option(options)
  if options.unknown then
    return "security option " .. text.quote(options.unknown[1]) .. " is not known to this version"
  end
end


-- A list that is given replaces the engine's own, so it must hold all of it (H11).
local function missing(given, wanted, member)
  local has = {}
  for _, path in ipairs(given) do
    has[path] = true
  end
  for _, path in ipairs(wanted) do
    if not has[path] then
      return "HostConfig." .. member .. " leaves out " .. path
    end
  end
end


local function masked_paths(given)
  return missing(given, MASKED, "MaskedPaths")
end


local function readonly_paths(given)
  return missing(given, READONLY, "ReadonlyPaths")
end


local function options(list, knobs)
  return example.create({ SecurityOpt = list }, knobs)
end


local SYSTEM_PATHS = shape.flag(true)
local STRICT = { unknown_fields = "deny" }

local checks = {
  record.check {
    id = "container_create.apparmor", code = "cc.apparmor_unconfined", surface = SURFACE,
    order = 29.1,
    title = "The AppArmor profile stays on",
    reads = { "security" },
    knobs = { deny_unconfined_apparmor = shape.flag(false),
              allowed_apparmor_profiles = shape.names() },
    knob = "deny_unconfined_apparmor",
    active = function(knobs)
      return knobs.deny_unconfined_apparmor or #knobs.allowed_apparmor_profiles > 0
    end,
    check = apparmor,
    reason = "the profile keeps a container from the kernel's own files",
    fix = "drop --security-opt apparmor=..., or have the profile listed",
    allows = { options({ "apparmor=docker-default" }, { deny_unconfined_apparmor = true }),
               options({ "apparmor:site" }, { allowed_apparmor_profiles = { "site" } }) },
    denies = { options({ "apparmor=unconfined" }, { deny_unconfined_apparmor = true }),
               options({ "apparmor=other" }, { deny_unconfined_apparmor = true }),
               options({ "apparmor=other" }, { allowed_apparmor_profiles = { "site" } }) },
  },
  record.check {
    id = "container_create.selinux_disable", code = "cc.selinux_disable", surface = SURFACE,
    order = 29.2,
    title = "SELinux labels stay on",
    reads = { "security" },
    knobs = { deny_selinux_disable = shape.flag(false) },
    active = record.when "deny_selinux_disable", check = selinux_disable,
    reason = "without its label a process may touch what others own",
    fix = "drop --security-opt label=disable",
    allows = { options({ "label=level:s0:c1" }, { deny_selinux_disable = true }) },
    denies = { options({ "label=disable" }, { deny_selinux_disable = true }),
               options({ "disable" }, { deny_selinux_disable = true }) },
  },
  record.check {
    id = "container_create.selinux_override", code = "cc.selinux_override", surface = SURFACE,
    order = 29.3,
    title = "The engine chooses SELinux labels",
    reads = { "security" },
    knobs = { deny_selinux_label_override = shape.flag(false) },
    active = record.when "deny_selinux_label_override", check = selinux_override,
    reason = "with another's label a process may touch what that one owns",
    fix = "drop --security-opt label=...",
    allows = { options({ "label=disable" }, { deny_selinux_label_override = true }) },
    denies = { options({ "label=type:svirt_t" }, { deny_selinux_label_override = true }) },
  },
  record.check {
    id = "container_create.system_paths", code = "cc.systempaths", surface = SURFACE,
    order = 29.4,
    title = "System paths stay hidden",
    reads = { "security" },
    knobs = { deny_unconfined_system_paths = SYSTEM_PATHS },
    active = record.when "deny_unconfined_system_paths", check = systempaths,
    reason = "the kernel's settings under /proc give uid 0 the host, even without capabilities",
    fix = "drop --security-opt systempaths=unconfined",
    allows = { options({ "systempaths=unconfined" }, { deny_unconfined_system_paths = false }) },
    denies = { options { "systempaths=unconfined" } },
  },
  record.check {
    id = "container_create.writable_cgroups", code = "cc.writable_cgroups", surface = SURFACE,
    order = 29.5,
    title = "The container's cgroups stay read-only",
    reads = { "security" },
    knobs = { allow_writable_cgroups = shape.flag(false) },
    active = record.unless "allow_writable_cgroups", check = writable_cgroups,
    reason = "the container could lift its own limits",
    fix = "drop --security-opt writable-cgroups",
    allows = { options { "writable-cgroups=true", "writable-cgroups=false" },
               options({ "writable-cgroups" }, { allow_writable_cgroups = true }) },
    denies = { options { "writable-cgroups" }, options { "writable-cgroups:true" } },
  },
  record.check {
    id = "container_create.security_options", code = "cc.security_option", surface = SURFACE,
    order = 29.6,
    title = "Only security options that are understood",
    reads = { "security" },
    knobs = { unknown_fields = unknown.shape },
    active = unknown.is_strict, check = unknown_option,
    reason = "what is not understood cannot be judged",
    fix = "leave the option out",
    allows = { options({ "no-new-privileges" }, STRICT) },
    denies = { options({ "future=on" }, STRICT) },
  },
  record.check {
    id = "container_create.seccomp_required", code = "cc.seccomp_required", surface = SURFACE,
    order = 30,
    title = "A listed seccomp profile is named",
    reads = { "security" },
    knobs = { allowed_seccomp_profiles = shape.names() },
    active = function(knobs)
      local allowed = knobs.allowed_seccomp_profiles
      return #allowed > 0 and not allowed.default
    end,
    always = true, check = seccomp_required,
    reason = "the list leaves the engine's default profile out",
    fix = "name a listed profile, or list default",
    allows = { options({ "seccomp=site" }, { allowed_seccomp_profiles = { "site" } }),
               options(record.NO_ITEMS, { allowed_seccomp_profiles = { "site", "default" } }) },
    denies = { options(record.NO_ITEMS, { allowed_seccomp_profiles = { "site" } }),
               example.create({}, { allowed_seccomp_profiles = { "site" } }) },
  },
  record.check {
    id = "container_create.apparmor_required", code = "cc.apparmor_required", surface = SURFACE,
    order = 30.1,
    title = "A listed AppArmor profile is named",
    reads = { "security" },
    knobs = { allowed_apparmor_profiles = shape.names() },
    active = function(knobs)
      local allowed = knobs.allowed_apparmor_profiles
      return #allowed > 0 and not allowed.default and not allowed["docker-default"]
        and not allowed["runtime/default"]
    end,
    always = true, check = apparmor_required,
    reason = "the list leaves the engine's default profile out",
    fix = "name a listed profile, or list docker-default",
    allows = { options({ "apparmor=site" }, { allowed_apparmor_profiles = { "site" } }) },
    denies = { example.create({}, { allowed_apparmor_profiles = { "site" } }) },
  },
  record.check {
    id = "container_create.masked_paths", code = "cc.maskedpaths", surface = SURFACE, order = 31,
    title = "The engine's masked paths stay masked",
    reads = { "HostConfig.MaskedPaths" },
    knobs = { deny_unconfined_system_paths = SYSTEM_PATHS },
    active = record.when "deny_unconfined_system_paths", check = masked_paths,
    reason = "the kernel's memory and firmware would be readable",
    fix = "leave MaskedPaths out",
    allows = { example.create { MaskedPaths = MASKED },
               example.create({ MaskedPaths = record.NO_ITEMS },
                 { deny_unconfined_system_paths = false }) },
    denies = { example.create { MaskedPaths = record.NO_ITEMS },
               example.create { MaskedPaths = { "/nonexistent" } } },
  },
  record.check {
    id = "container_create.readonly_paths", code = "cc.readonlypaths", surface = SURFACE,
    order = 31.1,
    title = "The engine's read-only paths stay read-only",
    reads = { "HostConfig.ReadonlyPaths" },
    knobs = { deny_unconfined_system_paths = SYSTEM_PATHS },
    active = record.when "deny_unconfined_system_paths", check = readonly_paths,
    reason = "uid 0 could write the kernel's settings, which gives it the host",
    fix = "leave ReadonlyPaths out",
    allows = { example.create { ReadonlyPaths = READONLY } },
    denies = { example.create { ReadonlyPaths = record.NO_ITEMS },
               example.create { ReadonlyPaths = { "/proc/bus" } } },
  },
}

return { checks = checks }

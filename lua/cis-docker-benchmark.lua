-- cis-docker-benchmark: the controls of CIS Docker Benchmark 1.6.0, Section 5, that a request
-- shows.
--
-- Each record carries two numbers: `cis` is the page's, `bench` is the one that
-- docker-bench-security 1.6.0 prints. Titles and reasons are our own words.
local binds = require "engine.binds"
local capabilities = require "engine.capabilities"
local example = require "core.example"
local limits = require "engine.limits"
local mode = require "engine.mode"
local path = require "engine.path"
local record = require "core.record"
local security = require "engine.security"
local shape = require "core.shape"
local user = require "engine.user"

local same, trim = text.same, text.trim
local is_host = mode.is_host

-- Binding one of these hands over the engine.
local ENGINE_SOCKETS = {
  ["/var/run/docker.sock"] = true, ["/run/docker.sock"] = true,
  ["/var/run"] = true, ["/run"] = true,
}

-- A create request that satisfies every control of this file, but for `changes`.
local function compliant(changes)
  local host = {
    CapDrop = { "ALL" }, CpuShares = 512, Memory = 67108864, PidsLimit = 100,
    ReadonlyRootfs = true, SecurityOpt = { "no-new-privileges:true" },
  }
  for name, value in pairs(changes) do
    host[name] = value
  end
  return host
end


local function capability(names, knobs)
  for _, name in ipairs(names) do
    if not knobs.allowed_capabilities[name] then
      return "capability " .. text.quote(name) .. " is not in allowed_capabilities"
    end
  end
end


local function drop_all(dropped)
  for i = 1, dropped and #dropped or 0 do
    local name = dropped[i]
    if name == "ALL" or same(trim(name), "ALL") then
      return nil
    end
  end
  return "HostConfig.CapDrop does not hold ALL"
end


local function privileged(is_privileged)
  if is_privileged then
    return "privileged mode is not allowed"
  end
end


-- The second control is the engine's own socket.
local function bind_mount(found, knobs)
  for i = 1, #found do
    local bind = found[i]
    if not binds.is_allowed(bind, knobs.allowed_bind_mounts) then
      return "bind source " .. text.quote(bind.source) .. " (" .. bind.from
        .. ") is not in allowed_bind_mounts", nil, ENGINE_SOCKETS[bind.source] and 2 or 1
    end
  end
end


local function host_network(network_mode)
  if is_host(network_mode) then
    return "the host's network is not allowed (HostConfig.NetworkMode)"
  end
end


local function host_pid(pid_mode)
  if is_host(pid_mode) then
    return "the host's process namespace is not allowed (HostConfig.PidMode)"
  end
end


local function host_ipc(ipc_mode)
  if is_host(ipc_mode) then
    return "the host's IPC namespace is not allowed (HostConfig.IpcMode)"
  end
end


local function host_userns(userns_mode)
  if is_host(userns_mode) then
    return "the host's user namespace is not allowed (HostConfig.UsernsMode)"
  end
end


local function memory(bytes)
  if not limits.memory(bytes) then
    return "no memory limit is set (HostConfig.Memory)"
  end
end


local function cpu(nano, quota, period, shares)
  if not limits.cpu_soft(nano, quota, period, shares) then
    return "no CPU limit is set (HostConfig.NanoCpus, CpuQuota, CpuPeriod or CpuShares)"
  end
end


local function cpu_hard(nano, quota, period)
  if not limits.cpu_hard(nano, quota, period) then
    return "no hard CPU limit is set (HostConfig.NanoCpus or CpuQuota)"
  end
end


local function pids(limit)
  if not limits.pids(limit) then
    return "no process limit is set (HostConfig.PidsLimit)"
  end
end


local function readonly_rootfs(is_readonly)
  if not is_readonly then
    return "the root file system is writable (HostConfig.ReadonlyRootfs)"
  end
end


local function device(devices, knobs)
  for _, entry in ipairs(devices) do
    local host = text.trim(entry.PathOnHost or "")
    if not text.starts(host, "/")
        or not path.under_any(text.clean(host), knobs.allowed_devices) then
      return "device " .. text.quote(host) .. " is not in allowed_devices"
    end
  end
end


-- One value of seccomp=: nil, or what is wrong and its id.
local function seccomp_value(profile, knobs)
  local allowed, listed = knobs.allowed_seccomp_profiles, knobs.allowed_seccomp_profiles[profile]
  if knobs.deny_unconfined_seccomp and text.same(profile, "unconfined") then
    return "seccomp is switched off (HostConfig.SecurityOpt)"
  end
  if #allowed > 0 and not listed then
    return "seccomp profile " .. text.quote(profile) .. " is not in allowed_seccomp_profiles",
      "cc.seccomp_profile"
  end
  if knobs.deny_unconfined_seccomp and not listed and security.is_inline(profile) then
    return "a seccomp profile of the caller's own is not allowed (HostConfig.SecurityOpt)",
      "cc.seccomp_inline"
  end
end


local function seccomp(options, knobs)
  if not options.seccomp then
    return nil
  end
  for _, profile in ipairs(options.seccomp) do
    local found, code = seccomp_value(profile, knobs)
    if found then
      return found, code
    end
  end
end


local function no_new_privileges(options)
  if not options or not options.no_new_privileges then
    return "no-new-privileges is not set (HostConfig.SecurityOpt)"
  end
end


local function root_user(name)
  if user.is_root(name) then
    return "user " .. text.quote(name or "") .. " is root or may be"
  end
end


-- The checks of an exec, on both sides of its life: as it is created, and as the engine
-- holds it when it is started.
local function exec_checks(surface, reads, request)
  return record.check {
    id       = surface .. ".privileged", code = "ex.privileged", surface = surface, order = 2,
    controls = { { cis = "5.22", bench = "5.23" } },
    title    = "No privileged exec",
    reads    = { reads.privileged },
    knobs    = { allow_privileged = shape.flag(false) },
    active   = record.unless "allow_privileged",
    check    = privileged,
    reason   = "a privileged process in a container holds every capability of the host",
    fix      = "run the command without --privileged",
    allows   = { request(false, "1000") },
    denies   = { request(true, "1000") },
  }, record.check {
    id       = surface .. ".root_user", code = "ex.root", surface = surface, order = 3,
    controls = { { cis = "5.23", bench = "5.24" } },
    title    = "No exec as root",
    reads    = { reads.user },
    knobs    = { allow_root_user = shape.flag(false) },
    active   = record.unless "allow_root_user",
    always   = true,
    check    = root_user,
    reason   = "root in a container is one kernel fault away from root on the host",
    fix      = "name a user other than root with --user",
    allows   = { request(false, "1000"), request(false, "app:staff") },
    denies   = { request(false, nil), request(false, "root"), request(false, "+0") },
  }
end


local COMMANDS = { { "/bin/ls" } }

local create_privileged, create_root = exec_checks("exec_create", {
  privileged = "Privileged", user = "User",
}, function(is_privileged, name)
  return example.exec({ Cmd = { "/bin/ls" }, Privileged = is_privileged, User = name },
    { allowed_commands = COMMANDS })
end)

local start_privileged, start_root = exec_checks("exec_start", {
  privileged = "exec.ProcessConfig.privileged", user = "exec.ProcessConfig.user",
}, function(is_privileged, name)
  return example.start({ entrypoint = "/bin/ls", privileged = is_privileged, user = name },
    { allowed_commands = COMMANDS })
end)

local checks = {
  record.check {
    id       = "container_create.capabilities", code = "cc.cap_add",
    surface  = "container_create", order = 32,
    controls = { { cis = "5.3", bench = "5.4" } },
    title    = "Only listed capabilities are added",
    reads    = { "capabilities" },
    knobs    = { allow_all_capabilities = shape.flag(false),
                 allowed_capabilities = capabilities.shape() },
    knob     = "allowed_capabilities",
    active   = record.unless "allow_all_capabilities",
    check    = capability,
    reason   = "a capability is a part of root's power over the host",
    fix      = "drop --cap-add, or have the capability listed",
    allows   = { example.create { CapAdd = record.NO_ITEMS },
                 example.create({ CapAdd = { "cap_net_bind_service" } },
                   { allowed_capabilities = { "NET_BIND_SERVICE" } }) },
    denies   = { example.create { CapAdd = { "SYS_ADMIN" } },
                 example.create({ CapAdd = { "ALL" } },
                   { allowed_capabilities = { "NET_ADMIN" } }) },
  },
  record.check {
    id       = "container_create.drop_all_capabilities", code = "cc.capdrop",
    surface  = "container_create", order = 36,
    controls = { { cis = "5.3", bench = "5.4" } },
    title    = "All capabilities are dropped first",
    reads    = { "HostConfig.CapDrop" },
    knobs    = { require_drop_all_capabilities = shape.flag(false) },
    active   = record.when "require_drop_all_capabilities",
    always   = true,
    check    = drop_all,
    reason   = "the engine's default set holds capabilities that most programs never use",
    fix      = "add --cap-drop ALL",
    allows   = { example.create({ CapDrop = { "all" } },
                   { require_drop_all_capabilities = true }) },
    denies   = { example.create({}, { require_drop_all_capabilities = true }),
                 example.create({ CapDrop = { "NET_RAW" } },
                   { require_drop_all_capabilities = true }) },
  },
  record.check {
    id       = "container_create.privileged", code = "cc.privileged",
    surface  = "container_create", order = 4,
    controls = { { cis = "5.4", bench = "5.5" } },
    title    = "No privileged containers",
    reads    = { "HostConfig.Privileged" },
    knobs    = { allow_privileged = shape.flag(false) },
    active   = record.unless "allow_privileged",
    check    = privileged,
    reason   = "a privileged container holds every capability and every device of the host",
    fix      = "drop --privileged; add the one capability or device that the program needs",
    allows   = { example.create { Privileged = false } },
    denies   = { example.create { Privileged = true },
                 example.create(compliant { Privileged = true }) },
  },
  record.check {
    id       = "container_create.bind_mounts", code = "cc.bind",
    surface  = "container_create", order = 22,
    controls = { { cis = "5.5", bench = "5.6" }, { cis = "5.31", bench = "5.32" } },
    title    = "Only listed host folders are mounted, the engine's socket included",
    reads    = { "binds" },
    knobs    = { allowed_bind_mounts = binds.shape() },
    check    = bind_mount,
    reason   = "a mounted host folder, or the engine's socket, gives its files and its power away",
    fix      = "use a named volume, or have the folder listed",
    allows   = { example.create { Binds = { "cache:/cache" } },
                 example.create({ Binds = { "/srv/data/app:/data:ro" } },
                   { allowed_bind_mounts = { "/srv/data" } }),
                 example.create({ Binds = { "/srv/data:/data:ro,z" } },
                   { allowed_bind_mounts = { "/srv/data:/data:ro" } }) },
    denies   = { example.create { Binds = { "/:/host" } },
                 example.create { Binds = { "/var/run/docker.sock:/var/run/docker.sock" } },
                 example.create { Mounts = { { Type = "bind", Source = "/etc", Target = "/e" } } },
                 example.create({ Binds = { "/srv/data:/data" } },
                   { allowed_bind_mounts = { "/srv/data:/data:ro" } }) },
  },
  record.check {
    id       = "container_create.host_network", code = "cc.host_network",
    surface  = "container_create", order = 5,
    controls = { { cis = "5.9", bench = "5.10" } },
    title    = "No host network",
    reads    = { "HostConfig.NetworkMode" },
    knobs    = { allow_host_network = shape.flag(false) },
    active   = record.unless "allow_host_network",
    check    = host_network,
    reason   = "it opens every local port and every abstract socket of the host",
    fix      = "drop --network host and publish the ports that are needed",
    allows   = { example.create { NetworkMode = "bridge" } },
    denies   = { example.create { NetworkMode = "host" },
                 example.create { NetworkMode = " HOST " } },
  },
  record.check {
    id       = "container_create.memory_limit", code = "cc.memory",
    surface  = "container_create", order = 37,
    controls = { { cis = "5.10", bench = "5.11" } },
    title    = "Memory is limited",
    reads    = { "HostConfig.Memory" },
    knobs    = { require_memory_limit = shape.flag(false) },
    active   = record.when "require_memory_limit",
    always   = true,
    check    = memory,
    reason   = "one container without a limit can starve the whole host",
    fix      = "add --memory 512m, or what the program needs",
    allows   = { example.create({ Memory = 67108864 }, { require_memory_limit = true }) },
    denies   = { example.create({}, { require_memory_limit = true }),
                 example.create({ Memory = 0 }, { require_memory_limit = true }),
                 example.create({ Memory = 9223372036854775807 },
                   { require_memory_limit = true }) },
  },
  record.check {
    id       = "container_create.cpu_limit", code = "cc.cpu",
    surface  = "container_create", order = 38,
    controls = { { cis = "5.11", bench = "5.12" } },
    title    = "CPU time is weighed or limited",
    reads    = { "HostConfig.NanoCpus", "HostConfig.CpuQuota", "HostConfig.CpuPeriod",
                 "HostConfig.CpuShares" },
    knobs    = { require_cpu_limit = shape.flag(false) },
    active   = record.when "require_cpu_limit",
    always   = true,
    check    = cpu,
    reason   = "one busy container can take the CPU from all others",
    fix      = "add --cpus 1 or --cpu-shares 512",
    allows   = { example.create({ CpuShares = 512 }, { require_cpu_limit = true }),
                 example.create({ NanoCpus = 500000000 }, { require_cpu_limit = true }) },
    denies   = { example.create({}, { require_cpu_limit = true }),
                 example.create({ CpuQuota = -1 }, { require_cpu_limit = true }) },
  },
  record.check {
    id       = "container_create.cpu_limit_hard", code = "cc.cpu_hard",
    surface  = "container_create", order = 39,
    controls = { { cis = "5.11", bench = "5.12" } },
    title    = "CPU time is limited, not only weighed",
    reads    = { "HostConfig.NanoCpus", "HostConfig.CpuQuota", "HostConfig.CpuPeriod" },
    knobs    = { require_cpu_limit_hard = shape.flag(false) },
    active   = record.when "require_cpu_limit_hard",
    always   = true,
    check    = cpu_hard,
    reason   = "a weight holds nobody back while the host is idle",
    fix      = "add --cpus 1",
    allows   = { example.create({ CpuQuota = 50000 }, { require_cpu_limit_hard = true }) },
    denies   = { example.create({ CpuShares = 512 }, { require_cpu_limit_hard = true }) },
  },
  record.check {
    id       = "container_create.readonly_rootfs", code = "cc.rorootfs",
    surface  = "container_create", order = 35,
    controls = { { cis = "5.12", bench = "5.13" } },
    title    = "The root file system is read-only",
    reads    = { "HostConfig.ReadonlyRootfs" },
    knobs    = { require_readonly_rootfs = shape.flag(false) },
    active   = record.when "require_readonly_rootfs",
    always   = true,
    check    = readonly_rootfs,
    reason   = "what an intruder cannot write does not survive a restart",
    fix      = "add --read-only, and --tmpfs or a volume where the program writes",
    allows   = { example.create({ ReadonlyRootfs = true }, { require_readonly_rootfs = true }) },
    denies   = { example.create({}, { require_readonly_rootfs = true }),
                 example.create({ ReadonlyRootfs = false }, { require_readonly_rootfs = true }) },
  },
  record.check {
    id       = "container_create.host_pid", code = "cc.host_pid",
    surface  = "container_create", order = 6,
    controls = { { cis = "5.15", bench = "5.16" } },
    title    = "No host process namespace",
    reads    = { "HostConfig.PidMode" },
    knobs    = { allow_host_pid = shape.flag(false) },
    active   = record.unless "allow_host_pid",
    check    = host_pid,
    reason   = "it shows every process of the host, with its environment, and lets some be killed",
    fix      = "drop --pid host",
    allows   = { example.create { PidMode = "" } },
    denies   = { example.create { PidMode = "host" } },
  },
  record.check {
    id       = "container_create.host_ipc", code = "cc.host_ipc",
    surface  = "container_create", order = 7,
    controls = { { cis = "5.16", bench = "5.17" } },
    title    = "No host IPC namespace",
    reads    = { "HostConfig.IpcMode" },
    knobs    = { allow_host_ipc = shape.flag(false) },
    active   = record.unless "allow_host_ipc",
    check    = host_ipc,
    reason   = "it opens the shared memory of the host's programs",
    fix      = "drop --ipc host",
    allows   = { example.create { IpcMode = "private" } },
    denies   = { example.create { IpcMode = "host" } },
  },
  record.check {
    id       = "container_create.devices", code = "cc.device",
    surface  = "container_create", order = 21,
    controls = { { cis = "5.17", bench = "5.18" } },
    title    = "Only listed host devices are given",
    reads    = { "HostConfig.Devices" },
    knobs    = { allow_all_devices = shape.flag(false), allowed_devices = shape.paths() },
    knob     = "allowed_devices",
    active   = record.unless "allow_all_devices",
    check    = device,
    reason   = "a disk or a memory device is the whole host",
    fix      = "drop --device, or have the device listed",
    allows   = { example.create { Devices = record.NO_ITEMS },
                 example.create({ Devices = { { PathOnHost = "/dev/dri/card0",
                                                PathInContainer = "/dev/dri/card0",
                                                CgroupPermissions = "rwm" } } },
                   { allowed_devices = { "/dev/dri" } }) },
    denies   = { example.create { Devices = { { PathOnHost = "/dev/sda" } } } },
  },
  record.check {
    id       = "container_create.seccomp", code = "cc.seccomp_unconfined",
    surface  = "container_create", order = 29,
    controls = { { cis = "5.21", bench = "5.22" } },
    title    = "The seccomp filter stays on",
    reads    = { "security" },
    knobs    = { deny_unconfined_seccomp = shape.flag(false),
                 allowed_seccomp_profiles = shape.names() },
    knob     = "deny_unconfined_seccomp",
    active   = function(knobs)
      return knobs.deny_unconfined_seccomp or #knobs.allowed_seccomp_profiles > 0
    end,
    check    = seccomp,
    reason   = "without the filter every system call of the kernel can be attacked",
    fix      = "drop --security-opt seccomp=..., or have the profile listed",
    allows   = { example.create({ SecurityOpt = { "no-new-privileges" } },
                   { deny_unconfined_seccomp = true }),
                 example.create({ SecurityOpt = { "seccomp=builtin" } },
                   { allowed_seccomp_profiles = { "builtin" } }) },
    denies   = { example.create({ SecurityOpt = { "seccomp=unconfined" } },
                   { deny_unconfined_seccomp = true }),
                 example.create({ SecurityOpt = { "seccomp={}" } },
                   { deny_unconfined_seccomp = true }),
                 example.create({ SecurityOpt = { "seccomp=other" } },
                   { allowed_seccomp_profiles = { "builtin" } }) },
  },
  record.check {
    id       = "container_create.no_new_privileges", code = "cc.nnp",
    surface  = "container_create", order = 33,
    controls = { { cis = "5.25", bench = "5.26" } },
    title    = "No new privileges",
    reads    = { "security" },
    knobs    = { require_no_new_privileges = shape.flag(false) },
    active   = record.when "require_no_new_privileges",
    always   = true,
    check    = no_new_privileges,
    reason   = "a set-user-id program in the image must not make a process more than it was",
    fix      = "add --security-opt no-new-privileges:true",
    allows   = { example.create({ SecurityOpt = { "no-new-privileges:true" } },
                   { require_no_new_privileges = true }) },
    denies   = { example.create({}, { require_no_new_privileges = true }),
                 example.create({ SecurityOpt = { "no-new-privileges:true",
                                                  "no-new-privileges:false" } },
                   { require_no_new_privileges = true }) },
  },
  record.check {
    id       = "container_create.pids_limit", code = "cc.pids",
    surface  = "container_create", order = 40,
    controls = { { cis = "5.28", bench = "5.29" } },
    title    = "The number of processes is limited",
    reads    = { "HostConfig.PidsLimit" },
    knobs    = { require_pids_limit = shape.flag(false) },
    active   = record.when "require_pids_limit",
    always   = true,
    check    = pids,
    reason   = "a fork bomb in one container takes the host down",
    fix      = "add --pids-limit 100, or what the program needs",
    allows   = { example.create({ PidsLimit = 100 }, { require_pids_limit = true }) },
    denies   = { example.create({}, { require_pids_limit = true }),
                 example.create({ PidsLimit = -1 }, { require_pids_limit = true }) },
  },
  record.check {
    id       = "container_create.host_userns", code = "cc.host_userns",
    surface  = "container_create", order = 8,
    controls = { { cis = "5.30", bench = "5.31" } },
    title    = "No host user namespace",
    reads    = { "HostConfig.UsernsMode" },
    knobs    = { allow_host_userns = shape.flag(false) },
    active   = record.unless "allow_host_userns",
    check    = host_userns,
    reason   = "it switches off the mapping that keeps the container's root from being the host's",
    fix      = "drop --userns host",
    allows   = { example.create { UsernsMode = "" } },
    denies   = { example.create { UsernsMode = "host" } },
  },
  create_privileged, create_root, start_privileged, start_root,
}

return {
  checks = checks,
  readings = { binds.reading, capabilities.reading, security.reading },
}

-- knobs.container_create: checks of a create body that answer to no control of the page:
-- namespaces, who runs, what is required, and what is unknown.
local example = require "core.example"
local mode = require "engine.mode"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"
local user = require "engine.user"

local SURFACE = "container_create"


local function host_cgroupns(value)
  if mode.is_host(value) then
    return "the host's cgroup namespace is not allowed (HostConfig.CgroupnsMode)"
  end
end


local function is_bare(entry)
  if entry ~= "" and text.trim(entry) == entry then
    return true
  end
  return nil, "is blank, or has blanks around it"
end


-- One namespace: nil, or what is wrong and its id.
local function shared_namespace(value, label, allowed)
  local name = mode.container(value)
  if not name or allowed[name] then
    return nil
  end
  if #allowed == 0 then
    return "joining another container's " .. label .. " namespace is not allowed"
  end
  return "container " .. text.quote(name) .. ", whose " .. label
    .. " namespace is to be joined, is not in allowed_namespace_sharing_containers",
    "cc.ns_share_target"
end


-- Written out: a loop over five values would have to make a list of them for every request.
local function namespace_sharing(network, pid, ipc, uts, userns, knobs)
  local allowed = knobs.allowed_namespace_sharing_containers
  local found, code
  if network then
    found, code = shared_namespace(network, "network", allowed)
  end
  if pid and not found then
    found, code = shared_namespace(pid, "process", allowed)
  end
  if ipc and not found then
    found, code = shared_namespace(ipc, "IPC", allowed)
  end
  if uts and not found then
    found, code = shared_namespace(uts, "UTS", allowed)
  end
  if userns and not found then
    found, code = shared_namespace(userns, "user", allowed)
  end
  return found, code
end


local function namespace_path(network)
  if mode.is_path(network) then
    return "a network namespace by its path is not allowed (HostConfig.NetworkMode)"
  end
end


local function sysctls(values)
  if next(values) then
    return "sysctls are not allowed (HostConfig.Sysctls)"
  end
end


local function host_uts(value)
  if mode.is_host(value) then
    return "the host's UTS namespace is not allowed (HostConfig.UTSMode)"
  end
end


-- Not trimmed: to the engine a blank is a name too.
local function cgroup_parent(parent)
  if parent ~= "" then
    return "cgroup parent " .. text.quote(parent) .. " is not allowed (HostConfig.CgroupParent)"
  end
end


local function group_add(groups)
  if #groups > 0 then
    return "additional groups are not allowed (HostConfig.GroupAdd)"
  end
end


local function extra_hosts(hosts)
  if #hosts > 0 then
    return "additional host names are not allowed (HostConfig.ExtraHosts)"
  end
end


local function runtime(name, knobs)
  if name == "" then
    return nil
  end
  local trimmed = text.trim(name)
  if trimmed ~= "" and not knobs.allowed_runtimes[trimmed] then
    return "runtime " .. text.quote(trimmed) .. " is not in allowed_runtimes"
  end
end


local function non_root_user(name)
  if user.is_root(name) then
    return "user " .. text.quote(name or "") .. " is root or may be"
  end
end


local function labels(given, knobs)
  for _, name in ipairs(knobs.required_labels) do
    local value = given and given[name]
    if not value or text.trim(value) == "" then
      return "label " .. text.quote(name) .. " is required"
    end
  end
end


local function annotations(values)
  if next(values) then
    return "annotations are not allowed (HostConfig.Annotations)"
  end
end


-- Drivers that keep what a container prints on the host.
local LOCAL_LOGS = { ["json-file"] = true, journald = true, ["local"] = true, none = true }


local function log_driver(name, knobs)
  local allowed = knobs.allowed_log_drivers
  if name == "" or allowed[name] or (#allowed == 0 and LOCAL_LOGS[name]) then
    return nil
  end
  return "log driver " .. text.quote(name) .. " is not in allowed_log_drivers"
end


local STRICT = { unknown_fields = "deny" }

local checks = {
  record.check {
    id = "container_create.host_cgroupns", code = "cc.host_cgroupns", surface = SURFACE, order = 9,
    title = "No host cgroup namespace",
    reads = { "HostConfig.CgroupnsMode" },
    knobs = { allow_host_cgroupns = shape.flag(false) },
    active = record.unless "allow_host_cgroupns", check = host_cgroupns,
    reason = "it shows the cgroups of the whole host",
    fix = "drop --cgroupns host",
    allows = { example.create { CgroupnsMode = "private" } },
    denies = { example.create { CgroupnsMode = "host" } },
  },
  record.check {
    id = "container_create.namespace_sharing", code = "cc.ns_share_none", surface = SURFACE,
    order = 10,
    title = "Other containers' namespaces are not joined",
    reads = { "HostConfig.NetworkMode", "HostConfig.PidMode", "HostConfig.IpcMode",
              "HostConfig.UTSMode", "HostConfig.UsernsMode" },
    knobs = { restrict_namespace_sharing = shape.flag(false),
              allowed_namespace_sharing_containers = shape.names { valid = is_bare } },
    knob = "restrict_namespace_sharing",
    active = record.when "restrict_namespace_sharing", check = namespace_sharing,
    reason = "who shares a namespace reaches the other container's processes, memory or ports",
    fix = "drop container:..., or have the container listed",
    allows = { example.create({ NetworkMode = "bridge" }, { restrict_namespace_sharing = true }),
               example.create({ NetworkMode = "container:web" },
                 { restrict_namespace_sharing = true,
                   allowed_namespace_sharing_containers = { "web" } }) },
    denies = { example.create({ PidMode = "container:web" },
                 { restrict_namespace_sharing = true }),
               example.create({ IpcMode = "Container:/web" },
                 { restrict_namespace_sharing = true,
                   allowed_namespace_sharing_containers = { "web" } }) },
  },
  record.check {
    id = "container_create.namespace_path", code = "cc.ns_path", surface = SURFACE, order = 11,
    title = "No network namespace by its path",
    reads = { "HostConfig.NetworkMode" },
    knobs = { deny_namespace_path_mode = shape.flag(false) },
    active = record.when "deny_namespace_path_mode", check = namespace_path,
    reason = "a path can name the namespace of the host's first process",
    fix = "name a network or a container",
    allows = { example.create({ NetworkMode = "bridge" }, { deny_namespace_path_mode = true }) },
    denies = { example.create({ NetworkMode = "ns:/proc/1/ns/net" },
                 { deny_namespace_path_mode = true }) },
  },
  record.check {
    id = "container_create.sysctls", code = "cc.sysctls", surface = SURFACE, order = 12,
    title = "No kernel settings",
    reads = { "HostConfig.Sysctls" },
    knobs = { allow_sysctls = shape.flag(false) },
    active = record.unless "allow_sysctls", check = sysctls,
    reason = "some kernel settings of a container's namespaces weaken its isolation",
    fix = "drop --sysctl",
    allows = { example.create { Sysctls = {} } },
    denies = { example.create { Sysctls = { ["net.ipv4.ip_forward"] = "1" } } },
  },
  record.check {
    id = "container_create.host_uts", code = "cc.host_uts", surface = SURFACE, order = 14,
    controls = { { cis = "5.20", bench = "5.21" } },
    title = "No host UTS namespace",
    reads = { "HostConfig.UTSMode" }, knobs = {}, check = host_uts,
    reason = "it lets a container rename the host",
    fix = "drop --uts host",
    allows = { example.create { UTSMode = "" } },
    denies = { example.create { UTSMode = "host" } },
  },
  record.check {
    id = "container_create.cgroup_parent", code = "cc.cgroup_parent", surface = SURFACE,
    order = 15,
    controls = { { cis = "5.24", bench = "5.25" } },
    title = "No cgroup of the caller's choice",
    reads = { "HostConfig.CgroupParent" }, knobs = {}, check = cgroup_parent,
    reason = "it takes the container out of the limits that its place in the tree gives",
    fix = "drop --cgroup-parent",
    allows = { example.create { CgroupParent = "" } },
    denies = { example.create { CgroupParent = "/custom" }, example.create { CgroupParent = " " } },
  },
  record.check {
    id = "container_create.group_add", code = "cc.group_add", surface = SURFACE, order = 16,
    title = "No additional groups",
    reads = { "HostConfig.GroupAdd" }, knobs = {}, check = group_add,
    reason = "a group of the host opens that group's files in every mount",
    fix = "drop --group-add",
    allows = { example.create { GroupAdd = record.NO_ITEMS } },
    denies = { example.create { GroupAdd = { "docker" } } },
  },
  record.check {
    id = "container_create.extra_hosts", code = "cc.extra_hosts", surface = SURFACE, order = 17,
    title = "No additional host names",
    reads = { "HostConfig.ExtraHosts" },
    knobs = { allow_extra_hosts = shape.flag(false) },
    active = record.unless "allow_extra_hosts", check = extra_hosts,
    reason = "it sends a program to another machine than its name says",
    fix = "drop --add-host",
    allows = { example.create { ExtraHosts = record.NO_ITEMS },
               example.create({ ExtraHosts = { "db:10.0.0.1" } }, { allow_extra_hosts = true }) },
    denies = { example.create { ExtraHosts = { "db:10.0.0.1" } } },
  },
  record.check {
    id = "container_create.runtime", code = "cc.runtime", surface = SURFACE, order = 18,
    title = "Only listed runtimes",
    reads = { "HostConfig.Runtime" },
    knobs = { allowed_runtimes = shape.names() }, check = runtime,
    reason = "a runtime is a program of the host that runs as root",
    fix = "drop --runtime, or have the runtime listed",
    allows = { example.create { Runtime = "" },
               example.create({ Runtime = "runsc" }, { allowed_runtimes = { "runsc" } }) },
    denies = { example.create { Runtime = "io.containerd.runc.v2" } },
  },
  record.check {
    id = "container_create.non_root_user", code = "cc.nonroot", surface = SURFACE, order = 34,
    title = "Processes do not run as root",
    reads = { "User" },
    knobs = { require_non_root_user = shape.flag(false) },
    active = record.when "require_non_root_user", always = true, check = non_root_user,
    reason = "root in a container is one kernel fault away from root on the host",
    fix = "add --user 1000, or a name other than root",
    allows = { example.config({ User = "1000:0" }, { require_non_root_user = true }),
               example.config({ User = "app" }, { require_non_root_user = true }) },
    denies = { example.config({}, { require_non_root_user = true }),
               example.config({ User = "root" }, { require_non_root_user = true }),
               example.config({ User = "-0:5" }, { require_non_root_user = true }) },
  },
  record.check {
    id = "container_create.required_labels", code = "cc.label", surface = SURFACE, order = 41,
    title = "Required labels are there",
    reads = { "Labels" },
    knobs = { required_labels = shape.names() },
    active = function(knobs)
      return #knobs.required_labels > 0
    end,
    always = true, check = labels,
    reason = "labels say whose a container is",
    fix = "add --label name=value for each required label",
    allows = { example.config({ Labels = { team = "web" } }, { required_labels = { "team" } }) },
    denies = { example.config({}, { required_labels = { "team" } }),
               example.config({ Labels = { team = " " } }, { required_labels = { "team" } }) },
  },
  record.check {
    id = "container_create.annotations", code = "cc.annotations", surface = SURFACE, order = 60,
    title = "No annotations for the runtime",
    reads = { "HostConfig.Annotations" },
    knobs = { allow_annotations = shape.flag(false), unknown_fields = unknown.shape },
    knob = "allow_annotations",
    active = function(knobs)
      return not knobs.allow_annotations and unknown.is_strict(knobs)
    end,
    check = annotations,
    reason = "runtimes and hooks of the host obey them, each in its own way",
    fix = "drop --annotation",
    allows = { example.create({ Annotations = {} }, STRICT),
               example.create({ Annotations = { a = "b" } },
                 { allow_annotations = true, unknown_fields = "deny" }) },
    denies = { example.create({ Annotations = { a = "b" } }, STRICT) },
  },
  record.check {
    id = "container_create.log_driver", code = "cc.log_driver", surface = SURFACE, order = 61,
    title = "Only local or listed log drivers",
    reads = { "HostConfig.LogConfig.Type" },
    knobs = { allowed_log_drivers = shape.names(), unknown_fields = unknown.shape },
    knob = "allowed_log_drivers",
    active = unknown.set_or_strict "allowed_log_drivers", check = log_driver,
    reason = "a network driver makes the engine itself send to an address of the caller's",
    fix = "drop --log-driver, or have the driver listed",
    allows = { example.create({ LogConfig = { Type = "json-file", Config = {} } }, STRICT),
               example.create({ LogConfig = { Type = "fluentd" } },
                 { allowed_log_drivers = { "fluentd" } }) },
    denies = { example.create({ LogConfig = { Type = "syslog",
                   Config = { ["syslog-address"] = "udp://192.0.2.1:514" } } }, STRICT),
               example.create({ LogConfig = { Type = "json-file" } },
                 { allowed_log_drivers = { "local" } }) },
  },
  unknown.check {
    surface = SURFACE, code = "cc.unknown_field",
    allows = { example.create({ FutureFlag = false }, STRICT) },
    denies = { example.create({ FutureEscape = { Enabled = true } }, STRICT) },
  },
}

return { checks = checks }

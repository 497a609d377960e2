-- oracle.mutations: what an attacker would add to, or take from, an honest create body.
--
-- Each entry is { member, values... }: a member of HostConfig, or with a leading slash of the
-- root. json.raw writes a number that Lua has not; NOTHING takes the member away.
local cjson = require "cjson"
local json = require "oracle.json"

local list, raw = json.list, json.raw
local NOTHING = {}

local mutations = { NOTHING = NOTHING }


local function mount(members)
  local value = { Type = "bind", Source = "/etc", Target = "/mnt/m" }
  for name, item in pairs(members) do
    value[name] = item
  end
  return list(value)
end


local function volume(options, members)
  local value = { Type = "volume", Source = NOTHING, Target = "/mnt/m",
                  VolumeOptions = { DriverConfig = { Name = "local", Options = options } } }
  for name, item in pairs(members or {}) do
    value[name] = item
  end
  value.Source = value.Source ~= NOTHING and value.Source or nil
  return list(value)
end


local function security(...)
  return list("no-new-privileges", ...)
end


local DEVICE = { PathOnHost = "/dev/kmsg", PathInContainer = "/dev/kmsg",
                 CgroupPermissions = "rwm" }
local ALLOW_ALL = '{"defaultAction":"SCMP_ACT_ALLOW"}'

mutations.list = {
  { "Privileged", true, true, true },
  { "NetworkMode", "host", "host", "HOST", " host", "container:victim", "container:web",
    "ns:/proc/1/ns/net", "@hostnet", "bridge", "default", "none", "web", "Host" },
  { "PidMode", "host", "host", "container:victim", "HOST", "host " },
  { "IpcMode", "host", "host", "container:victim", "shareable", "private", "Host" },
  { "UTSMode", "host", "HOST", "container:victim" },
  { "UsernsMode", "host", "HOST" },
  { "CgroupnsMode", "host", "private" },
  { "Binds", list "/:/mnt/h", list "/etc:/mnt/h:ro", list "//etc/..//:/mnt/h",
    list "hostroot:/mnt/h", list "hostetc:/mnt/h", list "hostrun:/mnt/h",
    list "/var/run/docker.sock:/s", list "/proc:/mnt/p", list("data:/mnt/d", "/sys:/mnt/s"),
    list "/anonymous", list "./x:/mnt/y", list "data:/mnt/d:rshared",
    list "/tmp:/mnt/h:rshared", list " /etc:/mnt/h", list "hostlayer:/mnt/h", list "data:/mnt/d" },
  { "Mounts", mount {}, mount { Type = "BIND" }, mount { Type = " bind" }, mount { Source = "/" },
    mount { Source = "/etc/../root" }, mount { BindOptions = { Propagation = "rshared" } },
    volume { type = "none", o = "bind", device = "/" }, volume { o = "rbind,ro", device = "etc" },
    volume { type = "overlay", device = "overlay", o = "lowerdir=/etc:/usr" },
    volume({ type = "none", o = "bind", device = "/" }, { Source = "fresh" }),
    mount { Type = "volume", Source = "hostroot" }, mount { Type = "volume", Source = "hostetc" },
    mount { Type = "volume", Source = "data" }, mount { Type = "tmpfs", Source = "" },
    mount { Type = "volume", Source = "data", VolumeOptions = { Subpath = "../../../.." } },
    mount { Type = "tmpfs", Source = "",
            TmpfsOptions = { Options = list(list "exec", list "suid") } },
    mount { Type = "npipe" }, mount { Type = "image", Source = "alpine" } },
  { "VolumesFrom", list "victim", list "victim:ro" },
  { "VolumeDriver", "local", "rexray" },
  { "CapAdd", list "SYS_ADMIN", list "ALL", list "cap_net_raw", list "CHOWN", list "CAP_SYS_PTRACE",
    list " SYS_ADMIN" },
  { "CapDrop", list(), list "CHOWN", NOTHING, list "NET_RAW", cjson.null },
  { "Capabilities", list("CAP_SYS_ADMIN", "CAP_CHOWN"), list() },
  { "SecurityOpt", list(), NOTHING, security "no-new-privileges:false",
    security "seccomp=unconfined",
    security("seccomp=" .. ALLOW_ALL), security "seccomp={}", security "seccomp:unconfined",
    security "apparmor=unconfined", security "systempaths=unconfined", security "label=disable",
    security "disable", security "writable-cgroups=true", list "no-new-privileges=false",
    security "seccomp=null", list "seccomp=unconfined", security "no-new-privileges=0" },
  { "MaskedPaths", list(), list "/nowhere", list "" },
  { "ReadonlyPaths", list(), list "/nowhere", list "/proc/bus" },
  { "Devices", list(DEVICE), list { PathOnHost = "/dev/mem", CgroupPermissions = "r" },
    list { PathOnHost = "/dev/../dev/kmsg", PathInContainer = "/k", CgroupPermissions = "rwm" } },
  { "DeviceCgroupRules", list "a *:* rwm", list "c 1:11 rwm" },
  { "DeviceRequests", list { Driver = "", Count = -1, Capabilities = list(list "gpu") } },
  { "Memory", 0, -1, NOTHING, raw "9223372036854775807", raw "4611686018427387904",
    6291456 },
  { "MemorySwap", -1, 134217728 }, { "MemoryReservation", 6291456 }, { "KernelMemory", 0 },
  { "PidsLimit", 0, -1, NOTHING, cjson.null, raw "9223372036854775807", 10 },
  { "NanoCpus", 0, NOTHING, -1, 100000000 }, { "CpuShares", 0, NOTHING, 2 },
  { "CpuQuota", -1, 0, NOTHING }, { "CpuPeriod", 0, 100000 },
  { "CpuRealtimeRuntime", 1000 }, { "CpusetCpus", "0" },
  { "ReadonlyRootfs", false, NOTHING, cjson.null },
  { "Tmpfs", { ["/mnt/t"] = "exec,suid,dev" }, { ["/mnt/t"] = "rw" }, { ["/mnt/t"] = "EXEC" } },
  { "Sysctls", { ["net.ipv4.ip_forward"] = "1" }, { ["kernel.shmmax"] = "1" } },
  { "Runtime", "io.containerd.runc.v2", "runc", "" },
  { "CgroupParent", "/custom", "../..", " " },
  { "Cgroup", "container:victim", "" },
  { "Links", list "victim:v", list() }, { "ExtraHosts", list "db:10.0.0.1" },
  { "GroupAdd", list "0", list "docker" }, { "Dns", list "192.0.2.1" },
  { "LogConfig", { Type = "syslog", Config = { ["syslog-address"] = "udp://127.0.0.1:5514" } },
    { Type = "json-file", Config = { ["max-size"] = "1m" } }, { Type = "none" } },
  { "Annotations", { ["run.oci.keep_original_groups"] = "1" } },
  { "OomScoreAdj", -1000, 500 }, { "OomKillDisable", true },
  { "Ulimits", list { Name = "nofile", Soft = 1024, Hard = 1024 } }, { "ShmSize", 1048576 },
  { "RestartPolicy", { Name = "always" }, { Name = "on-failure", MaximumRetryCount = 3 } },
  { "PortBindings", { ["80/tcp"] = list { HostIp = "", HostPort = "" } } },
  { "PublishAllPorts", true }, { "Init", true }, { "StorageOpt", { size = "1G" } },
  { "Isolation", "hyperv", "default" }, { "ContainerIDFile", "/x" }, { "ConsoleSize", list(1, 2) },
  { "LxcConf", list { Key = "lxc.utsname", Value = "x" } }, { "NoSuchMember", true, 0 },
  { "/User", "root", "0", "+0", "-0", "000000000000000000000", ":0", "0:", "1000:0", "nobody" },
  { "/Volumes", { ["/mnt/v"] = {} } }, { "/Hostname", "host" },
  { "/MacAddress", "02:42:ac:11:00:09" },
  { "/NetworkingConfig", { EndpointsConfig = { host = {} } }, { EndpointsConfig = { web = {} } },
    { EndpointsConfig = { bridge = { DriverOpts = {
      ["com.docker.network.endpoint.sysctls"] = "net.ipv4.conf.IFNAME.route_localnet=1" } } } } },
  { "/ExposedPorts", { ["22/tcp"] = {} } }, { "/Env", list "LD_PRELOAD=/x" },
  { "/HostConfig", cjson.null, {} }, { "/NetworkDisabled", true }, { "/Tty", true },
}


return mutations

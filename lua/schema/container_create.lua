-- schema.container_create: the body of POST /containers/create, as dockerd decodes it: the
-- container's Config at the root, HostConfig and NetworkingConfig (API 1.24 to 1.56).
--
-- What is left out is unknown, so `unknown_fields` decides about it: Capabilities, Cgroup,
-- CpuRealtimePeriod, CpuRealtimeRuntime, InitPath, LxcConf, ClusterOptions.
local s = require "core.schema"

local OWN = "concerns the container's own processes only"
local WINDOWS = "read by Windows engines only"
local LIMIT = "a limit on the container's own use"
local CLIENT = "for the client, the engine does nothing with it"
-- An empty list replaces the engine's own; null, or none, leaves it.
local LIST_OR_NULL = { keeps_zero = true }
-- Read only where a setting asks: without one nothing in it is worth a denial, and what is of
-- another kind only the engine refuses.
local LOOSE = { loose = true }
-- No setting judges it, but an operators' rule may: its kind is the engine's.
local function unjudged(kind, name, why)
  return s[kind](name, { loose = true, why = why })
end
local TYPED = { why = "type-checked as the engine does; no setting judges it" }

local volume_options = s.record("VolumeOptions", {
  s.harmless("NoCopy", "whether the image's files are copied into a new volume"),
  s.harmless("Labels", "labels of a new volume"),
  s.string("Subpath", { since = "1.45" }),
  s.record("DriverConfig", { s.string "Name", s.string_map "Options" }),
})

local mount = {
  s.string "Type", s.string "Source", s.string "Target", s.bool "ReadOnly",
  s.harmless("Consistency", "a hint for desktop engines"),
  s.record("BindOptions", {
    s.string "Propagation",
    s.harmless("NonRecursive", "leaves out what is mounted below a judged bind"),
    s.harmless("CreateMountpoint", "makes an empty folder where a judged bind may be"),
    s.harmless("ReadOnlyNonRecursive", "what is below keeps its own mode"),
    s.harmless("ReadOnlyForceRecursive", "read-only all the way down, or refused"),
  }, LOOSE),
  volume_options,
  s.record("ImageOptions", { s.string "Subpath" }, { since = "1.48" }),
  s.record("TmpfsOptions", {
    s.harmless("SizeBytes", LIMIT), s.harmless("Mode", "permissions of an empty folder"),
    s.list_of_strings("Options", { since = "1.46" }),
  }),
}

local device = {
  s.string "PathOnHost",
  s.harmless("PathInContainer", "where a judged device appears"),
  s.harmless("CgroupPermissions", "at most what a judged device allows"),
}

local device_request = {
  s.string "Driver", s.int "Count", s.strings "DeviceIDs", s.list_of_strings "Capabilities",
  s.string_map("Options", TYPED),
}

local log_config = s.record("LogConfig", {
  s.string "Type", s.string_map("Config", {
    why = "options of a judged driver; local drivers only keep and rotate",
  }),
})

local host_config = s.record("HostConfig", {
  s.string_map("Annotations", { since = "1.43" }),
  unjudged("bool", "AutoRemove", "removes the container when it ends"),
  s.strings "Binds",
  s.harmless("BlkioDeviceReadBps", LIMIT), s.harmless("BlkioDeviceReadIOps", LIMIT),
  s.harmless("BlkioDeviceWriteBps", LIMIT), s.harmless("BlkioDeviceWriteIOps", LIMIT),
  unjudged("int", "BlkioWeight", LIMIT), s.harmless("BlkioWeightDevice", LIMIT),
  s.strings "CapAdd", s.strings "CapDrop",
  s.string "CgroupParent", s.string("CgroupnsMode", { since = "1.41" }),
  s.harmless("ConsoleSize", CLIENT), s.harmless("ContainerIDFile", CLIENT),
  s.harmless("CpuCount", WINDOWS), s.harmless("CpuPercent", WINDOWS),
  s.int "CpuPeriod", s.int "CpuQuota", s.int "CpuShares",
  unjudged("string", "CpusetCpus", "which CPUs its own share is taken from"),
  unjudged("string", "CpusetMems", "which memory nodes its own share is taken from"),
  s.strings "DeviceCgroupRules",
  s.records("DeviceRequests", device_request, { since = "1.40" }),
  s.records("Devices", device),
  unjudged("strings", "Dns", "which servers its own look-ups ask"),
  unjudged("strings", "DnsOptions", "how its own look-ups ask"),
  unjudged("strings", "DnsSearch", "how its own look-ups complete names"),
  s.strings "ExtraHosts", s.strings "GroupAdd",
  s.harmless("IOMaximumBandwidth", WINDOWS), s.harmless("IOMaximumIOps", WINDOWS),
  unjudged("bool", "Init", "puts the engine's own init program first"),
  s.string "IpcMode",
  unjudged("string", "Isolation", WINDOWS),
  s.harmless("KernelMemory", LIMIT), s.harmless("KernelMemoryTCP", LIMIT),
  s.strings "Links", log_config, s.strings("MaskedPaths", LIST_OR_NULL), s.int "Memory",
  s.int("MemoryReservation", TYPED),
  unjudged("int", "MemorySwap", LIMIT), s.harmless("MemorySwappiness", "weighs its own swapping"),
  s.records("Mounts", mount), s.int "NanoCpus", s.string "NetworkMode",
  unjudged("bool", "OomKillDisable", "beyond its memory limit the container waits instead of dying;"
    .. " engines on cgroup v2 ignore it"),
  s.int "OomScoreAdj", s.string "PidMode", s.int "PidsLimit",
  s.records_map("PortBindings", { s.string "HostIp", s.string "HostPort" }, LOOSE),
  s.bool "Privileged",
  s.bool("PublishAllPorts", LOOSE),
  s.strings("ReadonlyPaths", LIST_OR_NULL), s.bool "ReadonlyRootfs",
  s.record("RestartPolicy", { s.string "Name", s.int "MaximumRetryCount" }, LOOSE),
  s.string "Runtime", s.strings "SecurityOpt",
  unjudged("int", "ShmSize", "shared memory counts as the container's memory"),
  unjudged("string_map", "StorageOpt", "the size of its own writable layer"),
  s.string_map "Sysctls", s.string_map "Tmpfs", s.string "UTSMode",
  s.records("Ulimits", { s.string "Name", s.int "Soft", s.int "Hard" }, LOOSE),
  s.string "UsernsMode", s.string "VolumeDriver", s.strings "VolumesFrom",
})

local endpoint = {
  s.record("IPAMConfig", { s.string "IPv4Address", s.string "IPv6Address",
                           s.strings "LinkLocalIPs" }),
  s.strings "Links", s.strings "Aliases", s.string "Gateway", s.string "IPAddress",
  s.int "IPPrefixLen", s.string "IPv6Gateway", s.string "GlobalIPv6Address",
  s.int "GlobalIPv6PrefixLen", s.string "MacAddress", s.any_map "DriverOpts",
  s.int("GwPriority", { since = "1.48" }),
  s.harmless("NetworkID", "set by the engine"), s.harmless("EndpointID", "set by the engine"),
  s.harmless("DNSNames", "set by the engine"),
}

local members = {
  s.harmless("ArgsEscaped", WINDOWS),
  unjudged("bool", "AttachStderr", CLIENT), unjudged("bool", "AttachStdin", CLIENT),
  unjudged("bool", "AttachStdout", CLIENT),
  s.command("Cmd", LOOSE), unjudged("string", "Domainname", OWN), s.command("Entrypoint", LOOSE),
  unjudged("strings", "Env", OWN),
  s.any_map("ExposedPorts", LOOSE),
  s.record("Healthcheck", {
    s.strings "Test",
    s.harmless("Interval", OWN), s.harmless("Timeout", OWN), s.harmless("Retries", OWN),
    s.harmless("StartPeriod", OWN), s.harmless("StartInterval", OWN),
  }, LOOSE),
  host_config,
  unjudged("string", "Hostname", OWN),
  s.string("Image", TYPED),
  s.string_map "Labels",
  s.string("MacAddress", { ["until"] = "1.51" }),
  unjudged("bool", "NetworkDisabled", OWN),
  s.record("NetworkingConfig", { s.record_map("EndpointsConfig", endpoint) }),
  s.harmless("OnBuild", "for images built from a container"),
  unjudged("bool", "OpenStdin", OWN), unjudged("strings", "Shell", OWN),
  unjudged("bool", "StdinOnce", OWN), unjudged("string", "StopSignal", OWN),
  unjudged("int", "StopTimeout", OWN), unjudged("bool", "Tty", OWN),
  s.string "User",
  unjudged("any_map", "Volumes", "anonymous volumes, made by the judged driver"),
  unjudged("string", "WorkingDir", OWN),
  s.harmless("name", "dockerode repeats its query; the engine takes that of the query"),
  s.harmless("platform", "dockerode repeats its query; the engine takes that of the query"),
}

local volume = {
  s.string "Name", s.string "Driver", s.string_map "Options",
}

local network = { s.string "Name", s.string "Driver" }

return {
  surface = "container_create", group = "container_create", prefix = "cc",
  subject = "container create", body_max = 1048576,
  document = s.document { name = "create body", members = members, legacy = "HostConfig",
                          zero_is_absent = true },
  facts = {
    { name = "volumes", path = "/volumes/{id}", names = "volumes_used",
      document = s.document { name = "volume inspect", members = volume, lenient = true } },
    { name = "networks", path = "/networks/{id}", names = "networks_used",
      document = s.document { name = "network inspect", members = network, lenient = true } },
  },
}

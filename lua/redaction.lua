-- redaction: what response.redact_* hides of the engine's answers: one record a value.
--
-- switch   the setting, response.redact_<switch>
-- method, route  as src/http/routes.def has them
-- path     the value: member names with dots, "[]" for each element, "*" for any member
-- edit     what becomes of it:
--   mark     anything is "<redacted>"
--   empty    the empty one of its kind: "<redacted>", 0, [] or {}
--   list     [], also where the engine's answer lacks it
--   address  "<redacted>"; "" from API 1.44 on, because clients parse addresses
--   bytes    the same; in base64 for clients, which decode it (a path with an API version)
--   host     as address, but addresses that mean any address or this host stay
--   option   a text with / \ : = @ or two dots: a path, an address, mount options
--   bind     source of a bind string, where it is absolute
--   value    NAME=value keeps NAME
--   exec     "exec_create: command" keeps the first word
--   env      a list of NAME=value: "empty"; with response.redact_env_names "value" for those names
--   env_list the same, but "list"
--
-- The paths are those of API 1.24 to 1.52 and of Podman 4 and 5. What the reference hides is all
-- here (surfaces.md 11.4); it knows less of addresses, paths and images.

-- Paths by switch and edit: { switch = { edit = "path path" } }.
local NETWORK = {
  network_topology = {
    mark = [[
      HostConfig.NetworkMode NetworkSettings.Bridge NetworkSettings.EndpointID
      NetworkSettings.SandboxID NetworkSettings.SandboxKey
      NetworkSettings.Networks.*.EndpointID NetworkSettings.Networks.*.NetworkID ]],
    address = [[
      NetworkSettings.Gateway NetworkSettings.GlobalIPv6Address NetworkSettings.IPAddress
      NetworkSettings.IPv6Gateway NetworkSettings.LinkLocalIPv6Address NetworkSettings.MacAddress
      NetworkSettings.Networks.*.Gateway NetworkSettings.Networks.*.GlobalIPv6Address
      NetworkSettings.Networks.*.IPAddress NetworkSettings.Networks.*.IPv6Gateway
      NetworkSettings.Networks.*.MacAddress ]],
    empty = [[
      NetworkSettings.GlobalIPv6PrefixLen NetworkSettings.IPPrefixLen
      NetworkSettings.LinkLocalIPv6PrefixLen NetworkSettings.SecondaryIPAddresses
      NetworkSettings.SecondaryIPv6Addresses NetworkSettings.Networks.*.GlobalIPv6PrefixLen
      NetworkSettings.Networks.*.IPPrefixLen NetworkSettings.Networks.*.IPAMConfig ]],
    option = "NetworkSettings.Networks.*.DriverOpts.*",
    host = "NetworkSettings.Ports.*[].HostIp",
  },
}

local MOUNTS = { mount_paths = { mark = "Mounts[].Source" } }

-- A path or an address inside of a message: the message is hidden.
local FAILURE = { mount_paths = { option = "State.Error" } }

local CONTAINER = {
  container_env = { env_list = "Config.Env" },
  mount_paths = {
    mark = [[
      HostConfig.Mounts[].Source HostConfig.Devices[].PathOnHost HostConfig.ContainerIDFile
      HostConfig.BlkioWeightDevice[].Path HostConfig.BlkioDeviceReadBps[].Path
      HostConfig.BlkioDeviceWriteBps[].Path HostConfig.BlkioDeviceReadIOps[].Path
      HostConfig.BlkioDeviceWriteIOps[].Path ResolvConfPath HostnamePath HostsPath LogPath
      GraphDriver.Data.* Volumes.* ]],
    empty = "HostConfig.MaskedPaths HostConfig.ReadonlyPaths",
    bind = "HostConfig.Binds[]",
    option = "HostConfig.Mounts[].VolumeOptions.DriverConfig.Options.*",
  },
  network_topology = {
    address = "Config.MacAddress",
    empty = "HostConfig.ExtraHosts HostConfig.Dns",
    host = "HostConfig.PortBindings.*[].HostIp",
  },
  sensitive_data = {
    mark = "HostConfig.LogConfig.Config.* HostConfig.Mounts[].VolumeOptions.DriverConfig.Options.*",
  },
}

-- Podman's own fields beside Docker's.
local PODMAN = {
  container_env = { empty = "Config.CreateCommand" },
  mount_paths = {
    mark = [[ StaticDir OCIConfigPath ConmonPidFile PidFile HostConfig.LogConfig.Path Rootfs
      State.CheckpointPath ]],
  },
  network_topology = {
    empty = [[ NetworkSettings.Networks.*.AdditionalMacAddresses
      NetworkSettings.Networks.*.SecondaryIPAddresses
      NetworkSettings.Networks.*.SecondaryIPv6Addresses ]],
  },
}

local LISTED = { network_topology = { host = "Ports[].IP" } }

local IMAGE = {
  container_env = { env = "Config.Env ContainerConfig.Env", empty = "ContainerConfig.Cmd" },
  mount_paths = { mark = "GraphDriver.Data.*" },
}

-- What a build step was: with it the values of ENV and of build arguments.
local HISTORY = { container_env = { mark = "CreatedBy" } }

local VOLUME = {
  mount_paths = { mark = "Mountpoint", empty = "Status", option = "Options.*" },
  sensitive_data = {
    mark = "Options.*",
    empty = [[ ClusterVolume.Info.VolumeContext ClusterVolume.PublishStatus
      ClusterVolume.Spec.Secrets ]],
  },
}

local SUBNETS = {
  network_topology = {
    list = "IPAM.Config", empty = "Containers Peers Services Status",
    option = "Options.* IPAM.Options.*",
  },
}

local PODMAN_NETWORK = {
  network_topology = {
    empty = "subnets network_interface containers routes network_dns_servers",
    option = "options.*",
  },
}

local PODMAN_SECRET = { sensitive_data = { mark = "SecretData" } }

local SPEC = {
  container_env = { env = "ContainerSpec.Env PluginSpec.Env" },
  mount_paths = {
    mark = "ContainerSpec.Mounts[].Source",
    option = "ContainerSpec.Mounts[].VolumeOptions.DriverConfig.Options.*",
    empty = "PluginSpec.PluginPrivilege[].Value",
  },
  network_topology = {
    option = "Networks[].DriverOpts.*",
    empty = "ContainerSpec.Hosts ContainerSpec.DNSConfig.Nameservers", mark = "Networks[].Target",
  },
  sensitive_data = {
    mark = [[
      ContainerSpec.Secrets[].SecretID ContainerSpec.Secrets[].SecretName
      ContainerSpec.Configs[].ConfigID ContainerSpec.Configs[].ConfigName LogDriver.Options.*
      ContainerSpec.Mounts[].VolumeOptions.DriverConfig.Options.* ]],
    empty = "ContainerSpec.Privileges.CredentialSpec",
  },
}

local ENDPOINT = {
  network_topology = {
    mark = [[ Endpoint.VirtualIPs[].NetworkID Spec.Networks[].Target
      PreviousSpec.Networks[].Target ]],
    address = "Endpoint.VirtualIPs[].Addr",
  },
}

local TASK = {
  mount_paths = { option = "Status.Err" },
  network_topology = {
    mark = [[ ServiceID NodeID Status.ContainerStatus.ContainerID
      NetworksAttachments[].Network.ID ]],
    empty = [[ Status.ContainerStatus.PID NetworksAttachments[].Addresses
      NetworksAttachments[].Network.IPAMOptions.Configs
      NetworksAttachments[].Network.Spec.IPAMOptions.Configs ]],
    option = [[ NetworksAttachments[].Network.DriverState.Options.*
      NetworksAttachments[].Network.Spec.DriverConfiguration.Options.*
      NetworksAttachments[].Network.IPAMOptions.Driver.Options.*
      NetworksAttachments[].Network.Spec.IPAMOptions.Driver.Options.* ]],
  },
}

local DATA = { sensitive_data = { bytes = "Spec.Data" } }

local PLUGIN = {
  container_env = { value = "Settings.Env[]", mark = "Config.Env[].Value" },
  mount_paths = {
    mark = [[ Settings.Mounts[].Source Settings.Devices[].Path Config.Mounts[].Source
      Config.PropagatedMount Config.Linux.Devices[].Path ]],
  },
}

local TLS = {
  sensitive_data = {
    mark = "TLSInfo.TrustRoot", bytes = "TLSInfo.CertIssuerSubject TLSInfo.CertIssuerPublicKey",
  },
}

local NODE = { network_topology = { mark = "Status.Addr ManagerStatus.Addr" } }

local AUTHORITY = {
  sensitive_data = {
    mark = "Spec.CAConfig.SigningCACert Spec.CAConfig.SigningCAKey",
    empty = "Spec.CAConfig.ExternalCAs",
  },
  network_topology = { empty = "DefaultAddrPool" },
}

local SWARM = { sensitive_data = { mark = "JoinTokens.Worker JoinTokens.Manager" } }

local UNLOCK = { sensitive_data = { mark = "UnlockKey" } }

local INFO = {
  host_topology = { empty = "Containerd FirewallBackend DiscoveredDevices NRI" },
  mount_paths = {
    mark = "DockerRootDir", empty = "CDISpecDirs",
    option = "Runtimes.*.path InitBinary DriverStatus[][]",
  },
  network_topology = {
    mark = "Swarm.NodeID Swarm.NodeAddr",
    empty = [[ Swarm.RemoteManagers DefaultAddressPools RegistryConfig.InsecureRegistryCIDRs
      RegistryConfig.Mirrors RegistryConfig.IndexConfigs.*.Mirrors ]],
    option = "HttpProxy HttpsProxy NoProxy ClusterStore ClusterAdvertise",
  },
}

-- A command of an exec may carry what its environment would.
local EVENT = {
  sensitive_data = { exec = "status Action" },
  mount_paths = { mark = "Actor.Attributes.runtimes Actor.Attributes.data-root" },
  network_topology = {
    mark = [[ Actor.Attributes.insecure-registries Actor.Attributes.registry-mirrors
      Actor.Attributes.default-address-pools Actor.Attributes.hosts
      Actor.Attributes.cluster-advertise Actor.Attributes.cluster-store ]],
  },
}
local EXEC = { sensitive_data = { empty = "ProcessConfig.arguments" } }

-- { method and route, then for each prefix the groups of paths behind it }
local ROUTES = {
  { "GET /containers/{id}/json", [""] = { NETWORK, MOUNTS, CONTAINER, FAILURE } },
  { "GET /containers/json", ["[]."] = { NETWORK, MOUNTS, LISTED } },
  { "GET /images/{id}/json", [""] = { IMAGE } },
  { "GET /images/{id}/history", ["[]."] = { HISTORY } },
  { "GET /networks", ["[]."] = { SUBNETS } },
  { "GET /networks/{id}", [""] = { SUBNETS } },
  { "GET /volumes", ["Volumes[]."] = { VOLUME } },
  { "GET /volumes/{id}", [""] = { VOLUME } },
  { "POST /volumes/create", [""] = { VOLUME } },
  { "GET /services", ["[]."] = { ENDPOINT }, ["[].Spec.TaskTemplate."] = { SPEC },
    ["[].PreviousSpec.TaskTemplate."] = { SPEC } },
  { "GET /services/{id}", [""] = { ENDPOINT }, ["Spec.TaskTemplate."] = { SPEC },
    ["PreviousSpec.TaskTemplate."] = { SPEC } },
  { "GET /tasks", ["[]."] = { TASK }, ["[].Spec."] = { SPEC } },
  { "GET /tasks/{id}", [""] = { TASK }, ["Spec."] = { SPEC } },
  { "GET /secrets", ["[]."] = { DATA } },
  { "GET /secrets/{id}", [""] = { DATA } },
  { "GET /configs", ["[]."] = { DATA } },
  { "GET /configs/{id}", [""] = { DATA } },
  { "GET /plugins", ["[]."] = { PLUGIN } },
  { "GET /plugins/{id}/json", [""] = { PLUGIN } },
  { "GET /nodes", ["[]."] = { NODE }, ["[].Description."] = { TLS } },
  { "GET /nodes/{id}", [""] = { NODE }, ["Description."] = { TLS } },
  { "GET /swarm", [""] = { SWARM, AUTHORITY, TLS } },
  { "GET /swarm/unlockkey", [""] = { UNLOCK } },
  { "GET /info", [""] = { INFO }, ["Swarm.Cluster."] = { AUTHORITY, TLS } },
  { "GET /system/df", ["Containers[]."] = { NETWORK, MOUNTS, LISTED },
    ["ContainerUsage.Items[]."] = { NETWORK, MOUNTS, LISTED },
    ["Volumes[]."] = { VOLUME }, ["VolumeUsage.Items[]."] = { VOLUME } },
  { "GET /events", [""] = { EVENT } },
  { "GET /exec/{id}/json", [""] = { EXEC } },
  { "GET /libpod/containers/{id}/json", [""] = { NETWORK, MOUNTS, CONTAINER, FAILURE, PODMAN } },
  { "GET /libpod/images/{id}/json", [""] = { IMAGE } },
  { "GET /libpod/images/{id}/history", ["[]."] = { HISTORY } },
  { "GET /libpod/secrets/{id}/json", [""] = { PODMAN_SECRET } },
  { "GET /libpod/volumes/json", ["[]."] = { VOLUME } },
  { "GET /libpod/volumes/{id}/json", [""] = { VOLUME } },
  { "GET /libpod/networks/json", ["[]."] = { PODMAN_NETWORK } },
  { "GET /libpod/networks/{id}/json", [""] = { PODMAN_NETWORK } },
}

local SWITCHES = {
  "container_env", "mount_paths", "network_topology", "sensitive_data", "host_topology",
}

-- With names given the environment is looked into.
local BY_NAME = { env = true, env_list = true }
local OTHERWISE = { env = "empty", env_list = "list" }

local redaction = { switches = SWITCHES }


local function sorted(map)
  local names = {}
  for name in pairs(map) do
    if type(name) == "string" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end


local function add(out, route, prefix, group)
  local method, pattern = text.cut(route, " ")
  for _, switch in ipairs(SWITCHES) do
    for _, edit in ipairs(sorted(group[switch] or {})) do
      for _, path in ipairs(text.fields(group[switch][edit])) do
        out[#out + 1] = {
          switch = switch, method = method, route = pattern, path = prefix .. path, edit = edit,
        }
      end
    end
  end
end


--- All records, route by route.
function redaction.records()
  local out = {}
  for _, route in ipairs(ROUTES) do
    for _, prefix in ipairs(sorted(route)) do
      for _, group in ipairs(route[prefix]) do
        add(out, route[1], prefix, group)
      end
    end
  end
  return out
end


--- The records that are in force, one for a path: where two switches hide it, "mark" hides more.
-- is_on(switch); by_name: response.redact_env_names holds some.
function redaction.active(is_on, by_name)
  local out, known = {}, {}
  for _, record in ipairs(redaction.records()) do
    local name = table.concat({ record.method, record.route, record.path }, " ")
    local other = known[name]
    if is_on(record.switch) and other then
      other.edit = record.edit == "mark" and "mark" or other.edit
    elseif is_on(record.switch) then
      known[name] = record
      if by_name and BY_NAME[record.edit] then
        record.path, record.edit = record.path .. "[]", "named"
      end
      if by_name and record.edit == "value" then
        record.edit = "named"
      end
      record.edit = OTHERWISE[record.edit] or record.edit
      out[#out + 1] = record
    end
  end
  return out
end


return redaction

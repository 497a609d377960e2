-- cis-docker-benchmark-strict: the controls of CIS Docker Benchmark 1.6.0, Section 5, that a
-- create request shows and that the page leaves out. All of them are off by default.
--
-- `bench` is the number that docker-bench-security 1.6.0 prints; the page counts one less.
local binds = require "engine.binds"
local example = require "core.example"
local image = require "engine.image"
local networks = require "engine.networks"
local ports = require "engine.ports"
local record = require "core.record"
local shape = require "core.shape"
local sockets = require "engine.sockets"

local SURFACE = "container_create"
local SSH = 22


local function apparmor_named(options)
  for _, profile in ipairs(options and options.apparmor or {}) do
    if profile ~= "" and not text.same(profile, "unconfined") then
      return nil
    end
  end
  return "no AppArmor profile is named (HostConfig.SecurityOpt)"
end


local function selinux_named(options)
  for _, label in ipairs(options and options.label or {}) do
    if label ~= "" and text.lower(label) ~= "disable" then
      return nil
    end
  end
  return "no SELinux label is named (HostConfig.SecurityOpt)"
end


-- The words of a command, whatever a shell would make of them.
local function names_sshd(command)
  for _, token in ipairs(type(command) == "string" and { command } or command or {}) do
    for _, word in ipairs(text.fields(token)) do
      local slash = text.find_last(word, "/")
      if text.same(string.sub(word, (slash or 0) + 1), "sshd") then
        return true
      end
    end
  end
  return false
end


local function sshd(entrypoint, command, exposed, published)
  if names_sshd(entrypoint) or names_sshd(command) then
    return "the command starts sshd (Entrypoint, Cmd)"
  end
  for key in pairs(exposed or {}) do
    if ports.covers(key, SSH) then
      return "port 22 is exposed (ExposedPorts)"
    end
  end
  for _, entry in ipairs(published or {}) do
    if not entry.port or (entry.port.from <= SSH and SSH <= entry.port.to) then
      return "port 22 is published (HostConfig.PortBindings)"
    end
  end
end


local function privileged_ports(published, knobs)
  local least = knobs.min_host_port
  for _, entry in ipairs(published) do
    for _, binding in ipairs(entry.bindings) do
      if not binding.from or (binding.from ~= 0 and binding.from < least) then
        return "a port of the host below " .. least .. " is published for "
          .. text.quote(entry.key) .. " (HostConfig.PortBindings)"
      end
    end
  end
end


local function listed_ports(published, all, knobs)
  if all then
    return "all exposed ports are published (HostConfig.PublishAllPorts)"
  end
  for _, entry in ipairs(published or {}) do
    if not entry.port or not ports.is_listed(entry.port, knobs.allowed_published_ports) then
      return "port " .. text.quote(entry.key) .. " is not in allowed_published_ports"
    end
  end
end


local function bound_ports(published, all)
  if all then
    return "all exposed ports are published on every address (HostConfig.PublishAllPorts)"
  end
  for _, entry in ipairs(published or {}) do
    for _, binding in ipairs(entry.bindings) do
      if not ports.is_bound(binding) then
        return "port " .. text.quote(entry.key)
          .. " is published on every address of the host (HostConfig.PortBindings)"
      end
    end
  end
end


local function restart_policy(policy, knobs)
  local name = policy and policy.Name or ""
  if name == "" or name == "no" then
    return nil
  end
  local retries = policy.MaximumRetryCount or 0
  if name ~= "on-failure" or retries < 1 or retries > knobs.max_restart_retries then
    return "the container restarts without end, or more often than max_restart_retries"
      .. " (HostConfig.RestartPolicy)"
  end
end


-- Both limits bounded; -1 is none.
local function ulimits(list)
  for _, limit in ipairs(list or {}) do
    if (limit.Soft or 0) < 0 or (limit.Hard or 0) < 0 then
      return "ulimit " .. text.quote(limit.Name or "") .. " is unlimited (HostConfig.Ulimits)"
    end
  end
  if not list or #list == 0 then
    return "no ulimits are given (HostConfig.Ulimits)"
  end
end


local function is_shared(propagation)
  return text.find(text.lower(propagation), "shared") ~= nil
end


local function propagation(found, mounts)
  for _, bind in ipairs(found or {}) do
    for _, word in ipairs(text.split(bind.mode, ",")) do
      if is_shared(word) then
        return "bind of " .. text.quote(bind.source) .. " is shared (HostConfig.Binds)"
      end
    end
  end
  for _, mount in ipairs(mounts or {}) do
    local options = mount.BindOptions
    if options and options.Propagation and is_shared(options.Propagation) then
      return "a mount is shared (HostConfig.Mounts)"
    end
  end
end


local function healthcheck(check)
  local test = check and check.Test
  if not test or #test < 2 or text.same(test[1], "NONE") then
    return "no health check is given (Healthcheck.Test)"
  end
end


local function image_tag(name)
  if not image.is_fixed(name or "") then
    return "image " .. text.quote(name or "") .. " has no digest, and no tag but latest"
  end
end


-- held: those of the named networks that exist.
local function default_bridge(network_mode, endpoints, _, held)
  local name = text.lower(text.trim(network_mode or ""))
  local named = endpoints and endpoints.bridge ~= nil
  if name == "" or name == "default" or name == "bridge" or named then
    return "the container joins the default bridge (HostConfig.NetworkMode)"
  end
  for _, network in ipairs(held or {}) do
    if not network.Name or network.Name == "bridge" then
      return "a network is the default bridge by its id (HostConfig.NetworkMode)"
    end
  end
end


local function socket_in(list, knobs)
  for _, bind in ipairs(list or {}) do
    if sockets.reaches(bind.source, knobs.engine_sockets) then
      return text.quote(bind.source) .. " (" .. bind.from .. ") leads to the engine's socket"
    end
  end
end


local function engine_socket(found, used, volumes, knobs)
  local reached = socket_in(found, knobs)
  for _, volume in ipairs(volumes or {}) do
    for _, use in ipairs(used.uses[volume.Name or ""] or {}) do
      reached = reached or socket_in(binds.of_volume(volume, use), knobs)
    end
  end
  return reached
end


local function options(list, knobs)
  return example.create({ SecurityOpt = list }, knobs)
end


local function publish(bindings, knobs)
  return example.create({ PortBindings = bindings }, knobs)
end


local function restart(name, count, knobs)
  return example.create({ RestartPolicy = { Name = name, MaximumRetryCount = count } },
    knobs or { max_restart_retries = 5 })
end


local WEB = { ["8080/tcp"] = { { HostIp = "127.0.0.1", HostPort = "8080" } } }
local LOW = { ["80/tcp"] = { { HostIp = "", HostPort = "80" } } }
local NO_SSHD = { deny_sshd = true }
local LISTED = { restrict_published_ports = true, allowed_published_ports = { "8080" } }
local BOUND = { require_port_address = true }
local NO_BRIDGE = { deny_default_bridge = true }
local FIXED = { require_image_tag = true }
local HEALTH = { require_healthcheck = true }
local NO_SHARING = { deny_shared_propagation = true, allowed_bind_mounts = { "/srv" } }
local NO_SOCKET = { deny_engine_socket = true, allowed_bind_mounts = { "/" } }

-- The network `web` of a request, which is another one by its id.
local function on_network(name, knobs)
  local request = example.create({ NetworkMode = "web" }, knobs)
  request.facts = { networks = { { Name = name, Driver = "bridge" } } }
  return request
end


-- The volume `run` of a request, which is a host folder by another name.
local function on_volume(device, knobs)
  local request = example.create({ Binds = { "run:/run" } }, knobs)
  request.facts = { volumes = { { Name = "run", Driver = "local",
                                  Options = { o = "bind", device = device } } } }
  return request
end


local checks = {
  record.check {
    id = "container_create.apparmor_named", code = "cc.apparmor_named", surface = SURFACE,
    order = 70,
    controls = { { cis = "5.1", bench = "5.2" } },
    title = "An AppArmor profile is named",
    reads = { "security" },
    knobs = { require_apparmor_profile = shape.flag(false) },
    active = record.when "require_apparmor_profile", always = true, check = apparmor_named,
    reason = "what is not named may be left out by a host that has none",
    fix = "add --security-opt apparmor=docker-default",
    allows = { options({ "apparmor=docker-default" }, { require_apparmor_profile = true }) },
    denies = { options({ "no-new-privileges" }, { require_apparmor_profile = true }),
               example.create({}, { require_apparmor_profile = true }) },
  },
  record.check {
    id = "container_create.selinux_named", code = "cc.selinux_named", surface = SURFACE,
    order = 71,
    controls = { { cis = "5.2", bench = "5.3" } },
    title = "An SELinux label is named",
    reads = { "security" },
    knobs = { require_selinux_label = shape.flag(false) },
    active = record.when "require_selinux_label", always = true, check = selinux_named,
    reason = "a label of its own keeps a container from what others own",
    fix = "add --security-opt label=type:container_t, or the level of its own",
    allows = { options({ "label=type:container_t" }, { require_selinux_label = true }) },
    denies = { options({ "label=disable" }, { require_selinux_label = true }),
               example.create({}, { require_selinux_label = true }) },
  },
  record.check {
    id = "container_create.sshd", code = "cc.sshd", surface = SURFACE, order = 72,
    controls = { { cis = "5.6", bench = "5.7" } },
    title = "No sshd in a container",
    reads = { "Entrypoint", "Cmd", "ExposedPorts", "published" },
    knobs = { deny_sshd = shape.flag(false) },
    active = record.when "deny_sshd", check = sshd,
    reason = "its keys and its users are out of the engine's sight",
    fix = "reach the container through the engine (exec), and drop sshd and port 22",
    allows = { example.config({ Cmd = { "sleep", "60" }, ExposedPorts = { ["80/tcp"] = {} } },
                 NO_SSHD) },
    denies = { example.config({ Cmd = { "/usr/sbin/sshd", "-D" } }, NO_SSHD),
               example.config({ Entrypoint = { "sh", "-c", "exec /usr/sbin/sshd -D" } }, NO_SSHD),
               example.config({ ExposedPorts = { ["22/tcp"] = {} } }, NO_SSHD),
               publish({ ["22"] = { { HostPort = "2222" } } }, NO_SSHD) },
  },
  record.check {
    id = "container_create.host_ports", code = "cc.host_port", surface = SURFACE, order = 73,
    controls = { { cis = "5.7", bench = "5.8" } },
    title = "No privileged ports of the host",
    reads = { "published" },
    knobs = { min_host_port = shape.count(nil, 1) },
    active = record.when "min_host_port", check = privileged_ports,
    reason = "ports below 1024 are those of the host's own services",
    fix = "publish on a port of 1024 or above",
    allows = { publish(WEB, { min_host_port = 1024 }),
               publish({ ["80/tcp"] = { { HostPort = "" } } }, { min_host_port = 1024 }) },
    denies = { publish(LOW, { min_host_port = 1024 }),
               publish({ ["80"] = { { HostPort = "1000-2000" } } }, { min_host_port = 1024 }),
               publish({ ["80"] = { { HostPort = "http" } } }, { min_host_port = 1024 }) },
  },
  record.check {
    id = "container_create.published_ports", code = "cc.published_port", surface = SURFACE,
    order = 74,
    controls = { { cis = "5.8", bench = "5.9" } },
    title = "Only listed ports are published",
    reads = { "published", "HostConfig.PublishAllPorts" },
    knobs = { restrict_published_ports = shape.flag(false),
              allowed_published_ports = ports.shape() },
    knob = "allowed_published_ports",
    active = record.when "restrict_published_ports", check = listed_ports,
    reason = "each open port is a way in",
    fix = "drop the port, or have it listed (the container's port)",
    allows = { publish(WEB, LISTED), example.create({}, LISTED) },
    denies = { publish(LOW, LISTED), publish({ ["8080/udp"] = { { HostPort = "8080" } } }, LISTED),
               example.create({ PublishAllPorts = true }, LISTED) },
  },
  record.check {
    id = "container_create.port_address", code = "cc.port_address", surface = SURFACE, order = 75,
    controls = { { cis = "5.13", bench = "5.14" } },
    title = "Ports are published on one address",
    reads = { "published", "HostConfig.PublishAllPorts" },
    knobs = { require_port_address = shape.flag(false) },
    active = record.when "require_port_address", check = bound_ports,
    reason = "on every address a port is open to every network that the host is in",
    fix = "name the host's address: --publish 127.0.0.1:8080:80",
    allows = { publish(WEB, BOUND),
               publish({ ["80/tcp"] = { { HostIp = "::1", HostPort = "8080" } } }, BOUND) },
    denies = { publish({ ["80/tcp"] = { { HostIp = "0.0.0.0", HostPort = "8080" } } }, BOUND),
               publish({ ["80/tcp"] = { { HostIp = "::", HostPort = "8080" } } }, BOUND),
               publish({ ["80/tcp"] = { { HostIp = "localhost", HostPort = "8080" } } }, BOUND),
               publish({ ["80/tcp"] = { { HostPort = "8080" } } }, BOUND),
               example.create({ PublishAllPorts = true }, BOUND) },
  },
  record.check {
    id = "container_create.restart_policy", code = "cc.restart_policy", surface = SURFACE,
    order = 76,
    controls = { { cis = "5.14", bench = "5.15" } },
    title = "Restarts end",
    reads = { "HostConfig.RestartPolicy" },
    knobs = { max_restart_retries = shape.count(nil, 1) },
    active = record.when "max_restart_retries", check = restart_policy,
    reason = "a container that always restarts hides its faults and keeps the host busy",
    fix = "use --restart on-failure:5, or none",
    allows = { restart("on-failure", 5), restart("no", 0) },
    denies = { restart("always", 0), restart("unless-stopped", 0), restart("on-failure", 0),
               restart("on-failure", 6) },
  },
  record.check {
    id = "container_create.ulimits", code = "cc.ulimits", surface = SURFACE, order = 77,
    controls = { { cis = "5.18", bench = "5.19" } },
    title = "Ulimits are given",
    reads = { "HostConfig.Ulimits" },
    knobs = { require_ulimits = shape.flag(false) },
    active = record.when "require_ulimits", always = true, check = ulimits,
    reason = "the engine's defaults may be without limits",
    fix = "add --ulimit nofile=1024:4096",
    allows = { example.create({ Ulimits = { { Name = "nofile", Soft = 1024, Hard = 4096 } } },
                 { require_ulimits = true }) },
    denies = { example.create({}, { require_ulimits = true }),
               example.create({ Ulimits = { { Name = "nofile", Soft = -1, Hard = -1 } } },
                 { require_ulimits = true }) },
  },
  record.check {
    id = "container_create.propagation", code = "cc.propagation", surface = SURFACE, order = 78,
    controls = { { cis = "5.19", bench = "5.20" } },
    title = "No shared mounts",
    reads = { "binds", "HostConfig.Mounts" },
    knobs = { deny_shared_propagation = shape.flag(false) },
    active = record.when "deny_shared_propagation", check = propagation,
    reason = "what the container mounts in a shared folder is mounted on the host too",
    fix = "drop shared and rshared from the bind's options",
    allows = { example.create({ Binds = { "/srv/data:/data:rslave" } }, NO_SHARING) },
    denies = { example.create({ Binds = { "/srv/data:/data:ro,rshared" } }, NO_SHARING),
               example.create({ Mounts = { { Type = "bind", Source = "/srv/data",
                 Target = "/data", BindOptions = { Propagation = "shared" } } } }, NO_SHARING) },
  },
  record.check {
    id = "container_create.healthcheck", code = "cc.healthcheck", surface = SURFACE, order = 79,
    controls = { { cis = "5.26", bench = "5.27" } },
    title = "A health check is given",
    reads = { "Healthcheck" },
    knobs = { require_healthcheck = shape.flag(false) },
    active = record.when "require_healthcheck", always = true, check = healthcheck,
    reason = "without one a program that hangs counts as running",
    fix = "add --health-cmd",
    allows = { example.config({ Healthcheck = { Test = { "CMD", "true" } } }, HEALTH) },
    denies = { example.config({}, HEALTH),
               example.config({ Healthcheck = { Test = { "NONE" } } }, HEALTH) },
  },
  record.check {
    id = "container_create.image_tag", code = "cc.image_tag", surface = SURFACE, order = 80,
    controls = { { cis = "5.27", bench = "5.28" } },
    title = "Images by digest, or by a tag that says which",
    reads = { "Image" },
    knobs = { require_image_tag = shape.flag(false) },
    active = record.when "require_image_tag", always = true, check = image_tag,
    reason = "latest is whatever was pulled last",
    fix = "name a version, or better a digest",
    allows = { example.config({ Image = "busybox:1.36" }, FIXED),
               example.config({ Image = "host:5000/busybox:1.36" }, FIXED),
               example.config({ Image = "busybox@sha256:" .. string.rep("a", 64) }, FIXED) },
    denies = { example.config({ Image = "busybox" }, FIXED),
               example.config({ Image = "host:5000/busybox" }, FIXED),
               example.config({ Image = "busybox:latest" }, FIXED) },
  },
  record.check {
    id = "container_create.default_bridge", code = "cc.default_bridge", surface = SURFACE,
    order = 81,
    controls = { { cis = "5.29", bench = "5.30" } },
    title = "Not the default bridge",
    reads = { "HostConfig.NetworkMode", "NetworkingConfig.EndpointsConfig", "networks_used",
              "networks" },
    knobs = { deny_default_bridge = shape.flag(false) },
    active = record.when "deny_default_bridge", always = true, check = default_bridge,
    reason = "on it every container reaches every other one",
    fix = "create a network and name it: --network web, or --network none",
    allows = { example.create({ NetworkMode = "none" }, NO_BRIDGE), on_network("web", NO_BRIDGE) },
    denies = { example.create({}, NO_BRIDGE), example.create({ NetworkMode = "bridge" }, NO_BRIDGE),
               on_network("bridge", NO_BRIDGE) },
  },
  record.check {
    id = "container_create.engine_socket", code = "cc.engine_socket", surface = SURFACE,
    order = 82,
    controls = { { cis = "5.31", bench = "5.32" } },
    title = "The engine's socket is not mounted, by any spelling of its path",
    reads = { "binds", "volumes_used", "volumes" },
    knobs = { deny_engine_socket = shape.flag(false), engine_sockets = sockets.shape() },
    knob = "deny_engine_socket",
    active = record.when "deny_engine_socket", check = engine_socket,
    reason = "whoever can talk to it is root on the host",
    fix = "mount a folder that holds no engine's socket; give the program this proxy's",
    allows = { example.create({ Binds = { "/srv/data:/data" } }, NO_SOCKET),
               on_volume("/srv", NO_SOCKET) },
    denies = { example.create({ Binds = { "/var//run/../run/docker.sock:/s" } }, NO_SOCKET),
               example.create({ Binds = { "/:/host" } }, NO_SOCKET),
               example.create({ Binds = { "/proc/1/cwd/run:/r" } }, NO_SOCKET),
               example.create({ Binds = { "/srv/engine.sock:/s" } },
                 { deny_engine_socket = true, allowed_bind_mounts = { "/srv" },
                   engine_sockets = { "/srv/engine.sock" } }),
               on_volume("/run", NO_SOCKET) },
  },
}

return { checks = checks, readings = { networks.reading, ports.reading } }

-- oracle.judge: what an engine holds, and what runs in it, against the controls of Section 5.
-- It knows nothing of sockguard's policy: it reads the engine's own answers and what the
-- container's processes have.
local judge = {}

-- More than any machine has: such a limit limits nothing.
local MEMORY_MAX = 1 << 60
local PIDS_MAX = 4194304

-- Without these the kernel's memory and settings lie open (oci defaults of 20.10).
local MASKED = { "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware" }
local READONLY = { "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus" }


local function value(v)
  return type(v) ~= "userdata" and v or nil -- cjson.null
end


local function has(list, wanted)
  for _, item in ipairs(value(list) or {}) do
    if tostring(item):upper():gsub("^CAP_", "") == wanted then
      return true
    end
  end
  return false
end


local function is_empty(list)
  return value(list) == nil or next(list) == nil
end


local function add(found, control, what)
  found[#found + 1] = control .. ": " .. what
end


-- An engine on cgroup v1 gives every container its own cgroup namespace: the host's.
local function namespaces(host, machine, found)
  for _, pair in ipairs { { "NetworkMode", "5.9" }, { "PidMode", "5.15" }, { "IpcMode", "5.16" },
                          { "UTSMode", "5.20" }, { "UsernsMode", "5.30" },
                          { "CgroupnsMode", "cgroup namespace" } } do
    local mode = value(host[pair[1]]) or ""
    local usual = pair[1] == "CgroupnsMode" and not machine.private_cgroups
    if (mode == "host" and not usual) or mode:find("^container:") or mode:find("^ns:") then
      add(found, pair[2], pair[1] .. " is " .. mode)
    end
  end
end


local function capabilities(host, found)
  if host.Privileged == true then
    add(found, "5.4", "privileged")
  end
  if not is_empty(host.CapAdd) then
    add(found, "5.3", "capabilities are added")
  end
  if not has(host.CapDrop, "ALL") then
    add(found, "5.3", "capabilities are kept")
  end
  if not is_empty(host.Capabilities) then
    add(found, "5.3", "capabilities are set")
  end
end


local function limits(host, found)
  local memory, pids = value(host.Memory) or 0, value(host.PidsLimit) or 0
  if memory <= 0 or memory > MEMORY_MAX then
    add(found, "5.10", "no memory limit")
  end
  if pids <= 0 or pids > PIDS_MAX then
    add(found, "5.28", "no process limit")
  end
  local cpu = false
  for _, name in ipairs { "NanoCpus", "CpuQuota", "CpuPeriod", "CpuShares" } do
    cpu = cpu or (value(host[name]) or 0) > 0
  end
  if not cpu then
    add(found, "5.11", "no CPU setting")
  end
  if host.ReadonlyRootfs ~= true then
    add(found, "5.12", "the root is writable")
  end
end


local function devices(host, found)
  for _, name in ipairs { "Devices", "DeviceRequests", "DeviceCgroupRules" } do
    if not is_empty(host[name]) then
      add(found, "5.17", name)
    end
  end
end


local function lists_all(given, wanted)
  local set = {}
  for _, path in ipairs(given) do
    set[path] = true
  end
  for _, path in ipairs(wanted) do
    if not set[path] then
      return false
    end
  end
  return true
end


-- The last word about new privileges counts; any about seccomp does.
local function security(host, found)
  local barred = false
  for _, option in ipairs(value(host.SecurityOpt) or {}) do
    local key, setting = option:match "^([^=:]*)[=:]?(.*)$"
    if key == "no-new-privileges" then
      barred = setting == "" or setting == "true"
    elseif key == "seccomp" and setting ~= "builtin" then
      add(found, "5.21", "seccomp is " .. setting:sub(1, 40))
    elseif key == "apparmor" and setting == "unconfined" then
      add(found, "5.1", "AppArmor is off")
    elseif key == "writable-cgroups" and setting ~= "false" then
      add(found, "5.28", "its cgroups are writable")
    elseif key == "systempaths" then
      add(found, "system paths", option)
    end
  end
  if not barred then
    add(found, "5.25", "new privileges are allowed")
  end
  if value(host.MaskedPaths) and not lists_all(host.MaskedPaths, MASKED) then
    add(found, "system paths", "MaskedPaths")
  end
  if value(host.ReadonlyPaths) and not lists_all(host.ReadonlyPaths, READONLY) then
    add(found, "system paths", "ReadonlyPaths")
  end
end


local function other(host, found)
  for _, name in ipairs { "Sysctls", "VolumesFrom", "GroupAdd", "Links", "Annotations" } do
    if not is_empty(host[name]) then
      add(found, "kept out", name)
    end
  end
  if (value(host.CgroupParent) or "") ~= "" then
    add(found, "5.24", "CgroupParent")
  end
  local runtime = value(host.Runtime) or ""
  if runtime ~= "" and runtime ~= "runc" then
    add(found, "runtime", runtime)
  end
  if (value(host.OomScoreAdj) or 0) < 0 then
    add(found, "kept out", "OomScoreAdj")
  end
  for _, options in pairs(value(host.Tmpfs) or {}) do
    for word in options:gmatch "[^,]+" do
      if word == "exec" or word == "suid" or word == "dev" then
        add(found, "tmpfs", word)
      end
    end
  end
end


--- What an engine's inspect says. machine: as oracle.engine's host returns it. volume(name):
-- that volume's options, or nil.
function judge.inspected(container, machine, volume)
  local found, host = {}, container.HostConfig
  namespaces(host, machine, found)
  capabilities(host, found)
  limits(host, found)
  devices(host, found)
  security(host, found)
  other(host, found)
  for _, mount in ipairs(value(container.Mounts) or {}) do
    if mount.Type == "bind" then
      add(found, "5.5", "bind of " .. tostring(mount.Source))
    elseif mount.Type == "volume" then
      -- engine 29 leaves out the names of some anonymous ones
      local name = value(mount.Name) or tostring(mount.Source):match "/volumes/([^/]+)/_data$"
      local options = name and volume(name)
      if not options or next(options) then
        add(found, "5.5", "volume with options " .. tostring(name))
      end
      if value(mount.Driver) and mount.Driver ~= "local" then
        add(found, "5.5", "volume of driver " .. mount.Driver)
      end
    end
  end
  return found
end


-- strict: what the strict preset adds.
local function published(host, found)
  for key, bindings in pairs(value(host.PortBindings) or {}) do
    for _, binding in ipairs(value(bindings) or {}) do
      local ip, port = value(binding.HostIp) or "", tonumber(value(binding.HostPort) or "") or 0
      if ip == "" or ip == "0.0.0.0" or ip == "::" then
        add(found, "5.13", key .. " on every address")
      end
      if port > 0 and port < 1024 then
        add(found, "5.7", key .. " on port " .. port)
      end
    end
  end
  if host.PublishAllPorts == true then
    add(found, "5.8", "all ports are published")
  end
end


--- What the strict preset's controls add to judge.inspected. networks: by name, what the
-- engine says of each; bridge: the id of its default bridge.
function judge.strict(container, bridge)
  local found, host, config = {}, container.HostConfig, container.Config
  published(host, found)
  local restart = value(host.RestartPolicy) or {}
  local name, count = value(restart.Name) or "", value(restart.MaximumRetryCount) or 0
  if name ~= "" and name ~= "no" and (name ~= "on-failure" or count < 1 or count > 5) then
    add(found, "5.14", "restart policy " .. name)
  end
  if is_empty(host.Ulimits) then
    add(found, "5.18", "no ulimits")
  end
  local check = value(config.Healthcheck) or {}
  if is_empty(check.Test) or check.Test[1] == "NONE" then
    add(found, "5.26", "no health check")
  end
  if not config.Image:find "@sha256:" and not config.Image:find ":[^/]+$"
      or config.Image:find ":latest$" then
    add(found, "5.27", "image " .. config.Image)
  end
  for network, endpoint in pairs(value(container.NetworkSettings.Networks) or {}) do
    if network == "bridge" or value(endpoint.NetworkID) == bridge then
      add(found, "5.29", "on the default bridge")
    end
  end
  local user = (value(config.User) or ""):match "^[^:]*"
  if user == "" or user == "root" or (tonumber(user) or 1) == 0 then
    add(found, "4.1", "runs as root")
  end
  -- The profile that is asked for: a host without AppArmor has none to show once it started.
  local profile
  for _, option in ipairs(value(host.SecurityOpt) or {}) do
    profile = option:match "^apparmor[=:](.+)$" or profile
  end
  if not profile or profile == "unconfined" then
    add(found, "5.1", "no AppArmor profile")
  end
  for _, words in ipairs { value(config.Entrypoint) or {}, value(config.Cmd) or {} } do
    for _, word in ipairs(words) do
      if word:find "%f[%w]sshd%f[%W]" then
        add(found, "5.6", "sshd")
      end
    end
  end
  if value(config.ExposedPorts) and config.ExposedPorts["22/tcp"] then
    add(found, "5.6", "port 22")
  end
  if (value(host.NanoCpus) or 0) <= 0 and (value(host.CpuQuota) or 0) <= 0 then
    add(found, "5.11", "no hard CPU limit")
  end
  return found
end


--- Printed in a container as root, in the namespaces of its first process.
judge.PROBE = [[
grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status
for n in net pid ipc uts cgroup mnt user; do echo "ns $n $(readlink /proc/self/ns/$n)"; done
sed 's/^/mount /' /proc/self/mountinfo
for f in memory/memory.limit_in_bytes memory.max pids/pids.max pids.max; do
  [ -r /sys/fs/cgroup/$f ] && echo "limit $f $(cat /sys/fs/cgroup/$f)"
done
for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/fs/cgroup/pids/pids.max \
         /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max /proc/irq/default_smp_affinity; do
  [ -e $f ] && (: >>$f) 2>/dev/null && echo "writable $f"
done
(: >>/written) 2>/dev/null && echo "writable /"
[ -r /proc/kcore ] && (head -c 1 /proc/kcore | grep -q .) 2>/dev/null && echo "readable /proc/kcore"
ls /dev | sed 's/^/dev /'
echo end
]]


-- Mounts that every container shares with its engine, and harms nothing by.
local OWN_FILES = { ["/etc/resolv.conf"] = true, ["/etc/hostname"] = true, ["/etc/hosts"] = true,
                    ["/sbin/docker-init"] = true }
local SHARED_TYPES = { cgroup = true, cgroup2 = true }


-- device: the device number that mountinfo gives; of the host's own mounts are in `host`.
local function mounts(line, host, found)
  local device, root, point, options, kind =
    line:match "^%d+ %d+ (%d+:%d+) (%S+) (%S+) (%S+).- %- (%S+)"
  if not device then
    return
  end
  if point == "/" and not (options .. ","):find "^ro," then
    add(found, "5.12", "inside: the root is writable")
  end
  if host.devices[device] and not OWN_FILES[point] and not SHARED_TYPES[kind]
      and not root:find "/volumes/[%w_.-]+/_data" then
    add(found, "5.5", "inside: " .. point .. " is the host's " .. root .. " (" .. kind .. ")")
  end
end


local function limit(name, text, found)
  local number = tonumber(text)
  if not number or number > MEMORY_MAX then
    add(found, name:find "pids" and "5.28" or "5.10", "inside: " .. name .. " is " .. text)
  end
end


local DEVICES = {}
for name in ([[console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom
    zero]]):gmatch "%S+" do
  DEVICES[name] = true
end


--- What judge.PROBE printed. host: as oracle.engine's host returns it.
function judge.inside(output, host)
  local found = {}
  if not output:find "\nend\r?\n?$" then
    return { "the probe did not come to its end: " .. output:sub(-200) }
  end
  for line in output:gmatch "[^\r\n]+" do
    local key, rest = line:match "^(%w+):?%s*(.*)$"
    if key == "CapEff" or key == "CapPrm" or key == "CapBnd" then
      if tonumber(rest, 16) ~= 0 then
        add(found, "5.3", "inside: " .. key .. " " .. rest)
      end
    elseif key == "NoNewPrivs" and rest ~= "1" then
      add(found, "5.25", "inside: new privileges are allowed")
    elseif key == "Seccomp" and rest ~= "2" then
      add(found, "5.21", "inside: seccomp mode " .. rest)
    elseif key == "ns" then
      local name, id = rest:match "^(%S+) (%S+)$"
      local usual = name == "user" or (name == "cgroup" and not host.private_cgroups)
      if not usual and id and id == host.ns[name] then
        add(found, "namespaces", "inside: the host's " .. name)
      end
    elseif key == "mount" then
      mounts(rest, host, found)
    elseif key == "limit" then
      limit(rest:match "^(%S+) (%S+)$", rest:match "%S+$", found)
    elseif key == "writable" or key == "readable" then
      add(found, "system paths", "inside: " .. line)
    elseif key == "dev" and not DEVICES[rest] then
      add(found, "5.17", "inside: /dev/" .. rest)
    end
  end
  return found
end


return judge

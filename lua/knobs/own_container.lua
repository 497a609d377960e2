-- knobs.own_container: sockguard's own container is not joined, mounted or run in.
--
-- What a path names, C judges (src/policy/own.h); here is what stands in bodies, and which
-- container an exec is of. There is nothing to judge while no own container is known.
local example = require "core.example"
local mode = require "engine.mode"
local own = require "core.own"
local record = require "core.record"
local shape = require "core.shape"

local REFUSAL = "own_container_protected"
local REASON = "who shares its volumes or namespaces, or runs in it, decides what it lets through"
local FIX = "name another container; sockguard's own is administered at the engine's own socket"

local CONTAINER = shape.text {
  key = "self_container", default = "", expect = "the name or id of a container",
  valid = function(value)
    if value == "" or (#value <= 255 and value:match "^/?%w[%w_.-]*$") then
      return true
    end
    return nil, "is " .. text.quote(value)
  end,
}


local function is_known(knobs)
  return knobs.self_container ~= ""
end


local function listed(self, entries, what)
  for i = 1, entries and #entries or 0 do
    if own.is(self, (text.cut(entries[i], ":"))) then
      return what .. " " .. text.quote(entries[i]) .. " means sockguard's own container"
    end
  end
end


local function joined(self, value, what)
  local name = value and mode.container(value)
  if name and own.is(self, name) then
    return what .. " " .. text.quote(value) .. " means sockguard's own container"
  end
end


-- Docker takes the first three; Podman's copy of its API the others too.
local function create(self, from, links, network, pid, ipc, uts, userns, cgroupns, volumes)
  if not self then
    return nil
  end
  local volume = volumes and own.volume(self, volumes)
  return listed(self, from, "HostConfig.VolumesFrom") or listed(self, links, "HostConfig.Links")
    or joined(self, network, "HostConfig.NetworkMode") or joined(self, pid, "HostConfig.PidMode")
    or joined(self, ipc, "HostConfig.IpcMode") or joined(self, uts, "HostConfig.UTSMode")
    or joined(self, userns, "HostConfig.UsernsMode")
    or joined(self, cgroupns, "HostConfig.CgroupnsMode")
    or volume and "volume " .. text.quote(volume) .. " is one of sockguard's own container" or nil
end


local function exec(self, container)
  if self and container and own.is(self, container) then
    return "the command would run in sockguard's own container"
  end
end


local ID = ("0123456789abcdef"):rep(4)

-- A create request with this HostConfig, seen by a sockguard that knows its own container by this
-- name, or by this id.
local function seen(host, name)
  local request = example.create(host, { self_container = name or "guard" })
  request.own = { given = name or "guard", id = name }
  return request
end


local function running(container)
  return {
    facts = { exec = { ContainerID = container,
                       ProcessConfig = { entrypoint = "/bin/ls", user = "1000" } } },
    own = { given = ID, id = ID },
    knobs = { self_container = ID, allowed_commands = { { "/bin/ls" } } },
  }
end


local checks = {
  record.check {
    id = "container_create.own_container", code = "cc.own_container",
    surface = "container_create", order = 0,
    title = "sockguard's own container is not joined or mounted",
    reads = { "own", "HostConfig.VolumesFrom", "HostConfig.Links", "HostConfig.NetworkMode",
              "HostConfig.PidMode", "HostConfig.IpcMode", "HostConfig.UTSMode",
              "HostConfig.UsernsMode", "HostConfig.CgroupnsMode", "volumes_used" },
    knobs = { self_container = CONTAINER }, active = is_known, check = create,
    refusal = REFUSAL, reason = REASON, fix = FIX,
    allows = { seen { NetworkMode = "bridge", Binds = { "data:/data" } },
               seen { PidMode = "container:web" }, seen({ IpcMode = "container:1" }, ID) },
    denies = { seen { VolumesFrom = { "web", "guard:ro" } },
               seen { Links = { "/guard:/web/alias" } },
               seen { NetworkMode = "container:guard" }, seen { PidMode = "container:/guard" },
               seen({ IpcMode = "container:0" }, ID), seen({ PidMode = "Container: " .. ID }, ID),
               seen { PidMode = "container:web/alias" }, seen { UTSMode = "container:guard" },
               seen { UsernsMode = "container:guard" },
               seen { CgroupnsMode = "container:guard" } },
  },
  record.check {
    id = "exec_start.own_container", code = "ex.own_container", surface = "exec_start", order = 0,
    title = "No command is run in sockguard's own container",
    reads = { "own", "exec.ContainerID" },
    knobs = { self_container = CONTAINER }, active = is_known, check = exec,
    refusal = REFUSAL, reason = REASON, fix = FIX,
    allows = { running(("f"):rep(64)) },
    denies = { running(ID) },
  },
}

return { checks = checks }

-- engine.sockets: whether a host path leads to the engine's own socket.
local path = require "engine.path"
local shape = require "core.shape"

local sockets = {}

-- Where engines and their container daemons listen; /run and /var/run are one folder.
local KNOWN = {
  "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock",
  "/var/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock",
  "/var/run/docker/containerd/containerd.sock", "/run/podman/podman.sock",
  "/var/run/podman/podman.sock",
}


--- The setting that lists further sockets.
function sockets.shape()
  return shape.paths()
end


-- What holds users' own engines, and other names of a whole file system
-- (/proc/<process>/root, /dev/fd).
local ALIASES = { "/run/user", "/var/run/user", "/proc", "/dev/fd" }


--- True when mounting `clean` (a cleaned host path) makes an engine's socket reachable: it is
-- one, holds one, or is a way around such a comparison. more: the compiled setting.
function sockets.reaches(clean, more)
  if path.under_any(clean, ALIASES) then
    return true
  end
  for _, socket in ipairs(KNOWN) do
    if path.under(socket, clean) then
      return true
    end
  end
  for _, socket in ipairs(more) do
    if path.under(socket, clean) then
      return true
    end
  end
  return false
end


return sockets

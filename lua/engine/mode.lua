-- engine.mode: how dockerd reads NetworkMode, PidMode, IpcMode, UTSMode, UsernsMode and
-- CgroupnsMode.
--
-- The engine knows `host`, `container:<name or id>` and, for the network, `ns:<path>`. It
-- compares them exactly; here case and white space around them do not matter, so that no
-- spelling is let through that another engine version might take.
local mode = {}

local HOST = #"host"
local CONTAINER = #"container:"
local PATH = #"ns:"


--- True when value asks for the host's own namespace.
function mode.is_host(value)
  return #value >= HOST and text.same(text.trim(value), "host")
end


--- The container whose namespace value asks to join, or nil.
function mode.container(value)
  if #value <= CONTAINER then
    return nil
  end
  local name = text.trim(value)
  if text.lower(string.sub(name, 1, CONTAINER)) ~= "container:" then
    return nil
  end
  name = text.trim(string.sub(name, CONTAINER + 1))
  return name ~= "" and name or nil
end


--- True when value asks for a namespace by its path on the host.
function mode.is_path(value)
  return text.find(value, ":") ~= nil
    and text.lower(string.sub(text.trim(value), 1, PATH)) == "ns:"
end


return mode

-- engine.mode: how dockerd reads NetworkMode, PidMode, IpcMode, UTSMode, UsernsMode and
-- CgroupnsMode.
--
-- The engine knows `host`, `container:<name or id>` and, for the network, `ns:<path>`. It
-- compares them exactly; here case and white space around them do not matter, so that no
-- spelling is let through that another engine version might take.
local find, lower, same, trim = text.find, text.lower, text.same, text.trim
local sub = string.sub

local mode = {}

local CONTAINER = #"container:"
local PATH = #"ns:"

-- What most requests say: words that name neither the host nor another container.
local OWN = { bridge = true, default = true, none = true, private = true, shareable = true }


--- True when value asks for the host's own namespace.
function mode.is_host(value)
  return not OWN[value] and same(trim(value), "host")
end


--- The container whose namespace value asks to join, or nil.
function mode.container(value)
  if #value <= CONTAINER then
    return nil
  end
  local name = trim(value)
  if lower(sub(name, 1, CONTAINER)) ~= "container:" then
    return nil
  end
  name = trim(sub(name, CONTAINER + 1))
  return name ~= "" and name or nil
end


--- True when value asks for a namespace by its path on the host.
function mode.is_path(value)
  return not OWN[value] and find(value, ":") ~= nil
    and lower(sub(trim(value), 1, PATH)) == "ns:"
end


return mode

-- config.address: host:port, and which of them stay on this machine.
local ip = require "engine.ip"

local address = {}


--- host, port of "host:port" or "[v6]:port"; nil when it is neither or the port is no
-- number up to 65535. The host may be empty.
function address.split(value)
  local host, port = value:match("^%[([^%[%]]*)%]:(%d+)$")
  if not host then
    host, port = value:match("^([^:%[%]]*):(%d+)$")
  end
  if host and #port <= 9 and tonumber(port) <= 65535 then
    return host, tonumber(port)
  end
end


--- True for the name localhost, 127.0.0.0/8 and ::1; whatever else is not provably local
-- counts as reachable by others.
function address.is_loopback(value)
  local host = address.split(value)
  if host == nil then
    return false
  end
  local bytes = ip.bytes(host)
  if not bytes then
    return host == "localhost"
  end
  return #bytes == 4 and bytes:byte(1) == 127 or bytes == ("\0"):rep(15) .. "\1"
end


--- The same text for every spelling of one address.
function address.canonical(value)
  local host, port = address.split(value)
  if not host then
    return value
  end
  return (ip.bytes(host) or text.lower(host)) .. "|" .. port
end


return address

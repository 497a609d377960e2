-- config.address: host:port, and which of them stay on this machine.
local address = {}


-- Four decimal numbers without leading zeros, as four bytes.
local function parse_v4(host)
  local bytes = {}
  for number, dot in host:gmatch("([^.]*)(%.?)") do
    if number == "" and dot == "" then
      break
    end
    if not number:match("^%d%d?%d?$") or (#number > 1 and number:sub(1, 1) == "0")
       or tonumber(number) > 255 then
      return nil
    end
    bytes[#bytes + 1] = string.char(tonumber(number))
  end
  return #bytes == 4 and not host:match("%.$") and table.concat(bytes) or nil
end


-- The groups of one side of `::`; an IPv4 tail counts for two.
local function groups(side)
  local bytes = {}
  if side == "" then
    return ""
  end
  local parts = text.split(side, ":")
  for i, part in ipairs(parts) do
    local tail = i == #parts and parse_v4(part)
    if tail then
      bytes[#bytes + 1] = tail
    elseif part:match("^%x%x?%x?%x?$") then
      bytes[#bytes + 1] = string.pack(">I2", tonumber(part, 16))
    else
      return nil
    end
  end
  return table.concat(bytes)
end


local function parse_v6(host)
  local head, tail = text.cut(host, "::")
  local before, after = groups(head), tail and groups(tail)
  if not before or (tail and not after) then
    return nil
  elseif not tail then
    return #before == 16 and before or nil
  end
  local missing = 16 - #before - #after
  return missing >= 2 and before .. ("\0"):rep(missing) .. after or nil
end


--- The bytes of an IP literal (4 or 16; an IPv4 address in IPv6 clothes gives 4), or nil.
function address.ip(host)
  if not host:find(":", 1, true) then
    return parse_v4(host)
  end
  local bytes = parse_v6(host)
  if bytes and bytes:sub(1, 12) == ("\0"):rep(10) .. "\xff\xff" then
    return bytes:sub(13)
  end
  return bytes
end


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
  local ip = address.ip(host)
  if not ip then
    return host == "localhost"
  end
  return #ip == 4 and ip:byte(1) == 127 or ip == ("\0"):rep(15) .. "\1"
end


--- The same text for every spelling of one address.
function address.canonical(value)
  local host, port = address.split(value)
  if not host then
    return value
  end
  return (address.ip(host) or text.lower(host)) .. "|" .. port
end


return address

-- engine.ip: IP literals, as the engine's own parser takes them. What that does not take it
-- reads as no address at all, which means every address.
local ip = {}

local HEX = {}
for value, digits in ipairs { "1", "2", "3", "4", "5", "6", "7", "8", "9", "aA", "bB", "cC", "dD",
                              "eE", "fF" } do
  for i = 1, #digits do
    HEX[string.byte(digits, i)] = value
  end
end
HEX[string.byte "0"] = 0


local function is_decimal(word)
  return #word <= 3 and text.digits(word) and not (#word > 1 and text.starts(word, "0"))
end


-- Four decimal numbers without leading zeros, as four bytes.
local function parse_v4(host)
  local words = text.split(host, ".")
  if #words ~= 4 then
    return nil
  end
  for i, word in ipairs(words) do
    if not is_decimal(word) or tonumber(word) > 255 then
      return nil
    end
    words[i] = string.char(tonumber(word))
  end
  return table.concat(words)
end


local function parse_group(word)
  local value = 0
  if #word == 0 or #word > 4 then
    return nil
  end
  for i = 1, #word do
    local digit = HEX[string.byte(word, i)]
    if not digit then
      return nil
    end
    value = value * 16 + digit
  end
  return string.char(value >> 8, value & 255)
end


-- The groups of one side of `::`, as bytes; an IPv4 tail counts for two.
local function groups(side)
  if side == "" then
    return ""
  end
  local words = text.split(side, ":")
  for i, word in ipairs(words) do
    words[i] = (i == #words and parse_v4(word)) or parse_group(word)
    if not words[i] then
      return nil
    end
  end
  return table.concat(words)
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
  return missing >= 2 and before .. string.rep("\0", missing) .. after or nil
end


local V4_IN_V6 = string.rep("\0", 10) .. "\xff\xff"


--- The bytes of an IP literal (4 or 16; an IPv4 address in IPv6 clothes gives 4), or nil.
-- @param host a text such as "10.1.2.3" or "fd00::1"
-- @return a text of 4 or 16 bytes, or nil
function ip.bytes(host)
  if not text.find(host, ":") then
    return parse_v4(host)
  end
  local bytes = parse_v6(host)
  if bytes and string.sub(bytes, 1, 12) == V4_IN_V6 then
    return string.sub(bytes, 13)
  end
  return bytes
end


--- True when bytes (of ip.bytes) mean every address of the machine.
-- @param bytes of ip.bytes
-- @return true or false
function ip.is_wildcard(bytes)
  return bytes == string.rep("\0", #bytes)
end


--- Whether an address is in a network.
-- @param host an address, as ip.bytes takes it
-- @param cidr a network such as "10.0.0.0/8", or one address
-- @return true or false; nil when either is not to be read
function ip.within(host, cidr)
  local network, length = text.cut(cidr, "/")
  local bytes, base = ip.bytes(host), ip.bytes(network)
  local bits = length and text.digits(length) and #length <= 3 and math.tointeger(tonumber(length))
  bits = bits or (not length and base and #base * 8)
  if not bytes or not base or not bits or bits > #base * 8 then
    return nil
  elseif #bytes ~= #base then
    return false
  end
  local whole = bits // 8
  if string.sub(bytes, 1, whole) ~= string.sub(base, 1, whole) then
    return false
  end
  local shift = 8 - bits % 8
  return shift == 8
    or string.byte(bytes, whole + 1) >> shift == string.byte(base, whole + 1) >> shift
end


return ip

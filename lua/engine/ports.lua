-- engine.ports: which ports a create body publishes, as the engine reads PortBindings: the
-- container's port and protocol -> addresses and ports of the host.
local ip = require "engine.ip"
local record = require "core.record"
local shape = require "core.shape"

local ports = {}

local PORT_MAX = 65535
local PROTOCOLS = { tcp = true, udp = true, sctp = true }


local function number(word)
  local value = #word <= 5 and text.digits(word) and tonumber(word)
  return value and value <= PORT_MAX and value or nil
end


-- First and last of `80` or `8000-8010`; nil when it is neither.
local function range(word)
  local first, last = text.cut(word, "-")
  local from = number(first)
  local to = last and number(last) or (not last and from)
  if from and to and from <= to then
    return from, to
  end
end


-- `80/tcp` or `80`: { from, to, protocol }, or nil.
local function container_port(key)
  local word, protocol = text.cut(key, "/")
  local from, to = range(word)
  protocol = text.lower(protocol or "tcp")
  if from and PROTOCOLS[protocol] then
    return { from = from, to = to, protocol = protocol }
  end
end


-- One binding, where from = 0 is a port of the engine's choice. Both are nil where it cannot
-- be read.
local function host_port(binding)
  local word = binding.HostPort or ""
  if word == "" then
    return 0, 0
  end
  return range(word)
end


local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end


--- The reading `published`: nil, or a list of { key, port, bindings } in the order of the
-- keys; port = { from, to, protocol }, nil where the engine could not read it either; bindings
-- is a list of { ip (as it is written), from, to }.
ports.reading = record.reading {
  name = "published", surface = "container_create", from = { "HostConfig.PortBindings" },
  read = function(map)
    if not map or not next(map) then
      return nil
    end
    local out = {}
    for _, key in ipairs(sorted_keys(map)) do
      local bindings = {}
      for i, binding in ipairs(map[key]) do
        local from, to = host_port(binding)
        bindings[i] = { ip = binding.HostIp or "", from = from, to = to }
      end
      if #bindings > 0 then
        out[#out + 1] = { key = key, port = container_port(key), bindings = bindings }
      end
    end
    return out
  end,
}


--- True when a binding is to one address of the host, not to all of them.
function ports.is_bound(binding)
  local bytes = ip.bytes(binding.ip)
  return bytes ~= nil and not ip.is_wildcard(bytes)
end


--- True when the key of an exposed or published port covers this one.
function ports.covers(key, port)
  local found = container_port(key)
  return found ~= nil and found.from <= port and port <= found.to
end


local function valid_entry(entry)
  if container_port(text.trim(entry)) then
    return true
  end
  return nil, "is no port such as 80, 53/udp or 8000-8010/tcp"
end


--- A setting that lists ports of containers.
function ports.shape()
  return shape.entries {
    expect = "a list of ports, as port[-port][/protocol]", valid = valid_entry,
    compile = function(entries)
      local out = {}
      for _, entry in ipairs(entries) do
        out[#out + 1] = container_port(text.trim(entry))
      end
      return out
    end,
  }
end


--- True when one entry of the compiled list covers all of a published port.
function ports.is_listed(port, list)
  for _, entry in ipairs(list) do
    if entry.protocol == port.protocol and entry.from <= port.from and port.to <= entry.to then
      return true
    end
  end
  return false
end


return ports

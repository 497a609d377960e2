-- knobs.container_network: how a create body places the container in networks.
--
-- The settings live under request_body.network: connecting a network follows the same ones.
local example = require "core.example"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"

local next, trim = next, text.trim

local SURFACE = "container_create"
local NETWORK = "request_body.network."


local function is_blank(value)
  return value == nil or value == "" or trim(value) == ""
end


local function has_items(list)
  return list ~= nil and #list > 0
end


local function is_set(number)
  return number ~= nil and number ~= 0
end


local function is_static(endpoint)
  local ipam = endpoint.IPAMConfig
  if ipam and not (is_blank(ipam.IPv4Address) and is_blank(ipam.IPv6Address)) then
    return true
  end
  return not is_blank(endpoint.Gateway) or not is_blank(endpoint.IPAddress)
    or not is_blank(endpoint.IPv6Gateway) or not is_blank(endpoint.GlobalIPv6Address)
    or is_set(endpoint.IPPrefixLen) or is_set(endpoint.GlobalIPv6PrefixLen)
end


-- One endpoint, in the specification's order: nil, or what is asked for, its id and the
-- setting that would allow it.
local function endpoint_aspect(endpoint, knobs)
  if not knobs.allow_static_addressing and is_static(endpoint) then
    return "static addressing", nil
  end
  local ipam = endpoint.IPAMConfig
  if not knobs.allow_link_local_ips and ipam and has_items(ipam.LinkLocalIPs) then
    return "link-local addresses", "cc.ep_linklocal"
  end
  if not knobs.allow_mac_pinning and not is_blank(endpoint.MacAddress) then
    return "a fixed MAC address", "cc.ep_mac"
  end
  if has_items(endpoint.Links) then
    return "links", "cc.ep_links"
  end
  if endpoint.DriverOpts and next(endpoint.DriverOpts) then
    return "driver options", "cc.ep_driveropts"
  end
  if not knobs.allow_gw_priority and is_set(endpoint.GwPriority) then
    return "a gateway priority", "cc.ep_gwprio"
  end
  if not knobs.allow_aliases and has_items(endpoint.Aliases) then
    return "aliases", "cc.ep_aliases"
  end
end


local function names_in_order(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


-- endpoint is false where it was given as null, and empty where it asks for nothing.
local function judge_endpoint(name, endpoint, knobs)
  if not endpoint or next(endpoint) == nil then
    return nil
  end
  local found, code = endpoint_aspect(endpoint, knobs)
  if found then
    return found .. " in network " .. text.quote(name)
      .. " is not allowed (NetworkingConfig.EndpointsConfig)", code
  end
end


local function endpoints(map, knobs)
  local first, endpoint = next(map)
  if first == nil then
    return nil
  end
  if next(map, first) == nil then -- the usual case: no list is made, none is sorted
    return judge_endpoint(first, endpoint, knobs)
  end
  for _, name in ipairs(names_in_order(map)) do
    local found, code = judge_endpoint(name, map[name], knobs)
    if found then
      return found, code
    end
  end
end


local function mac_address(address)
  if not is_blank(address) then
    return "a fixed MAC address is not allowed (MacAddress)"
  end
end


local function links(names)
  if #names > 0 then
    return "links to other containers are not allowed (HostConfig.Links)"
  end
end


local function flag(default, name)
  return shape.flag(default, { key = NETWORK .. name })
end


local WHOLE = flag(false, "allow_endpoint_config")
local MAC = flag(false, "endpoint_config.allow_mac_pinning")

local function endpoint(settings, knobs)
  return example.config({ NetworkingConfig = { EndpointsConfig = { backend = settings } } }, knobs)
end


local checks = {
  record.check {
    id = "container_create.endpoints", code = "cc.ep_static", surface = SURFACE, order = 27,
    title = "Networks give out the addresses",
    reads = { "NetworkingConfig.EndpointsConfig" },
    knobs = {
      allow_endpoint_config = WHOLE, allow_mac_pinning = MAC,
      allow_static_addressing = flag(false, "endpoint_config.allow_static_addressing"),
      allow_link_local_ips = flag(false, "endpoint_config.allow_link_local_ips"),
      allow_gw_priority = flag(false, "endpoint_config.allow_gw_priority"),
      allow_aliases = flag(true, "endpoint_config.allow_aliases"),
    },
    knob = "allow_endpoint_config",
    active = record.unless "allow_endpoint_config", check = endpoints,
    reason = "with an address or a route of its own choice a container can pose as another",
    fix = "leave the address to the network, or have the setting allowed",
    allows = { endpoint { Aliases = { "db" }, IPAddress = "", GwPriority = 0 },
               endpoint({ IPAMConfig = { IPv4Address = "172.30.0.10" } },
                 { allow_static_addressing = true }) },
    denies = { endpoint { IPAMConfig = { IPv4Address = "172.30.0.10" } },
               endpoint { IPPrefixLen = 24 },
               endpoint { IPAMConfig = { LinkLocalIPs = { "169.254.1.1" } } },
               endpoint { MacAddress = "02:42:ac:1e:00:0a" },
               endpoint { Links = { "db:db" } },
               endpoint { DriverOpts = { a = "b" } },
               endpoint { GwPriority = 10 },
               endpoint({ Aliases = { "db" } }, { allow_aliases = false }) },
  },
  record.check {
    id = "container_create.mac_address", code = "cc.root_mac", surface = SURFACE, order = 28,
    title = "No fixed MAC address",
    reads = { "MacAddress" },
    knobs = { allow_endpoint_config = WHOLE, allow_mac_pinning = MAC },
    knob = "allow_mac_pinning",
    active = function(knobs)
      return not knobs.allow_endpoint_config and not knobs.allow_mac_pinning
    end,
    check = mac_address,
    reason = "with the address of another machine a container can take its packets",
    fix = "drop --mac-address",
    allows = { example.config { MacAddress = "" },
               example.config({ MacAddress = "02:42:ac:1e:00:0a" }, { allow_mac_pinning = true }) },
    denies = { example.config { MacAddress = "02:42:ac:1e:00:0a" } },
  },
  record.check {
    id = "container_create.links", code = "cc.links", surface = SURFACE, order = 63,
    title = "No links to other containers",
    reads = { "HostConfig.Links" },
    knobs = { allow_links = shape.flag(false), unknown_fields = unknown.shape },
    knob = "allow_links",
    active = function(knobs)
      return not knobs.allow_links and unknown.is_strict(knobs)
    end,
    check = links,
    reason = "a link copies the other container's environment, secrets included",
    fix = "put both containers in one network",
    allows = { example.create({ Links = record.NO_ITEMS }, { unknown_fields = "deny" }) },
    denies = { example.create({ Links = { "db:db" } }, { unknown_fields = "deny" }) },
  },
}

return { checks = checks }

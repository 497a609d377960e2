-- config.listeners: where to listen, from `listen` or from `listeners`.
--
-- `listen` is one listener with defaults; it listens on the unix socket DEFAULT_SOCKET as
-- long as none of its keys is set, else on `socket`, else on `address`. `listeners` is a
-- list of up to 32 without any defaults. One excludes the other.
local address = require "config.address"

local listeners = {
  DEFAULT_SOCKET = "/run/sockguard/sockguard.sock",
  DEFAULT_ADDRESS = "127.0.0.1:2375",
  COUNT_MAX = 32,
  PATH_MAX = 107,  -- what a unix socket's address holds
}

local FIELDS = {
  "address", "socket", "socket_mode", "socket_uid", "socket_gid",
  "insecure_allow_plain_tcp", "insecure_allow_unauthenticated_clients",
}

local NOT_BUILT = "known, but this version does not have it yet"


--- Faults of a socket's path, for any setting that holds one.
function listeners.check_socket(report, key, path)
  if #path > listeners.PATH_MAX then
    report:fault { key = key, what = "is longer than a unix socket's path can be",
                   expect = "at most " .. listeners.PATH_MAX .. " bytes" }
  end
end


local function check_ids(report, prefix, one)
  for _, name in ipairs { "socket_uid", "socket_gid" } do
    local id = one[name]
    if id and (id < 0 or id >= 4294967295) then
      report:fault { key = prefix .. name, what = "is " .. id,
                     expect = "a number from 0 to 4294967294" }
    end
  end
end


local function check_unix(report, prefix, one)
  local mode = text.trim(one.socket_mode or "")
  listeners.check_socket(report, prefix .. "socket", one.socket)
  check_ids(report, prefix, one)
  if mode == "0660" and not one.socket_gid then
    report:fault { key = prefix .. "socket_mode", what = "is \"0660\" without socket_gid",
                   expect = "socket_gid, the group that may connect" }
  elseif mode ~= "0600" and mode ~= "0660" then
    report:fault {
      key = prefix .. "socket_mode",
      what = one.socket_mode and "is " .. text.quote(one.socket_mode) or "is missing",
      expect = "\"0600\", or \"0660\" with socket_gid, in quotes (0600 without is octal)",
    }
  end
end


local function check_tcp(report, prefix, one)
  local missing = {}
  for _, name in ipairs { "insecure_allow_plain_tcp", "insecure_allow_unauthenticated_clients" } do
    if not one[name] then
      missing[#missing + 1] = prefix .. name .. ": true"
    end
  end
  if not address.is_loopback(one.address) and #missing > 0 then
    report:fault {
      key = prefix .. "address",
      what = "is " .. text.quote(one.address) .. ", which others than this machine may reach, "
             .. "without encryption and without knowing who asks",
      expect = "a loopback address, a unix socket, or the acknowledgement "
               .. table.concat(missing, " and "),
    }
  elseif not address.split(one.address) then
    report:fault { key = prefix .. "address", what = "is " .. text.quote(one.address),
                   expect = "host:port" }
  end
end


local function for_c(name, one)
  local unix = one.socket ~= nil and one.socket ~= ""
  local address_text = unix and "" or one.address or ""
  local host, port = address.split(address_text)
  return {
    name = name,
    socket = unix and one.socket or "",
    address = address_text,
    host = host or "",
    port = port or 0,
    mode = unix and text.trim(one.socket_mode or "") == "0660" and 432 or 384,
    uid = unix and one.socket_uid or -1,
    gid = unix and one.socket_gid or -1,
  }
end


local function has_tls(settings)
  for key, origin in pairs(settings.origins) do
    if text.starts(key, "listen.tls.") and origin ~= "default" then
      return true
    end
  end
  return false
end


-- Keys of `listen` that somebody wrote: in key order. host_names is about every listener.
local function written(settings)
  local found = {}
  for key, origin in pairs(settings.origins) do
    if text.starts(key, "listen.") and key ~= "listen.host_names" and origin ~= "default" then
      found[#found + 1] = key
    end
  end
  table.sort(found)
  return found
end


local function single(settings)
  local values, report, one = settings.values, settings.report, {}
  if #written(settings) == 0 then
    values["listen.socket"] = listeners.DEFAULT_SOCKET
  end
  if values["listen.socket"] == nil then
    values["listen.socket"] = ""
  end
  if values["listen.address"] == nil then
    values["listen.address"] = values["listen.socket"] == "" and listeners.DEFAULT_ADDRESS or ""
  end
  for _, field in ipairs(FIELDS) do
    one[field] = values["listen." .. field]
  end
  if one.socket ~= "" then
    check_unix(report, "listen.", one)
  elseif one.address == "" then
    report:fault { key = "listen.address", what = "is empty, and so is listen.socket",
                   expect = "one of them" }
  elseif not has_tls(settings) then
    check_tcp(report, "listen.", one)
  end
  return { for_c("default", one) }
end


local function check_name(report, key, name, taken)
  if not name or not name:match("^[a-z][a-z0-9-]*$") or #name > 63 then
    report:fault {
      key = key, what = name and "is " .. text.quote(name) or "is missing",
      expect = "a lower-case letter, then up to 62 letters, digits or hyphens",
    }
  elseif name == "admin" then
    report:fault { key = key, what = "is admin, which is reserved", expect = "another name" }
  elseif taken[name] then
    report:fault { key = key, what = "is " .. name .. ", like that of listeners["
                                     .. taken[name] - 1 .. "]", expect = "a name of its own" }
  end
end


local function check_profiles(report, key, profiles)
  if not profiles or #profiles == 0 then
    report:fault { key = key, what = "is missing", expect = "[\"*\"]" }
    return
  end
  local star = false
  for _, profile in ipairs(profiles) do
    star = star or profile == "*"
  end
  if star and #profiles > 1 then
    report:fault { key = key, what = "holds \"*\" and other names", expect = "[\"*\"] alone" }
  elseif not star then
    report:fault { key = key, what = NOT_BUILT, expect = "[\"*\"]" }
  end
end


local function check_target(report, path, one)
  local unix, tcp = (one.socket or "") ~= "", (one.address or "") ~= ""
  if unix == tcp then
    report:fault { key = path, what = "has " .. (unix and "both" or "neither")
                                      .. " of socket and address", expect = "exactly one" }
    return
  end
  if unix and one.tls ~= nil then
    report:fault { key = path .. ".tls", what = "is for addresses, not for unix sockets",
                   expect = "no tls here" }
  elseif one.tls ~= nil then
    report:fault { key = path .. ".tls", what = NOT_BUILT, expect = "no tls here" }
  elseif unix then
    check_unix(report, path .. ".", one)
  else
    if one.socket_uid or one.socket_gid then
      report:fault { key = path, what = "has socket_uid or socket_gid, but no socket",
                     expect = "neither with an address" }
    end
    check_tcp(report, path .. ".", one)
  end
end


local function check_distinct(report, path, one, taken)
  local unix = (one.socket or "") ~= ""
  local where = unix and "unix|" .. one.socket or address.canonical(one.address or "")
  if taken[where] then
    report:fault { key = path, what = "listens where listeners[" .. taken[where]
                                      .. "] does", expect = "distinct places" }
  end
  return where
end


local function several(settings)
  local report, list = settings.report, settings.values.listeners
  local out, names, places = {}, {}, {}
  if #list > listeners.COUNT_MAX then
    report:fault { key = "listeners", what = "has " .. #list .. " entries",
                   expect = "at most " .. listeners.COUNT_MAX }
    return out
  end
  for i, one in ipairs(list) do
    local path = "listeners[" .. i - 1 .. "]"
    check_name(report, path .. ".name", one.name, names)
    check_target(report, path, one)
    check_profiles(report, path .. ".allowed_profiles", one.allowed_profiles)
    names[one.name or ""] = i
    places[check_distinct(report, path, one, places)] = i - 1
    out[i] = for_c(one.name or "", one)
  end
  return out
end


--- The listeners for C: { name, socket, address, mode, uid, gid }; what is wrong with them
-- goes to the report. Also fills in the defaults of `listen`.
function listeners.judge(settings)
  local found = written(settings)
  if #settings.values.listeners == 0 then
    return single(settings)
  elseif #found > 0 then
    settings.report:fault {
      key = found[1], what = "is set, and so is listeners (" .. settings.origins.listeners .. ")",
      expect = "either listen or listeners",
    }
  end
  return several(settings)
end


return listeners

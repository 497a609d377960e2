-- Five checks on a create, as one would write them for nginx's Lua module.
-- luacheck: read_globals ngx
local cjson = require "cjson.safe"


local function all(list, passes)
  for _, value in ipairs(type(list) == "table" and list or {}) do
    if not passes(value) then
      return false
    end
  end
  return true
end


local function is_open(bind)
  return bind:find("^/srv/data") ~= nil
end


local function is_harmless(capability)
  return capability == "NET_BIND_SERVICE"
end


ngx.req.read_body()
local body = ngx.req.get_body_data()
if body then
  local create = cjson.decode(body)
  local host = type(create) == "table" and create.HostConfig
  if type(host) ~= "table" or host.Privileged == true or host.NetworkMode == "host"
     or host.PidMode == "host" or not all(host.Binds, is_open)
     or not all(host.CapAdd, is_harmless) then
    return ngx.exit(403)
  end
end

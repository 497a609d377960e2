-- peers: what stands before the engine in a run, and how each is started.
--
-- A peer: name, socket, what it does (`judges`: it reads the body of a create), the Debian
-- package it needs, and the command. All log one line a request, and have one thread for it.
local peers = {}

-- The first segments that socket proxies open by switches, and the four calls on containers
-- that have switches of their own.
local OPENED = [[containers/[a-zA-Z0-9_.-]+/((stop)|(restart)|(kill))
  containers/[a-zA-Z0-9_.-]+/start containers/[a-zA-Z0-9_.-]+/stop
  containers/[a-zA-Z0-9_.-]+/restart auth build commit configs containers distribution events exec
  grpc images info networks nodes _ping plugins secrets services session swarm system tasks
  version volumes]]


local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end


local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end


-- Fills in a template of bench/peers; returns the path of the result.
local function fill(run, template, name, values)
  local text = read("bench/peers/" .. template):gsub("@(%u+)@", values)
  local path = run.dir .. "/" .. name
  write(path, text)
  return path
end


local function rules()
  local lines = {}
  for path in OPENED:gmatch("%S+") do
    lines[#lines + 1] = ("    http-request allow if { path -m reg -i ^(/v[\\d\\.]+)?/%s }"):format(path)
  end
  return table.concat(lines, "\n")
end


local function values(run, more)
  local all = { DIR = run.dir, UPSTREAM = run.upstream, RULES = rules(), MODULES = "",
                CHECKS = "" }
  for name, value in pairs(more or {}) do
    all[name] = value
  end
  return all
end


local function haproxy(name)
  return function(run)
    return "haproxy -db -f " .. fill(run, name .. ".cfg", name .. ".cfg", values(run))
  end
end


local function nginx(name, more)
  return function(run)
    more = more or {}
    more.NAME = name
    more.CHECKS = (more.CHECKS or ""):gsub("@HERE@", run.here)
    return "nginx -p " .. run.dir .. " -c "
           .. fill(run, "nginx.conf", name .. ".conf", values(run, more))
  end
end


local function sockguard(run)
  return "env SOCKGUARD_LISTEN_SOCKET=" .. run.dir .. "/sockguard.sock SOCKGUARD_UPSTREAM_SOCKET="
         .. run.upstream .. " SOCKGUARD_LOG_OUTPUT=" .. run.dir .. "/sockguard.log"
         .. " SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_BIND_MOUNTS=/srv/data "
         .. run.program .. " serve -c presets/cis-docker-benchmark.yaml"
end


local LUA_MODULES = [[load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;]]

peers.list = {
  { name = "direct" },
  { name = "sockguard", judges = true, command = sockguard },
  { name = "haproxy", package = "haproxy", command = haproxy "haproxy" },
  { name = "haproxy-usual", package = "haproxy", command = haproxy "haproxy-usual" },
  { name = "nginx", package = "nginx", command = nginx "nginx" },
  { name = "nginx-lua", package = "libnginx-mod-http-lua", judges = true,
    command = nginx("nginx-lua", {
      MODULES = LUA_MODULES, CHECKS = "access_by_lua_file @HERE@/bench/peers/nginx-checks.lua;" }) },
}


--- True when Debian's package of the peer is installed.
function peers.is_there(peer)
  return peer.package == nil
    or os.execute("dpkg-query -W -f '${db:Status-Status}' " .. peer.package
                  .. " 2>/dev/null | grep -qx installed") == true
end


return peers

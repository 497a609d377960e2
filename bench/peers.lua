-- peers: what stands before the engine in a run, how each is started, and the proof that it
-- does what it is measured for.
--
-- A peer: name, socket DIR/NAME.sock, the program it is and the Debian package that has it,
-- whether it `judges` the body of a create, the only request it is measured with (nil: all),
-- and the command. All log one line a request and have one thread to serve with. `direct` is
-- the engine itself: what load and engine cost; `unredacted` is sockguard without hiding anything.
local shell = require "shell"

local peers = {}

local MODULES = "/usr/lib/nginx/modules/"


-- Fills in a template of bench/peers; returns the path of the result.
local function fill(run, template, name, values)
  values.DIR, values.UPSTREAM, values.NAME = run.dir, run.dir .. "/direct.sock", name
  local path = run.dir .. "/" .. name .. ".conf"
  shell.write(path, (shell.read("bench/peers/" .. template):gsub("@(%u+)@", values)))
  return path
end


local function haproxy(name)
  return function(run)
    return "haproxy -db -f " .. fill(run, name .. ".cfg", name, {})
  end
end


local function nginx(name, modules)
  return function(run)
    local values = { MODULES = "", CHECKS = "" }
    if modules then
      values.MODULES = ("load_module %sndk_http_module.so; load_module %sngx_http_lua_module.so;"
                        ):format(MODULES, MODULES)
      values.CHECKS = "access_by_lua_file " .. run.dir .. "/checks.lua;"
      shell.write(run.dir .. "/checks.lua", shell.read("bench/peers/nginx-checks.lua"))
    end
    return ("nginx -e %s/%s.err -p %s -c %s"):format(
      run.dir, name, run.dir, fill(run, "nginx.conf", name, values))
  end
end


local function sockguard(name, settings)
  return function(run)
    return ("env SOCKGUARD_LISTEN_SOCKET=%s/%s.sock SOCKGUARD_UPSTREAM_SOCKET=%s/direct.sock"
            .. " SOCKGUARD_LOG_OUTPUT=%s/%s.log %s %s \"$SOCKGUARD\" serve -c %s"):format(
      run.dir, name, run.dir, run.dir, name, peers.settings, settings, peers.preset)
  end
end


local UNREDACTED = "SOCKGUARD_RESPONSE_REDACT_CONTAINER_ENV=false"
  .. " SOCKGUARD_RESPONSE_REDACT_MOUNT_PATHS=false"
  .. " SOCKGUARD_RESPONSE_REDACT_NETWORK_TOPOLOGY=false"
  .. " SOCKGUARD_RESPONSE_REDACT_SENSITIVE_DATA=false"


--- Under which sockguard runs and decides: create.json binds a directory.
peers.preset = "presets/cis-docker-benchmark.yaml"
peers.settings = "SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_BIND_MOUNTS=/srv/data"

peers.list = {
  { name = "direct", there = true },
  { name = "sockguard", judges = true, command = sockguard("sockguard", ""), there = true },
  { name = "unredacted", only = "list", judges = true, there = true,
    command = sockguard("unredacted", UNREDACTED) },
  { name = "haproxy", package = "haproxy", command = haproxy "haproxy",
    there = shell.has "haproxy" },
  { name = "haproxy-usual", package = "haproxy", command = haproxy "haproxy-usual",
    there = shell.has "haproxy" },
  { name = "nginx", package = "nginx", command = nginx "nginx", there = shell.has "nginx" },
  { name = "nginx-lua", package = "nginx, libnginx-mod-http-lua and lua-cjson", only = "create",
    judges = true, command = nginx("nginx-lua", true),
    there = shell.has "nginx" and shell.read(MODULES .. "ngx_http_lua_module.so") ~= ""
      and shell.succeeds "ls /usr/lib/*/lua/5.1/cjson.so >/dev/null 2>&1" },
}


-- Requests, the statuses they must get, and who must give them.
local function expectations(peer)
  local list = { { "list", 200 }, { "create", 201 } }
  if peer.judges then
    list[#list + 1] = { "bad", 403 }
  end
  return list
end


--- Starts a peer; `command` is what it is started with. The socket is there when it returns.
function peers.start(run, peer, prefix)
  peer.pid = shell.start(prefix .. peer.command(run), run.dir .. "/" .. peer.name .. ".out")
  shell.wait_while(("[ ! -S %s/%s.sock ]"):format(run.dir, peer.name))
end


--- Raises when a peer does not answer as it should. `ask(peer, request, status)` tries.
function peers.prove(run, peer, ask)
  for _, expected in ipairs(expectations(peer)) do
    if not ask(peer, expected[1], expected[2]) then
      os.execute(("tail -qn 5 %s/%s.out %s/%s.err >&2 2>/dev/null"):format(
        run.dir, peer.name, run.dir, peer.name))
      error(("%s does not answer %s with %d"):format(peer.name, expected[1], expected[2]), 0)
    end
  end
end


return peers

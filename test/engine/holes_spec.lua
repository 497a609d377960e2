-- holes_spec: ways to the host that a strict-looking request leaves open (docs/engine.md), each
-- first shown on a real dockerd, then refused through the CIS preset.
--
-- What needs other tests has them elsewhere: hijacked connections in spec/e2e/transport_e2e,
-- what an engine's namespaces give in test/oracle.
local cjson = require "cjson"
local dockerd = require "support.dockerd"
local http = require "support.http"
local page = require "support.page"
local proxy = require "support.proxy"

local CREATE = "/v1.41/containers/create"
local LOCAL = { Name = "local", Options = { type = "none", o = "bind", device = "/etc" } }


-- host, root, raw: what makes an otherwise good create body show the hole. check: refuses it.
-- shows(HostConfig): what the engine then holds. settings: what opens the check, if the preset
-- does not.
local HOLES = {
  { hole = "H1", title = "a volume made on the spot that is a host folder",
    check = "bind_mounts",
    host = { Mounts = { { Type = "volume", Target = "/m",
                          VolumeOptions = { DriverConfig = LOCAL } } } } },
  { hole = "H4", title = "new privileges that are barred, then allowed", check = "no_new_privileges",
    host = { SecurityOpt = { "no-new-privileges:true", "no-new-privileges:false" } } },
  { hole = "H5", title = "a limit that is none", check = "pids_limit", host = { PidsLimit = -1 },
    shows = function(host)
      return host.PidsLimit == cjson.null or host.PidsLimit == -1 or host.PidsLimit == 0
    end },
  { hole = "H7", title = "a tmpfs that programs run from, in the old form", check = "tmpfs_options",
    host = { Tmpfs = { ["/t"] = "exec,suid,dev" } } },
  { hole = "H8", title = "a log driver that sends over the network", check = "log_driver",
    host = { LogConfig = { Type = "syslog",
                           Config = { ["syslog-address"] = "udp://127.0.0.1:514" } } } },
  { hole = "H8", title = "shelter from the out-of-memory killer", check = "oom_score",
    host = { OomScoreAdj = -500 } },
  { hole = "H11", title = "kernel paths that are laid open", check = "masked_paths",
    raw = function(body)
      return (body:gsub('"ReadonlyRootfs":true', '%0,"MaskedPaths":[],"ReadonlyPaths":[]'))
    end,
    shows = function(host)
      return #host.MaskedPaths == 0 and #host.ReadonlyPaths == 0
    end },
  { hole = "H13", title = "another container's processes", check = "namespace_sharing",
    host = { PidMode = "container:victim" } },
  { hole = "H14", title = "a seccomp profile that allows all", check = "seccomp",
    host = { SecurityOpt = { "no-new-privileges:true",
                             'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}' } } },
  { hole = "H15", title = "an existing volume that is a host folder", check = "named_volumes",
    host = { Binds = { "hostetc:/m" } } },
  { hole = "H15", title = "the same as a mount", check = "named_volumes",
    host = { Mounts = { { Type = "volume", Source = "hostetc", Target = "/m" } } } },
  { hole = "H19", title = "SELinux labels off by one word", check = "selinux_disable",
    host = { SecurityOpt = { "no-new-privileges:true", "disable" } },
    settings = "  container_create: { deny_selinux_disable: true }\n" },
  { hole = "H20", title = "uid 0 by another name", check = "non_root_user", root = { User = "+0" },
    settings = "  container_create: { require_non_root_user: true }\n" },
  { hole = "a blank cgroup parent", title = "a cgroup of the caller's choice",
    check = "cgroup_parent",
    host = { CgroupParent = "  " } },
}


local function body_of(hole)
  local text = page.with(hole.host or {})
  if hole.root then
    local body = cjson.decode(text)
    for name, value in pairs(hole.root) do
      body[name] = value
    end
    text = cjson.encode(body)
  end
  return hole.raw and hole.raw(text) or text
end


local OPEN_CREATE = "rules:\n- match: { method: POST, path: /containers/create }\n  action: allow\n"
  .. "request_body:\n"


describe("a hole of the engine's", function()
  local engine, guard

  setup(function()
    engine = dockerd.start()
    guard = proxy.start { config_file = "presets/cis-docker-benchmark.yaml",
                          upstream = engine.path }
    assert.equal(201, (engine:ask("POST", "/volumes/create",
      '{"Name":"hostetc","DriverOpts":{"type":"none","o":"bind","device":"/etc"}}')))
    local _, victim = engine:ask("POST", "/containers/create?name=victim",
      '{"Image":"alpine","Cmd":["sleep","600"],"Env":["PASSWORD=hunter2"]}')
    assert.equal(204, (engine:ask("POST", "/containers/" .. victim.Id .. "/start")))
  end)

  teardown(function()
    if engine then
      engine:clear()
    end
    if guard then
      guard:stop()
    end
    if engine then
      engine:stop()
    end
  end)

  for _, hole in ipairs(HOLES) do
    it(hole.hole .. ", " .. hole.title .. ": taken by dockerd, refused here", function()
      local body = body_of(hole)
      local status, created = engine:ask("POST", "/containers/create", body)
      assert.equal(201, status, type(created) == "table" and created.message or created)
      if hole.shows then
        local _, container = engine:ask("GET", "/containers/" .. created.Id .. "/json")
        assert.is_true(hole.shows(container.HostConfig))
      end
      local before = engine:count()
      local own = hole.settings and proxy.start { config = OPEN_CREATE .. hole.settings,
                                                  upstream = engine.path } or guard
      local response = http.post(own.address, CREATE, body)
      local line = own:logged()
      if hole.settings then
        own:stop()
      end
      assert.equal(403, response.status)
      assert.equal(before, engine:count())
      assert.equal("container_create." .. hole.check, line.check)
    end)
  end

  it("H2, members of HostConfig at the root: taken by dockerd 20.10, refused here", function()
    local flat = '{"Image":"alpine","Privileged":true}'
    local status, created = engine:ask("POST", "/containers/create", flat)
    assert.equal(201, status)
    local _, container = engine:ask("GET", "/containers/" .. created.Id .. "/json")
    assert.is_true(container.HostConfig.Privileged)
    assert.equal(403, http.post(guard.address, CREATE, flat).status)
    assert.equal("request_body_ambiguous", guard:logged().reason_code)
  end)

  it("H3, a start body of an old client: replaces HostConfig, refused here", function()
    local function created()
      local _, answer = engine:ask("POST", "/containers/create", page.POSITIVE)
      return answer.Id
    end
    local function start(address, id)
      return http.post(address, "/v1.23/containers/" .. id .. "/start",
        '{"Binds":["/etc:/m"]}').status
    end
    local id = created()
    start(engine.path, id)
    local _, container = engine:ask("GET", "/containers/" .. id .. "/json")
    assert.same({ "/etc:/m" }, container.HostConfig.Binds)
    local safe = created()
    assert.equal(400, start(guard.address, safe))
    local _, kept = engine:ask("GET", "/containers/" .. safe .. "/json")
    assert.equal(cjson.null, kept.HostConfig.Binds)
    assert.equal(403, http.post(guard.address, "/v1.41/containers/" .. safe .. "/start",
      '{"Binds":["/etc:/m"]}').status)
  end)

  it("H6, odd spellings that skip an inspector: none passes", function()
    for _, target in ipairs { "/v1.41//containers/./create", "/containers/%63reate" } do
      assert.equal(403, http.post(guard.address, target, page.NEGATIVE).status, target)
    end
    for _, kind in ipairs { "BIND", " bind" } do
      local body = page.with { Mounts = { { Type = kind, Source = "/etc", Target = "/m" } } }
      assert.equal(403, http.post(guard.address, CREATE, body).status, kind)
    end
    local before = engine:count()
    local response = http.request(guard.address, { method = "post", target = CREATE,
      headers = { { "Content-Type", "application/json" } }, body = page.NEGATIVE })
    assert.equal(400, response.status)
    assert.equal(before, engine:count())
  end)

  it("H9, a form body that beats the query: heeded by dockerd, refused here", function()
    local function pull(address)
      return http.request(address, {
        method = "POST", target = "/v1.41/images/create?fromImage=alpine",
        headers = { { "Content-Type", "application/x-www-form-urlencoded" } },
        body = "fromImage=Not-A-Name/..", ms = 20000 })
    end
    assert.matches("invalid reference format", pull(engine.path).body)
    assert.equal(403, pull(guard.address).status)
  end)

  it("H16, ps prints the environment of processes: from dockerd, refused here", function()
    local target = "/v1.41/containers/victim/top?ps_args=axe"
    assert.matches("hunter2", http.request(engine.path, { target = target }).body, 1, true)
    local response = http.request(guard.address, { target = target })
    assert.equal(403, response.status)
    assert.is_truthy(guard:logged(function(line)
      return line.check == "container_top.ps_args"
    end))
    assert.equal(200, http.request(guard.address, {
      target = "/v1.41/containers/victim/top?ps_args=-eo%20pid,args" }).status)
  end)

  it("H17, a listed folder with its target and mode: means what it says", function()
    local own = proxy.start { upstream = engine.path, config = OPEN_CREATE
      .. "  container_create: { allowed_bind_mounts: [\"/srv:/data:ro\"] }\n" }
    local function create(bind)
      return http.post(own.address, CREATE, '{"Image":"alpine","HostConfig":{"Binds":["' .. bind
        .. '"]}}').status
    end
    local ok, problem = pcall(function()
      assert.equal(201, create "/srv:/data:ro")
      assert.equal(403, create "/srv:/data")
      assert.equal(403, create "/srv:/etc:ro")
    end)
    own:stop()
    assert(ok, problem)
  end)

  it("H18, a name whose first part is a host to newer engines: refused here", function()
    assert.equal(403, http.request(guard.address, { method = "POST",
      target = "/v1.41/images/create?fromImage=Evil/alpine" }).status)
  end)
end)

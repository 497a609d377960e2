-- controls_spec: every control of the page, through the socket, in front of a real dockerd.
--
-- A bad request is first sent to the engine itself, which creates the container: so the
-- denial is sockguard's doing. A good one must get the engine's own 201.
local cjson = require "cjson"
local dockerd = require "support.dockerd"
local http = require "support.http"
local page = require "support.page"
local proxy = require "support.proxy"

local CREATE = "/v1.41/containers/create"

-- cis and bench: the page's number and docker-bench-security 1.6.0's. bad: HostConfig members
-- that break the control in an otherwise good request. good: members that keep to it.
local CONTROLS = {
  { cis = "5.3", bench = "5.4", knob = "allowed_capabilities", title = "capabilities",
    bad = { CapAdd = { "SYS_ADMIN" } }, good = { CapDrop = { "all" } } },
  { cis = "5.3", bench = "5.4", knob = "require_drop_all_capabilities",
    title = "capabilities that are kept", bad = { CapDrop = { "NET_RAW" } },
    good = { CapDrop = { "NET_RAW", "ALL" } } },
  { cis = "5.4", bench = "5.5", knob = "allow_privileged", title = "privileged containers",
    bad = { Privileged = true }, good = { Privileged = false } },
  { cis = "5.5", bench = "5.6", knob = "allowed_bind_mounts", title = "host directories",
    bad = { Binds = { "/etc:/host" } }, good = { Binds = { "data:/data" } } },
  { cis = "5.5", bench = "5.6", knob = "allowed_bind_mounts", title = "host directories as mounts",
    bad = { Mounts = { { Type = "bind", Source = "/etc", Target = "/host" } } },
    good = { Mounts = { { Type = "volume", Source = "data", Target = "/data" } } } },
  { cis = "5.9", bench = "5.10", knob = "allow_host_network", title = "the host's network",
    bad = { NetworkMode = "host" }, good = { NetworkMode = "bridge" } },
  { cis = "5.10", bench = "5.11", knob = "require_memory_limit", title = "a memory limit",
    bad = { Memory = 0 }, good = { Memory = 67108864 } },
  { cis = "5.11", bench = "5.12", knob = "require_cpu_limit", title = "a CPU limit",
    bad = { CpuShares = cjson.null }, good = { CpuShares = cjson.null, NanoCpus = 500000000 } },
  { cis = "5.12", bench = "5.13", knob = "require_readonly_rootfs", title = "a read-only root",
    bad = { ReadonlyRootfs = false }, good = { Tmpfs = { ["/tmp"] = "size=1m" } } },
  { cis = "5.15", bench = "5.16", knob = "allow_host_pid", title = "the host's processes",
    bad = { PidMode = "host" }, good = { PidMode = "" } },
  { cis = "5.16", bench = "5.17", knob = "allow_host_ipc", title = "the host's IPC",
    bad = { IpcMode = "host" }, good = { IpcMode = "private" } },
  { cis = "5.17", bench = "5.18", knob = "allowed_devices", title = "host devices",
    bad = { Devices = { { PathOnHost = "/dev/kmsg", PathInContainer = "/dev/kmsg",
                          CgroupPermissions = "rwm" } } },
    good = { Devices = cjson.empty_array } },
  { cis = "5.21", bench = "5.22", knob = "deny_unconfined_seccomp", title = "seccomp",
    bad = { SecurityOpt = { "no-new-privileges:true", "seccomp=unconfined" } },
    good = { SecurityOpt = { "no-new-privileges:true" } } },
  { cis = "5.25", bench = "5.26", knob = "require_no_new_privileges", title = "new privileges",
    bad = { SecurityOpt = cjson.null }, good = { SecurityOpt = { "no-new-privileges" } } },
  { cis = "5.28", bench = "5.29", knob = "require_pids_limit", title = "a limit on processes",
    bad = { PidsLimit = -1 }, good = { PidsLimit = 50 } },
  { cis = "5.30", bench = "5.31", knob = "allow_host_userns", title = "the host's users",
    bad = { UsernsMode = "host" }, good = { UsernsMode = "" } },
  { cis = "5.31", bench = "5.32", knob = "allowed_bind_mounts", title = "the engine's socket",
    bad = { Binds = { "/var/run/docker.sock:/var/run/docker.sock" } },
    good = { Binds = { "docker.sock:/data" } } },
}

-- Exec is closed by rule in the preset; these two need it opened.
local EXEC_CONTROLS = {
  { cis = "5.22", bench = "5.23", knob = "allow_privileged", title = "a privileged exec",
    bad = { Privileged = true }, good = { Privileged = false } },
  { cis = "5.23", bench = "5.24", knob = "allow_root_user", title = "an exec as root",
    bad = { User = "root" }, good = { User = "1000:1000" } },
}

local WITH_EXEC = [=[
rules:
  - match: { method: "GET", path: "/_ping" }
    action: allow
  - match: { method: "POST", path: "/containers/*/exec" }
    action: allow
request_body:
  exec:
    allowed_commands: [["/bin/ls", "*"]]
]=]


local function exec_body(members)
  local body = { Cmd = { "/bin/ls", "-l" }, User = "1000" }
  for name, value in pairs(members) do
    body[name] = value
  end
  return cjson.encode(body)
end


-- The log's denial names the control (with one of its numbers where it has several).
local function assert_logged_denial(guard, control, group)
  local line = guard:logged()
  assert.is_truthy(line, "no log line")
  assert.equal("deny", line.decision)
  assert.equal("request_body_policy_denied", line.reason_code)
  assert.is_true(line.rule >= 0)
  assert.equal("request_body." .. group .. "." .. control.knob, line.knob)
  assert.equal(control.cis, line.cis)
  assert.equal(control.bench, line.bench)
end


describe("in front of a real dockerd", function()
  local engine, guard, exec_guard

  setup(function()
    engine = dockerd.start()
    guard = proxy.start { config_file = "presets/cis-docker-benchmark.yaml",
                          upstream = engine.path }
    exec_guard = proxy.start { config = WITH_EXEC, upstream = engine.path }
  end)

  teardown(function()
    if engine then
      engine:clear()
    end
    local stopped = {}
    for _, running in pairs { guard, exec_guard } do
      stopped[#stopped + 1] = { pcall(running.stop, running) }
    end
    if engine then
      engine:stop()
    end
    for _, result in ipairs(stopped) do
      assert(table.unpack(result))
    end
  end)

  it("refuses the page's negative request, and the engine holds nothing", function()
    local before = engine:count()
    local response = http.post(guard.address, CREATE, page.NEGATIVE)
    assert.equal(403, response.status)
    assert.equal('{"message":"request denied by sockguard policy"}\n', response.body)
    assert.equal(before, engine:count())
    local line = guard:logged()
    assert.equal("deny", line.decision)
    for _, field in ipairs { "check", "knob", "cis", "bench", "reason" } do
      assert.is_true(#line[field] > 0, field)
    end
  end)

  it("lets the page's positive request through to the engine's 201", function()
    local response = http.post(guard.address, CREATE, page.POSITIVE)
    assert.equal(201, response.status)
    local status, container = engine:ask("GET", "/containers/"
      .. cjson.decode(response.body).Id .. "/json")
    assert.equal(200, status)
    assert.equal(268435456, container.HostConfig.Memory)
    assert.equal("allow", guard:logged().decision)
  end)

  for _, control in ipairs(CONTROLS) do
    local numbers = ("%s (bench %s)"):format(control.cis, control.bench)

    it(numbers .. " refuses what the engine would create: " .. control.title, function()
      local body = page.with(control.bad)
      local status, told = engine:ask("POST", "/containers/create", body)
      assert.equal(201, status, type(told) == "table" and told.message or told)
      local before = engine:count()
      assert.equal(403, http.post(guard.address, CREATE, body).status)
      assert.equal(before, engine:count())
      assert_logged_denial(guard, control, "container_create")
    end)

    it(numbers .. " admits what keeps to it: " .. control.title, function()
      local response = http.post(guard.address, CREATE, page.with(control.good))
      assert.equal(201, response.status, response.body)
      local line = guard:logged()
      assert.equal("allow", line.decision)
      assert.equal(201, line.status)
    end)
  end

  describe("exec", function()
    local container

    setup(function()
      local status, created = engine:ask("POST", "/containers/create", page.POSITIVE)
      assert.equal(201, status)
      container = created.Id
      assert.equal(204, (engine:ask("POST", "/containers/" .. container .. "/start")))
    end)

    for _, control in ipairs(EXEC_CONTROLS) do
      local numbers = ("%s (bench %s)"):format(control.cis, control.bench)

      it(numbers .. " refuses what the engine would create: " .. control.title, function()
        local body = exec_body(control.bad)
        local path = "/containers/" .. container .. "/exec"
        assert.equal(201, (engine:ask("POST", path, body)))
        assert.equal(403, http.post(exec_guard.address, "/v1.41" .. path, body).status)
        assert_logged_denial(exec_guard, control, "exec")
      end)

      it(numbers .. " admits what keeps to it: " .. control.title, function()
        local response = http.post(exec_guard.address, "/v1.41/containers/" .. container
          .. "/exec", exec_body(control.good))
        assert.equal(201, response.status, response.body)
        assert.equal("allow", exec_guard:logged().decision)
      end)
    end

    it("is closed by rule under the preset itself", function()
      local response = http.post(guard.address, "/v1.41/containers/" .. container .. "/exec",
        exec_body {})
      assert.equal(403, response.status)
      assert.equal("matched_deny_rule", guard:logged().reason_code)
    end)
  end)
end)

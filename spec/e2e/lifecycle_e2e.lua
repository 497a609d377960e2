-- lifecycle_e2e: how sockguard comes up, takes its socket and goes.
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local scratch = require "support.scratch"
local uv = require "luv"
local wait = require "support.wait"


describe("the listener", function()
  it("is a socket for its owner only", function()
    local h = house.start()
    local stat = uv.fs_stat(h.address)
    h:stop()
    assert.equal("socket", stat.type)
    assert.equal(tonumber("600", 8), stat.mode & tonumber("777", 8))
  end)

  it("leaves no socket behind", function()
    local h = house.start()
    local address = h.address
    local dir = h.guard.dir
    h.guard:terminate()
    wait.until_true(function()
      return h.guard.code
    end, 5000)
    local stat = uv.fs_stat(address)
    h.engine:stop()
    h.guard:kill()
    scratch.remove(h.dir)
    scratch.remove(dir)
    assert.is_nil(stat)
  end)

  it("takes over a socket that nobody answers on", function()
    local dir = scratch.new()
    local path = dir .. "/stale.sock"
    local listener = uv.new_pipe(false)
    listener:bind(path)
    local copy = dir .. "/kept"
    uv.fs_link(path, copy) -- closing the listener unlinks its own path
    listener:close()
    uv.run("nowait")
    if not uv.fs_stat(path) then
      uv.fs_rename(copy, path)
    end
    local h = house.start { address = path }
    assert.equal(200, http.request(path, { target = "/_ping" }).status)
    h:stop()
    scratch.remove(dir)
  end)

  it("does not take over one that answers, nor a file", function()
    local h = house.start()
    local file = scratch.write(h.dir .. "/file", "mine")
    local function fails_at(path)
      local code, _, complaint = proxy.run({ "serve", "-c", h.guard.config,
        "--listen-socket", path, "--upstream-socket", h.engine.path })
      assert.equal(1, code)
      assert.matches(path, complaint, 1, true)
    end
    fails_at(h.address)
    fails_at(file)
    assert.equal("mine", scratch.read(file))
    assert.equal(200, http.request(h.address, { target = "/_ping" }).status)
    h:stop()
  end)

  it("may be a port of this machine, which browsers cannot use", function()
    local port = math.tointeger(20000 + uv.os_getpid() % 20000)
    local h = house.start {
      address = port, listen = false,
      config = ('listen: { address: "127.0.0.1:%d" }\n'):format(port) .. house.OPEN,
    }
    local function asked(...)
      return http.request(port, { target = "/_ping", headers = { ... } }).status
    end
    local statuses = {
      asked(), asked { "Host", "localhost:" .. port }, asked { "Host", "127.0.0.1" },
      asked { "Host", "evil.example" },
      asked({ "Host", "localhost" }, { "Origin", "http://localhost" }),
    }
    h:stop()
    assert.same({ 403, 200, 200, 403, 403 }, statuses)
  end)
end)


describe("SIGTERM", function()
  it("lets a request end that has begun", function()
    local h = house.start()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/fault/slow-head" })
    assert.is_truthy(h.engine:next())
    h.guard:terminate()
    assert.equal("[]", connection:final().body)
    connection:close()
    h:stop()
  end)

  it("does not wait for idle connections", function()
    local h = house.start()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/_ping" })
    assert.equal(200, connection:final().status)
    local before = uv.now()
    h:stop()
    assert.is_true(uv.now() - before < 1500)
    connection:close()
  end)

  it("waits no longer than the drain time", function()
    local h = house.start { config = house.OPEN:gsub("drain: 2s", "drain: 300ms") }
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/fault/silent" })
    assert.is_truthy(h.engine:next())
    h:stop(3000)
    assert.is_true(connection:closes(500))
    connection:close()
  end)
end)


describe("starting", function()
  local function fails(config, env)
    local dir = scratch.new()
    local file = scratch.write(dir .. "/config.yaml", config)
    local code, _, complaint = proxy.run({ "serve", "-c", file, "--listen-socket",
      dir .. "/s.sock" }, { env = env, ms = 8000 })
    scratch.remove(dir)
    return code, complaint
  end

  it("names a misspelt key, its place and the nearest known one", function()
    local code, complaint = fails(
      "request_body:\n  container_create:\n    allow_privileged_: true\n")
    assert.equal(1, code)
    assert.matches("config.yaml:3", complaint, 1, true)
    assert.matches("allow_privileged_", complaint, 1, true)
    assert.matches("allow_privileged\"?%f[^%w_]", complaint)
  end)

  it("refuses a setting whose effect does not exist yet", function()
    local code, complaint = fails("metrics: { enabled: true }\n")
    assert.equal(1, code)
    assert.matches("metrics.enabled", complaint, 1, true)
  end)

  it("refuses rules that let bodies through unread", function()
    local code, complaint = fails(
      'rules:\n  - match: { method: "*", path: "/**" }\n    action: allow\n')
    assert.equal(1, code)
    assert.matches("insecure_allow_body_blind_writes", complaint, 1, true)
  end)

  it("does not wait for the engine, and says when it is not there", function()
    local h = house.start()
    h.engine:stop()
    assert.equal(502, http.request(h.address, { target = "/_ping" }).status)
    assert.is_truthy(wait.until_true(function()
      return h.guard:log_text():find("upstream_unreachable", 1, true)
    end, 2000))
    h.engine:restart()
    assert.equal(200, http.request(h.address, { target = "/_ping" }).status)
    h:stop()
  end)
end)

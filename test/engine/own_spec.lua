-- own_spec: sockguard in a container of the engine that it guards finds that container, and a
-- client tries each way to it (hole H13), under each spelling. What is refused here is first shown
-- to work past sockguard, where that leaves the container running.
local cjson = require "cjson"
local dockerd = require "support.dockerd"
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local scratch = require "support.scratch"
local wait = require "support.wait"

local CREATE = "/v1.41/containers/create"
local REFUSED = "own_container_protected"

local CONFIG = house.EVERYTHING .. [[
request_body:
  exec: { allow_root_user: true, allow_privileged: true }
  container_update: { allow_resource_updates: true }
]]


local function encode(host)
  return cjson.encode { Image = "alpine", Cmd = { "sleep", "600" }, HostConfig = host }
end


-- METHOD, what stands behind the container, and a body.
local ROUTES = {
  { "POST", "/stop?t=0" }, { "POST", "/kill" }, { "POST", "/restart?t=0" }, { "POST", "/pause" },
  { "POST", "/unpause" }, { "POST", "/start" }, { "POST", "/rename?name=taken" },
  { "POST", "/resize?h=9&w=9" }, { "POST", "/update", '{"Memory":67108864}' },
  { "POST", "/exec", '{"Cmd":["id"]}' }, { "POST", "/attach?stream=1&stdout=1" },
  { "GET", "/archive?path=/etc/passwd" }, { "HEAD", "/archive?path=/etc/passwd" },
  { "PUT", "/archive?path=/tmp", "x" }, { "GET", "/export" }, { "DELETE", "?force=1" },
}


local function bodies_with(name)
  return {
    encode { PidMode = "container:" .. name }, encode { IpcMode = "container:" .. name },
    encode { NetworkMode = "container:" .. name }, encode { VolumesFrom = { name } },
    encode { Links = { name .. ":alias" } },
  }
end


describe("sockguard's own container", function()
  local engine, guard, dir, id

  -- Runs the program in a container, with the machine's libraries. host: HostConfig members.
  local function run_inside(name, settings, host)
    scratch.write(dir .. "/" .. name .. ".yaml", CONFIG .. settings)
    local body = {
      Image = "alpine", User = "0",
      Cmd = { "/program/sockguard", "serve", "-c", "/shared/" .. name .. ".yaml",
              "--listen-socket", "/shared/" .. name .. ".sock",
              "--upstream-socket", "/engine/" .. engine.path:match "[^/]+$" },
      HostConfig = {
        Binds = { "/lib:/lib:ro", "/lib64:/lib64:ro", "/usr:/usr:ro", dir .. ":/shared",
                  dir .. ":/program:ro",
                  engine.path:match "^(.*)/[^/]+$" .. ":/engine", "guard-run:/run/sockguard" },
      },
    }
    for member, value in pairs(host or {}) do
      body.HostConfig[member] = value
    end
    local status, created = engine:ask("POST", "/containers/create?name=" .. name,
      cjson.encode(body))
    assert.equal(201, status, created.message)
    assert.equal(204, (engine:ask("POST", "/containers/" .. created.Id .. "/start")))
    return created.Id, dir .. "/" .. name .. ".sock"
  end

  local function comes_up(socket)
    return wait.until_true(function()
      return (pcall(function()
        http.connect(socket):close()
      end))
    end, 10000)
  end

  setup(function()
    engine = dockerd.start()
    dir = scratch.new()
    scratch.write(dir .. "/sockguard", scratch.read(proxy.program()))
    assert(os.execute("chmod 755 " .. dir .. "/sockguard"))
    id, guard = run_inside("guard", "self_protection: 'on'\n")
    if not comes_up(guard) then
      error(http.request(engine.path, { target = "/v1.41/containers/guard/logs?stderr=1" }).body)
    end
    local status = engine:ask("POST", "/containers/create?name=web", encode {})
    assert.equal(201, status)
    assert.equal(204, (engine:ask("POST", "/containers/web/start")))
  end)

  teardown(function()
    if engine then
      engine:clear()
      engine:stop()
    end
    if dir then
      scratch.remove(dir)
    end
  end)

  local function ask(socket, method, target, body)
    local kind = target:find "/archive" and "application/x-tar" or "application/json"
    return http.request(socket, { method = method, target = target, body = body, ms = 15000,
                                  headers = body and { { "Content-Type", kind } } or nil })
  end

  local function spellings()
    return { "guard", "/guard", "%67uard", id, id:sub(1, 12), id:sub(1, 1) }
  end

  local function still_runs()
    local _, container = engine:ask("GET", "/containers/" .. id .. "/json")
    assert.is_true(container.State.Running)
    assert.is_false(container.State.Paused)
    assert.equal("/guard", container.Name)
    assert.equal(0, container.HostConfig.Memory)
  end

  it("is found without being named, and confirmed", function()
    local log = http.request(engine.path, { target = "/v1.41/containers/guard/logs?stderr=1" }).body
    assert.is_truthy(log:find('"own_container":"' .. id:sub(1, 12), 1, true), log)
  end)

  it("is found by its files, too, where a namespace hides its control group", function()
    local _, socket = run_inside("hidden", "self_protection: 'on'\n",
      { CgroupnsMode = "private" })
    assert.is_truthy(comes_up(socket))
    assert.equal(403, ask(socket, "POST", "/v1.41/containers/hidden/kill").status)
  end)

  it("is what the engine takes each spelling for", function()
    for _, name in ipairs { "guard", "%67uard", id, id:sub(1, 12) } do
      local _, container = engine:ask("GET", "/containers/" .. name .. "/json")
      assert.equal(id, container.Id)
    end
    for _, mode in ipairs { "PidMode", "IpcMode", "NetworkMode" } do
      for _, name in ipairs { "guard", "/guard", id:sub(1, 12) } do
        local status, created = engine:ask("POST", "/containers/create",
          encode { [mode] = "container:" .. name })
        assert.equal(201, status, created.message)
        engine:ask("DELETE", "/containers/" .. created.Id .. "?force=1")
      end
    end
    local _, volumes = engine:ask("POST", "/containers/create",
      encode { VolumesFrom = { "/guard" } })
    assert.is_string(volumes.Id)
    engine:ask("DELETE", "/containers/" .. volumes.Id .. "?force=1")
  end)

  it("is reached through sockguard by nothing that is done to a container", function()
    for _, route in ipairs(ROUTES) do
      for _, name in ipairs(spellings()) do
        local target = "/v1.41/containers/" .. name .. route[2]
        local response = ask(guard, route[1], target, route[3])
        assert.equal(403, response and response.status, route[1] .. " " .. target)
      end
    end
    assert.equal(403, ask(guard, "POST", "/v1.41/commit?container=guard&repo=x", "{}").status)
    still_runs()
  end)

  it("is joined by no new container, and lends it no volume", function()
    local before = engine:count()
    for _, name in ipairs { "guard", "/guard", id, id:sub(1, 12), id:sub(1, 1) } do
      for _, body in ipairs(bodies_with(name)) do
        assert.equal(403, ask(guard, "POST", CREATE, body).status, body)
      end
    end
    local volume = encode { Binds = { "guard-run:/run/sockguard" } }
    assert.equal(403, ask(guard, "POST", CREATE, volume).status)
    assert.equal(before, engine:count())
  end)

  it("runs no command that somebody else has prepared", function()
    local status, exec = engine:ask("POST", "/containers/guard/exec", '{"Cmd":["/bin/true"]}')
    assert.equal(201, status)
    local start = "/v1.41/exec/" .. exec.Id .. "/start"
    assert.equal(403, ask(guard, "POST", start, '{"Detach":true}').status)
    local _, held = engine:ask("GET", "/exec/" .. exec.Id .. "/json")
    assert.is_false(held.Running)
    assert.equal(cjson.null, held.ExitCode)
  end)

  it("may be looked at, and others are reached as before", function()
    for _, tail in ipairs { "/json", "/top", "/stats?stream=0&one-shot=1" } do
      assert.equal(200, ask(guard, "GET", "/v1.41/containers/guard" .. tail).status, tail)
    end
    assert.equal(204, ask(guard, "POST", "/v1.41/containers/web/pause").status)
    assert.equal(204, ask(guard, "POST", "/v1.41/containers/web/unpause").status)
    assert.equal(200, ask(guard, "POST", "/v1.41/containers/web/update",
      '{"CpuShares":512}').status)
    local joined = ask(guard, "POST", CREATE, encode { PidMode = "container:web" })
    assert.equal(201, joined.status)
  end)

  it("is not mistaken for the one whose network it shares: until it is named, all is refused",
     function()
    local host = { NetworkMode = "container:web", CgroupnsMode = "private" }
    local function pauses(socket, name)
      return ask(socket, "POST", "/v1.41/containers/" .. name .. "/pause").status
    end
    local _, socket = run_inside("tenant", "", host)
    assert.is_truthy(comes_up(socket))
    assert.equal(403, pauses(socket, "tenant"))
    assert.equal(403, pauses(socket, "web"))
    assert.equal(200, ask(socket, "GET", "/v1.41/containers/web/json").status)
    _, socket = run_inside("named", "self_container: named\n", host)
    assert.is_truthy(comes_up(socket))
    assert.equal(403, pauses(socket, "named"))
    assert.equal(204, pauses(socket, "web"))
    assert.equal(204, (engine:ask("POST", "/containers/web/unpause")))
  end)

  it("is found again under a new name, once what was known is stale", function()
    assert.equal(204, (engine:ask("POST", "/containers/guard/rename?name=renamed")))
    local moved = wait.until_true(function()
      local response = ask(guard, "POST", "/v1.41/containers/renamed/resize?h=9&w=9")
      return response.status == 403
    end, 15000)
    assert.equal(204, (engine:ask("POST", "/containers/renamed/rename?name=guard")))
    assert.is_truthy(moved)
  end)

  it("is the one that an operator names, too", function()
    local outside = proxy.start { config = CONFIG .. "self_container: guard\n",
                                  upstream = engine.path }
    local ok, problem = pcall(function()
      for _, name in ipairs(spellings()) do
        local target = "/v1.41/containers/" .. name .. "/kill"
        assert.equal(403, ask(outside.address, "POST", target).status, name)
        assert.equal(REFUSED, outside:logged().reason_code)
      end
    end)
    outside:stop()
    assert(ok, problem)
    still_runs()
  end)
end)

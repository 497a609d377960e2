-- own_e2e: sockguard told which container is its own: whatever would reach that one is refused,
-- under any spelling, and the same is let through for others.
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local scratch = require "support.scratch"

local ID = "c0ffee" .. ("0123456789"):rep(5) .. "01234567"
local OTHER = "beef" .. ("0"):rep(60)
local REFUSED = "own_container_protected"

local CONFIG = house.EVERYTHING .. [[
timeouts: { drain: 2s, lookup: 500ms }
request_body:
  exec: { allow_root_user: true, allow_privileged: true }
  container_update: { allow_resource_updates: true }
]]

-- METHOD and what stands behind /containers/ID of each route that does more than look.
local ROUTES = {
  { "POST", "/start" }, { "POST", "/stop?t=1" }, { "POST", "/restart" }, { "POST", "/kill" },
  { "POST", "/pause" }, { "POST", "/unpause" }, { "POST", "/rename?name=new" },
  { "POST", "/resize?h=1&w=1" }, { "POST", "/attach?stream=1" }, { "GET", "/attach/ws" },
  { "GET", "/archive?path=/etc" }, { "HEAD", "/archive?path=/etc" }, { "GET", "/export" },
  { "DELETE", "?force=1" }, { "DELETE", "/checkpoints/c" },
  { "PUT", "/archive?path=/etc", "not a tar", "application/x-tar" },
  { "POST", "/update", '{"Memory":67108864}' },
  { "POST", "/exec", '{"Cmd":["/bin/ls"]}' },
  { "POST", "/checkpoints", '{"CheckpointID":"c"}' }, { "POST", "/copy", '{"Resource":"/etc"}' },
}

local LOOKS = { "/json", "/logs", "/stats?stream=0", "/top", "/changes" }

local SPELLINGS = {
  "guard", "%67%75ard", "%2Fguard", "/guard", "./guard", "web/../guard", ID, ID:sub(1, 12), "c",
  "%63", "c0ff", "web/link", "x%2Fguard",
}


-- Names are what the test says they are meanwhile.
local function engine_of(names)
  return function(request, with)
    local ref = request.method == "GET" and request.target:match "^/containers/([^/]+)/json$"
    local exec = request.method == "GET" and request.target:match "^/exec/([^/]+)/json$"
    local body, status = nil, "200 OK"
    if ref and names.broken then
      status, body = "500 No", "{}"
    elseif ref == ID or ref == names.own then
      body = cjson.encode {
        Id = ID, Name = "/" .. names.own, Config = { Hostname = "elsewhere" },
        Mounts = { { Type = "volume", Name = "guard-run", Destination = "/run/sockguard" } },
      }
    elseif ref == "guard" then
      status, body = "404 Not Found", '{"message":"no such container"}'
    elseif exec then
      body = cjson.encode { ID = exec, ContainerID = exec == "own" and ID or OTHER,
                            ProcessConfig = { entrypoint = "/bin/ls", user = "1000" } }
    elseif request.target:find "^/v1.41/volumes/" then
      status, body = "404 Not Found", '{"message":"no such volume"}'
    end
    if body then
      with.send(("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
        :format(status, #body, body))
    end
    return body ~= nil
  end
end


describe("sockguard's own container", function()
  local h, names

  setup(function()
    names = { own = "guard" }
    h = house.start { config = CONFIG .. "self_container: guard\n", answer = engine_of(names) }
  end)

  teardown(function()
    h:stop()
  end)

  -- The status, the reason in the log, and what the engine got of it.
  local function send(method, target, body, kind)
    h.engine:forget()
    local connection = http.connect(h.address)
    connection:send(http.bytes {
      method = method, target = target, body = body,
      headers = body and { { "Content-Type", kind or "application/json" } } or nil,
    })
    local line = h.guard:logged(function(line)
      return line.method == method
    end, 200)
    local response = connection:final { head_only = true, ms = 2000 }
    connection:close()
    line = line or h.guard:logged()
    local passed = 0
    for _, request in ipairs(h.engine.requests) do
      if request.method .. request.target == method .. (target:gsub("^/v[%d.]+", "%0")) then
        passed = passed + 1
      end
    end
    return response and response.status, line and line.reason_code, passed
  end

  local function is_refused(method, target, body, kind)
    local status, reason, passed = send(method, target, body, kind)
    local words = method .. " " .. target .. " " .. (body or "")
    assert.equal(403, status, words)
    assert.equal(REFUSED, reason, words)
    assert.equal(0, passed, words)
  end

  local function passes(method, target, body, kind)
    local status, reason = send(method, target, body, kind)
    local words = method .. " " .. target .. " " .. (body or "")
    assert.not_equal(403, status, words)
    assert.equal("matched_allow_rule", reason, words)
  end

  it("is reached by no route that does more than look, however it is spelt", function()
    for _, route in ipairs(ROUTES) do
      for _, spelling in ipairs(SPELLINGS) do
        is_refused(route[1], "/v1.41/containers/" .. spelling .. route[2], route[3], route[4])
      end
    end
  end)

  it("is no other one", function()
    for _, route in ipairs(ROUTES) do
      for _, other in ipairs { "web", "Guard", "C0FF", OTHER } do
        passes(route[1], "/v1.41/containers/" .. other .. route[2], route[3], route[4])
      end
    end
  end)

  it("may be looked at", function()
    for _, tail in ipairs(LOOKS) do
      passes("GET", "/v1.41/containers/guard" .. tail)
    end
    passes("POST", "/v1.41/containers/guard/wait")
  end)

  it("is not committed, and no build joins its network", function()
    is_refused("POST", "/v1.41/commit?container=guard&repo=x", "{}")
    is_refused("POST", "/v1.41/commit?repo=x&container=%63%30ff", "{}")
    is_refused("POST", "/v1.41/build?networkmode=container%3Aguard")
    passes("POST", "/v1.41/commit?container=web&repo=guard", "{}")
    passes("POST", "/v1.41/build?networkmode=guard&t=guard")
  end)

  local function create(host)
    return "POST", "/v1.41/containers/create", cjson.encode { Image = "x", HostConfig = host }
  end

  it("is not joined by a new container", function()
    for _, name in ipairs { "guard", "/guard", " guard", ID, "c0ffee012345", "c", "web/link" } do
      for _, mode in ipairs { "NetworkMode", "PidMode", "IpcMode" } do
        is_refused(create { [mode] = "container:" .. name })
      end
    end
    is_refused(create { VolumesFrom = { "web:ro", "guard:ro" } })
    is_refused(create { VolumesFrom = { "/guard" } })
    is_refused(create { Links = { "c0ff:alias" } })
    is_refused(create { Links = { "/guard:/web/alias" } })
    passes(create { NetworkMode = "container:web", PidMode = "container:" .. OTHER,
                    IpcMode = "container:Guard" })
  end)

  it("keeps its volumes to itself", function()
    is_refused(create { Binds = { "guard-run:/run/sockguard:ro" } })
    is_refused(create { Mounts = { { Type = "volume", Source = "guard-run", Target = "/r" } } })
    passes(create { Binds = { "guard-runs:/r" } })
  end)

  it("runs nobody's command", function()
    is_refused("POST", "/v1.41/exec/own/start", '{"Detach":true}')
    passes("POST", "/v1.41/exec/other/start", '{"Detach":true}')
    passes("POST", "/v1.41/exec/own/resize?h=1&w=1")
  end)

  it("is asked about once while the answer is fresh", function()
    h.engine:forget()
    for _ = 1, 5 do
      http.request(h.address, { method = "POST", target = "/v1.41/containers/web/stop" })
    end
    local asked = 0
    for _, request in ipairs(h.engine.requests) do
      asked = asked + (request.method == "GET" and 1 or 0)
    end
    assert.is_true(asked <= (tonumber(os.getenv "TEST_WORKERS") or 1), asked)
  end)
end)


describe("sockguard's own container, before anything is known of it", function()
  local h, names

  before_each(function()
    names = { own = "guard" }
    h = house.start { config = CONFIG .. "self_container: guard\n", answer = engine_of(names) }
  end)

  after_each(function()
    h:stop()
  end)

  local function stop(name)
    return http.request(h.address, { method = "POST",
                                     target = "/v1.41/containers/" .. name .. "/stop" }).status
  end

  it("is looked up by the first request that could mean it", function()
    h.engine:forget()
    assert.equal(200, http.request(h.address, { target = "/v1.41/containers/json" }).status)
    assert.equal("/v1.41/containers/json", h.engine:next().target)
    assert.equal(403, stop "c0ff")
    assert.equal("/containers/guard/json", h.engine:next().target)
    assert.equal(204, stop "web")
  end)

  it("is guarded by denying what might mean it, while the engine does not say", function()
    names.broken = true
    assert.equal(403, stop "web")
    assert.equal(403, stop "guard")
    assert.equal(200, http.request(h.address, { target = "/v1.41/containers/json" }).status)
    names.broken = false
    assert.equal(204, stop "web")
    assert.equal(403, stop "c0ff")
  end)

  it("is guarded by the name that was given, when the engine has none of that name", function()
    names.own = "another"
    assert.equal(204, stop "web")
    assert.equal(403, stop "guard")
    assert.equal(204, stop "c0ff")
  end)

  it("lets a body stream that came with the first request", function()
    local response = http.request(h.address, {
      method = "PUT", target = "/v1.41/containers/web/archive?path=/tmp",
      headers = { { "Content-Type", "application/x-tar" } }, body = ("x"):rep(3000000), ms = 5000,
    })
    assert.equal(200, response.status)
    h.engine:next()
    local put = h.engine:next()
    assert.equal("PUT", put.method)
    assert.equal(3000000, #put.body)
  end)
end)


describe("self_protection", function()
  local dir

  before_each(function()
    dir = scratch.new()
  end)

  after_each(function()
    scratch.remove(dir)
  end)

  local function refuses_to_start(settings, words, upstream)
    local file = scratch.write(dir .. "/config.yaml", CONFIG .. settings)
    local code, _, complaint = proxy.run({ "serve", "-c", file, "--listen-socket",
      dir .. "/guard.sock", "--upstream-socket", upstream or dir .. "/none.sock" })
    assert.equal(1, code)
    assert.is_truthy(complaint:find(words, 1, true), complaint)
  end

  it("on: does not start without an engine, or without a container", function()
    refuses_to_start("self_protection: 'on'\nself_container: guard\n", "is not confirmed")
    refuses_to_start("self_protection: 'on'\n", "runs in no container that it can find")
    refuses_to_start("self_protection: 'off'\nself_container: guard\n", "self_protection is off")
    refuses_to_start("self_container: 'a/b'\n", "self_container")
    refuses_to_start("self_protection: maybe\n", "auto, on or off")
  end)

  it("on: does not start when the engine knows no such container", function()
    local engine = require("support.engine").start { path = dir .. "/engine.sock",
      answer = function(_, with)
        with.send "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"
        return true
      end }
    refuses_to_start("self_protection: 'on'\nself_container: guard\n", "is not confirmed",
      engine.path)
    engine:stop()
  end)

  it("on: starts with what the engine has confirmed, and asks no more for a while", function()
    local names = { own = "guard" }
    local h = house.start { config = CONFIG .. "self_protection: 'on'\nself_container: guard\n",
                            answer = engine_of(names) }
    h.engine:forget()
    local function stop(name)
      return http.request(h.address, { method = "POST",
                                       target = "/containers/" .. name .. "/stop" }).status
    end
    assert.equal(403, stop "c0ff")
    assert.equal(204, stop "web")
    assert.equal("POST", h.engine:next().method)
    h:stop()
  end)

  it("auto: protects nothing where sockguard runs in no container", function()
    local h = house.start { config = CONFIG, answer = engine_of { own = "guard" } }
    h.engine:forget()
    assert.equal(204, http.request(h.address, { method = "POST",
                                                target = "/containers/guard/stop" }).status)
    assert.equal("POST", h.engine:next().method)
    h:stop()
  end)
end)

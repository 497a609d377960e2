-- lookup_e2e: what is asked of the engine before a request is forwarded, and what its answers do.
local house = require "support.house"
local http = require "support.http"

local CREATE = "/v1.41/containers/create"
local UPDATE = "/v1.41/containers/web/update"

local CONFIG = [[
timeouts: { drain: 2s, lookup: 500ms }
rules:
  - match: { method: "POST", path: "/containers/create" }
    action: allow
  - match: { method: "POST", path: "/containers/*/update" }
    action: allow
request_body:
  container_update: { allow_resource_updates: true, require_memory_limit: true }
]]

local ANSWERS = {
  ["/volumes/plain"] = '{"Name":"plain","Driver":"local","Options":null}',
  ["/volumes/host"] = '{"Name":"host","Driver":"local","Options":{"o":"bind","device":"/etc"}}',
  ["/volumes/plugin"] = '{"Name":"plugin","Driver":"rexray","Options":{}}',
  ["/volumes/other"] = '{"Name":"another","Driver":"local","Options":null}',
  ["/volumes/broken"] = '{"Name":',
  ["/volumes/null"] = "null",
  ["/containers/web/json"] = '{"HostConfig":{"Memory":67108864}}',
}


local function answer(request, with)
  local path = request.target:gsub("^/v[%d.]+", "")
  local body = request.method == "GET" and ANSWERS[path]
  if path == "/volumes/silent" then
    return true
  elseif path == "/volumes/refused" then
    with.send "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}"
    return true
  elseif body then
    with.send(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
      :format(#body, body))
    return true
  end
end


describe("before a request is forwarded", function()
  local h

  setup(function()
    h = house.start { config = CONFIG, answer = answer }
  end)

  teardown(function()
    h:stop()
  end)

  -- What the engine has seen since, as "METHOD path", and the response.
  local function post(target, body)
    h.engine:forget()
    local response, seen = http.post(h.address, target, body), {}
    for _ = 1, 40 do
      local request = h.engine:next(50)
      if not request then
        break
      end
      seen[#seen + 1] = request.method .. " " .. request.target
    end
    return response, seen
  end

  local function create(...)
    local binds = {}
    for i, name in ipairs { ... } do
      binds[i] = ('"%s:/v%d"'):format(name, i)
    end
    return post(CREATE, ('{"Image":"x","HostConfig":{"Binds":[%s]}}')
      :format(table.concat(binds, ",")))
  end

  it("each named volume is asked about, once, and new ones pass", function()
    local response, seen = create("plain", "fresh", "plain")
    assert.equal(201, response.status)
    assert.same({ "GET /volumes/plain", "GET /volumes/fresh", "POST " .. CREATE }, seen)
  end)

  it("nothing is asked about what is denied anyway, or names no volume", function()
    local response, seen = post(CREATE, '{"HostConfig":{"Privileged":true,"Binds":["plain:/v"]}}')
    assert.equal(403, response.status)
    assert.same({}, seen)
    response, seen = post(CREATE, '{"HostConfig":{"Binds":["/anonymous"]}}')
    assert.equal(201, response.status)
    assert.same({ "POST " .. CREATE }, seen)
  end)

  it("a volume that is a host folder, a plugin's, or not the one asked for is refused", function()
    for _, name in ipairs { "host", "plugin", "other" } do
      local response, seen = create("plain", name)
      assert.equal(403, response.status, name)
      assert.same({ "GET /volumes/plain", "GET /volumes/" .. name }, seen)
      assert.equal("container_create.named_volumes", h.guard:logged(function(line)
        return line.path == CREATE and line.check ~= nil and line.check ~= ""
          and line.check:find "named_volumes"
      end).check)
    end
  end)

  it("an answer that cannot be had or read is a denial", function()
    for _, name in ipairs { "broken", "null", "refused", "silent" } do
      local response = create(name)
      assert.equal(403, response.status, name)
      local line = h.guard:logged(function(line)
        return line.reason_code == "request_body_inspection_failed"
      end)
      assert.is_truthy(line, name)
    end
  end)

  it("more volumes than can be asked about are refused, and none is asked", function()
    local names = {}
    for i = 1, 17 do
      names[i] = "v" .. i
    end
    local response, seen = create(table.unpack(names))
    assert.equal(403, response.status)
    assert.same({}, seen)
    names[17] = nil
    response, seen = create(table.unpack(names))
    assert.equal(201, response.status)
    assert.equal(17, #seen)
  end)

  it("a change of limits is judged on top of what the container has", function()
    local response, seen = post(UPDATE, '{"CpuShares":512}')
    assert.equal(200, response.status)
    assert.same({ "GET /containers/web/json", "POST " .. UPDATE }, seen)
    response, seen = post(UPDATE, '{"Memory":-1}')
    assert.equal(403, response.status)
    assert.same({ "GET /containers/web/json" }, seen)
    response = post(UPDATE, '{"Memory":"64m"}')
    assert.equal(400, response.status)
    response = http.request(h.address, { method = "POST", target = UPDATE })
    assert.equal(400, response.status)
  end)
end)

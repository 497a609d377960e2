-- health_e2e: GET /health tells the truth about the engine, now and not once.
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"
local wait = require "support.wait"


describe("GET /health", function()
  local h

  before_each(function()
    h = house.start()
  end)

  after_each(function()
    h:stop()
  end)

  local function health()
    local response = http.request(h.address, { target = "/health" })
    return response.status, cjson.decode(response.body), response
  end

  -- How long until the status is there; nil when it does not come within ms.
  local function turns(status, ms)
    return wait.until_true(function()
      wait.pause(50)
      return (health()) == status
    end, ms)
  end

  it("says what is up", function()
    local status, body, response = health()
    assert.equal(200, status)
    assert.equal("healthy", body.status)
    assert.equal("connected", body.upstream)
    assert.is_number(body.uptime_seconds)
    assert.is_string(body.version)
    assert.equal("default", body.listeners[1].name)
    assert.equal("serving", body.listeners[1].state)
    assert.matches("^%x+$", response.headers["x-request-id"])
  end)

  it("turns 503 when the engine dies and 200 when it is back", function()
    assert.equal(200, (health()))
    h.engine:stop()
    assert.is_truthy(turns(503, 3000), "still healthy three seconds after the engine died")
    local _, body = health()
    assert.equal("unhealthy", body.status)
    assert.equal("unreachable", body.upstream)
    h.engine:restart()
    assert.is_truthy(turns(200, 1000), "still unhealthy a second after the engine came back")
  end)

  it("asks the engine at most once in two seconds while it is well", function()
    local before = #h.engine.connections
    for _ = 1, 20 do
      assert.equal(200, (health()))
    end
    assert.is_true(#h.engine.connections - before <= 2)
  end)

  it("is not answered by rules, and needs its exact spelling", function()
    assert.equal(403, http.request(h.address, { target = "/health/" }).status)
    assert.equal(403, http.request(h.address, { target = "/v1.41/health" }).status)
    assert.equal(403, http.post(h.address, "/health", "{}").status)
  end)
end)


describe("health.enabled: false", function()
  it("leaves the path to the rules", function()
    local h = house.start { config = "health: { enabled: false }\n" .. house.OPEN }
    local status = http.request(h.address, { target = "/health" }).status
    h:stop()
    assert.equal(403, status)
  end)
end)

-- denial_e2e: what a client is told when it is refused.
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"

local PRIVILEGED = '{"Image":"alpine","HostConfig":{"Privileged":true}}'
local CREATE = "/v1.41/containers/create"


describe("a minimal denial", function()
  local h

  setup(function()
    h = house.start()
  end)

  teardown(function()
    h:stop()
  end)

  it("says one constant sentence, whatever denied", function()
    for _, response in ipairs {
      http.post(h.address, CREATE, PRIVILEGED),
      http.request(h.address, { target = "/networks" }),
      http.post(h.address, CREATE, '{"HostConfig":{"Privileged":true},"HostConfig":{}}'),
    } do
      assert.equal(403, response.status)
      assert.equal('{"message":"request denied by sockguard policy"}\n', response.body)
      assert.matches("^application/json", response.headers["content-type"])
      assert.equal("nosniff", response.headers["x-content-type-options"])
    end
  end)

  it("reaches no engine", function()
    h.engine:forget()
    http.post(h.address, CREATE, PRIVILEGED)
    assert.is_nil(h.engine:next(100))
  end)

  it("keeps the connection", function()
    local connection = http.connect(h.address)
    for _ = 1, 3 do
      connection:send(http.bytes { method = "POST", target = CREATE, body = PRIVILEGED,
        headers = { { "Content-Type", "application/json" } } })
      assert.equal(403, connection:final().status)
    end
    connection:send(http.bytes { target = "/_ping" })
    assert.equal(200, connection:final().status)
    connection:close()
  end)

  it("keeps the connection past a body that nobody read", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "POST", target = "/networks/create",
      body = ("x"):rep(30000) } .. http.bytes { target = "/_ping" })
    assert.equal(403, connection:final().status)
    assert.equal("OK", connection:final().body)
    connection:close()
  end)

  it("does not read on for ever: a long rest is not taken for a request", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "POST", target = "/networks/create",
      headers = { { "Content-Length", "100000000" } } })
    assert.equal(403, connection:final().status)
    connection:send(http.bytes({ target = "/_ping" }):rep(3000))
    assert.is_true(connection:closes())
    assert.is_nil(connection:final { ms = 100 })
    connection:close()
  end)

  it("refuses a body over its cap with 413, unread", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "POST", target = CREATE,
      headers = { { "Content-Type", "application/json" }, { "Content-Length", "1048577" } } })
    assert.equal(413, connection:final().status)
    connection:close()
  end)

  it("has no body when it answers a HEAD", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "HEAD", target = "/networks" })
    assert.equal(403, connection:final({ head_only = true }).status)
    connection:send(http.bytes { target = "/_ping" })
    assert.equal(200, connection:final().status)
    connection:close()
  end)
end)


describe("a verbose denial", function()
  local h

  setup(function()
    h = house.start { args = { "--deny-verbosity", "verbose" } }
  end)

  teardown(function()
    h:stop()
  end)

  it("names check, knob, both numbers and the fix", function()
    local response = http.post(h.address, CREATE, PRIVILEGED)
    local told = cjson.decode(response.body)
    assert.equal(403, response.status)
    assert.equal("request denied by sockguard policy", told.message)
    assert.equal("POST", told.method)
    assert.equal(CREATE, told.path)
    assert.matches("privileged", told.reason)
    assert.equal("request_body.container_create.allow_privileged", told.knob)
    assert.equal("5.4", told.cis)
    assert.equal("5.5", told.bench)
    assert.is_true(#told.fix > 0)
  end)

  it("gives the rule's own reason", function()
    local told = cjson.decode(http.request(h.address, { target = "/networks?x=secret" }).body)
    assert.equal("not for this test", told.reason)
    assert.equal("/networks", told.path)
  end)

  it("hides the names of secrets", function()
    local told = cjson.decode(http.request(h.address, { target = "/v1.41/secrets/db-pass" }).body)
    assert.equal("/v1.41/secrets/<redacted>", told.path)
    told = cjson.decode(http.request(h.address, { target = "/v1.41/swarm/unlockkey" }).body)
    assert.equal("/v1.41/swarm/<redacted>", told.path)
  end)

  it("escapes what a client wrote", function()
    local response = http.request(h.address, { target = "/a%22%3Cb%3E%0A" })
    assert.equal('/a"<b>\n', cjson.decode(response.body).path)
    assert.is_nil(response.body:find("<b>", 1, true))
  end)
end)

-- log_e2e: one line per request, with what decided, and never what was secret.
local house = require "support.house"
local http = require "support.http"
local wait = require "support.wait"

local CREATE = "/v1.41/containers/create"
local PRIVILEGED = '{"Image":"alpine","Env":["TOKEN=hunter2"],"HostConfig":{"Privileged":true}}'


local function status(code)
  return function(fields)
    return fields.status == code
  end
end


describe("the access log", function()
  local h

  setup(function()
    h = house.start()
  end)

  teardown(function()
    h:stop()
  end)

  it("tells what was allowed and by which rule", function()
    local response = http.request(h.address, { target = "/v1.41/containers/json?all=1" })
    local line = h.guard:logged(status(200))
    assert.equal("INFO", line.level:upper())
    assert.equal("request", line.msg)
    assert.equal("GET", line.method)
    assert.equal("/v1.41/containers/json", line.path)
    assert.equal("/containers/json", line.normalized_path)
    assert.equal("allow", line.decision)
    assert.equal(2, line.rule)
    assert.equal("matched_allow_rule", line.reason_code)
    assert.equal(response.headers["x-request-id"], line.request_id)
    assert.equal("default", line.listener_name)
    assert.is_number(line.latency_ms)
    assert.is_number(line.bytes)
    assert.is_string(line.time)
    assert.is_string(line.client)
  end)

  it("tells what was denied: rule, check, knob and both numbers", function()
    http.post(h.address, CREATE, PRIVILEGED)
    local line = h.guard:logged(status(403))
    assert.equal("WARN", line.level:upper())
    assert.equal("request_denied", line.msg)
    assert.equal("deny", line.decision)
    assert.equal("request_body_policy_denied", line.reason_code)
    assert.equal(3, line.rule)
    assert.matches("^container create denied: ", line.reason)
    assert.equal("container_create.privileged", line.check)
    assert.equal("request_body.container_create.allow_privileged", line.knob)
    assert.equal("5.4", line.cis)
    assert.equal("5.5", line.bench)
  end)

  it("tells which rule denied, and -1 when none matched", function()
    http.request(h.address, { target = "/networks" })
    local line = h.guard:logged(status(403))
    assert.equal("matched_deny_rule", line.reason_code)
    assert.equal(5, line.rule)
    assert.equal("not for this test", line.reason)
  end)

  it("keeps a client's request id apart from ours", function()
    http.request(h.address, { target = "/_ping", headers = { { "X-Request-Id", "abc" } } })
    local line = h.guard:logged(status(200))
    assert.equal("abc", line.client_request_id)
    assert.are_not.equal("abc", line.request_id)
  end)

  it("writes a line for what is no request at all", function()
    local connection = http.connect(h.address)
    connection:send("nonsense\r\n\r\n")
    assert.equal(400, connection:final().status)
    connection:close()
    local line = h.guard:logged(status(400))
    assert.equal("malformed_request", line.reason_code)
    assert.equal("deny", line.decision)
  end)

  it("speaks of no decision where there was none", function()
    http.request(h.address, { target = "/health" })
    assert.is_nil(h.guard:logged(status(200)).decision)
  end)

  it("names what went wrong at the engine", function()
    http.request(h.address, { target = "/fault/garbage" })
    local line = h.guard:logged(status(502))
    assert.equal("allow", line.decision)
    assert.equal("upstream_response_malformed", line.reason_code)
  end)

  it("does not let a client forge a line or a field", function()
    http.request(h.address, { target = '/x%0A{"msg":"forged"}%22,%22decision%22:%22allow' })
    local line = h.guard:logged(status(403))
    assert.equal("deny", line.decision)
    assert.equal('/x\n{"msg":"forged"}","decision":"allow', line.path)
    assert.is_nil(("\n" .. h.guard:log_text()):find('\n{"msg":"forged"}', 1, true))
  end)

  it("never holds a body or a query string", function()
    http.post(h.address, CREATE .. "?name=from-the-query", PRIVILEGED)
    http.request(h.address, { target = "/networks?secret=from-the-query" })
    http.post(h.address, CREATE, '{"Image":"alpine","HostConfig":"hunter2"}')
    wait.pause(100)
    assert.is_nil(h.guard:log_text():find("hunter2", 1, true))
    assert.is_nil(h.guard:log_text():find("from-the-query", 1, true))
  end)
end)


describe("the text format", function()
  it("is one line a person can read", function()
    local h = house.start { args = { "--log-format", "text" } }
    http.post(h.address, CREATE, PRIVILEGED)
    local line = wait.until_true(function()
      return h.guard:log_text():match("[^\n]*request_denied[^\n]*")
    end, 2000)
    h:stop()
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%S+ WARN +request_denied ", line)
    assert.matches("cis=5%.4", line)
    assert.matches("bench=5%.5", line)
    assert.matches("knob=request_body%.container_create%.allow_privileged", line)
  end)
end)


describe("log.access_log: false", function()
  it("writes no line for an allowed request", function()
    local h = house.start { config = "log: { access_log: false }\n" .. house.OPEN }
    http.request(h.address, { target = "/_ping" })
    wait.pause(150)
    assert.is_nil(h.guard:logged(status(200), 10))
    h:stop()
  end)
end)

-- transport_e2e: what goes through, goes through as it was; what breaks, breaks visibly.
local house = require "support.house"
local http = require "support.http"
local wait = require "support.wait"

local JSON = { "Content-Type", "application/json" }


-- 16 KiB of bytes that repeat nowhere near each other.
local function mixed_bytes(size)
  local parts = {}
  for i = 1, size // 8 do
    parts[i] = ("%08x"):format(i * 2654435761 & 0xffffffff)
  end
  return table.concat(parts)
end


describe("the transport", function()
  local h

  setup(function()
    h = house.start()
  end)

  teardown(function()
    h:stop()
  end)

  before_each(function()
    h.engine:forget()
  end)

  local function get(target, options)
    local request = options or {}
    request.target = target
    return http.request(h.address, request)
  end

  it("keeps a connection over many requests", function()
    local connection = http.connect(h.address)
    for _ = 1, 20 do
      connection:send(http.bytes { target = "/v1.41/containers/json" })
      assert.equal(200, connection:final().status)
    end
    connection:close()
  end)

  it("uses one engine connection for requests that follow each other", function()
    local connection = http.connect(h.address) -- one, for each worker has a pool of its own
    for _ = 1, 5 do
      connection:send(http.bytes { target = "/_ping" })
      assert.equal(200, connection:final().status)
    end
    connection:close()
    local first = h.engine:next().connection
    for _ = 2, 5 do
      assert.equal(first, h.engine:next().connection)
    end
  end)

  it("answers a HEAD without a body and keeps the connection", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "HEAD", target = "/_ping" })
    local response = connection:final { head_only = true }
    assert.equal(200, response.status)
    connection:send(http.bytes { target = "/_ping" })
    assert.equal("OK", connection:final().body)
    connection:close()
  end)

  it("relays a chunked answer", function()
    local response = get("/fault/chunked")
    assert.equal(200, response.status)
    assert.equal('{"a":1}\n' .. ("x"):rep(70000) .. '{"b":2}\n', response.body)
  end)

  it("relays an answer that ends with its connection", function()
    local response = get("/fault/until-close")
    assert.equal("all of it", response.body)
  end)

  it("sends a piece of a stream before the next one exists", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/fault/stream" })
    assert.is_truthy(wait.until_true(function()
      return connection:bytes():find("one\n", 1, true)
    end, 1000))
    assert.is_nil(connection:bytes():find("two\n", 1, true))
    assert.equal("one\ntwo\n", connection:final().body)
    connection:close()
  end)

  it("carries a large body both ways unchanged", function()
    local body = mixed_bytes(2 * 1024 * 1024)
    local response = get("/fault/echo", { method = "POST", body = body, ms = 15000 })
    assert.equal(200, response.status)
    assert.is_true(response.body == body)
  end)

  it("carries a chunked body unchanged", function()
    local response = get("/fault/echo", {
      method = "POST", headers = { { "Transfer-Encoding", "chunked" } },
      body = "4\r\nabcd\r\nb\r\n0123456789A\r\n0\r\n\r\n",
    })
    assert.equal("abcd0123456789A", response.body)
  end)

  it("serves a client that sends its request byte by byte", function()
    local connection = http.connect(h.address)
    for byte in http.bytes({ target = "/_ping" }):gmatch(".") do
      connection:send(byte)
      wait.pause(1)
    end
    assert.equal(200, connection:final().status)
    connection:close()
  end)

  it("answers pipelined requests in their order", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/fault/slow-head" }
      .. http.bytes { target = "/_ping" } .. http.bytes { target = "/version" })
    assert.equal("[]", connection:final().body)
    assert.equal("OK", connection:final().body)
    assert.matches("fake", connection:final().body)
    connection:close()
  end)

  it("relays interim answers before the final one", function()
    local response = get("/fault/interim")
    assert.equal(200, response.status)
    assert.equal(102, response.interim[1].status)
    assert.equal(103, response.interim[2].status)
  end)

  it("asks a client that waits to send its judged body", function()
    local connection = http.connect(h.address)
    local body = '{"Image":"alpine"}'
    connection:send(http.bytes { method = "POST", target = "/v1.41/containers/create",
      headers = { JSON, { "Expect", "100-continue" }, { "Content-Length", #body } } })
    assert.equal(100, connection:response().status)
    connection:send(body)
    assert.equal(201, connection:final().status)
    connection:close()
  end)

  it("does not ask for the body of a request that no rule allows", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "POST", target = "/v1.41/networks/create",
      headers = { JSON, { "Expect", "100-continue" }, { "Content-Length", "10" } } })
    assert.equal(403, connection:response().status)
    connection:close()
  end)

  it("gives an HTTP/1.0 client a body without chunks and closes", function()
    local connection = http.connect(h.address)
    connection:send("GET /fault/chunked HTTP/1.0\r\n\r\n")
    local response = connection:final()
    assert.is_nil(response.headers["transfer-encoding"])
    assert.equal(70016, #response.body)
    assert.is_true(connection:closes())
    connection:close()
  end)

  for fault, what in pairs {
    ["close"] = "hangs up instead of answering", ["garbage"] = "does not speak HTTP",
    ["half-head"] = "hangs up in its head", ["two-lengths"] = "gives two lengths",
    ["unasked-101"] = "switches protocols unasked",
  } do
    it("answers 502 when the engine " .. what, function()
      local response = get("/fault/" .. fault)
      assert.equal(502, response.status)
      assert.matches('"message":', response.body, 1, true)
    end)
  end

  for fault, what in pairs { ["cut"] = "a counted body", ["cut-chunk"] = "a chunk" } do
    it("closes when the engine breaks off in " .. what, function()
      local connection = http.connect(h.address)
      connection:send(http.bytes { target = "/fault/" .. fault })
      assert.is_nil(connection:final { ms = 2000 })
      assert.is_true(connection:closes())
      connection:close()
    end)
  end

  it("goes on serving after each of these", function()
    assert.equal(200, get("/_ping").status)
  end)

  it("passes on that the engine closes, without losing the answer", function()
    for _ = 1, 5 do
      assert.equal("ok", get("/fault/last-words").body)
    end
  end)

  it("lets go of the engine when the client leaves", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/fault/silent" })
    assert.is_truthy(h.engine:next())
    local number = #h.engine.connections
    local before = h.engine:open_connections()
    connection:close()
    assert.is_truthy(wait.until_true(function()
      return h.engine:open_connections() < before
    end, 2000), "engine connection " .. number .. " stays open")
  end)

  it("outlives a restart of the engine without a failed request", function()
    assert.equal(200, get("/_ping").status)
    h.engine:stop()
    wait.pause(50)
    h.engine:restart()
    for _ = 1, 5 do
      assert.equal(200, get("/_ping").status)
    end
  end)

  it("answers 502 while the engine is away, and serves again afterwards", function()
    h.engine:stop()
    wait.pause(20)
    local response = get("/_ping")
    h.engine:restart()
    assert.equal(502, response.status)
    assert.equal(200, get("/_ping").status)
  end)

  it("replaces a client's request id by its own, for the engine and in the answer", function()
    local response = get("/_ping", { headers = { { "X-Request-Id", "mine" } } })
    local id = response.headers["x-request-id"]
    assert.matches("^%x+$", id)
    assert.equal(32, #id)
    assert.equal(id, h.engine:next().headers["x-request-id"])
  end)

  it("puts a request id on every kind of refusal", function()
    local refusals = {
      http.bytes { target = "/networks" }, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
      "nonsense\r\n\r\n", http.bytes { target = "/fault/close" },
      "GET / HTTP/1.1\r\nHost: x\r\nX: " .. ("y"):rep(70000) .. "\r\n\r\n",
    }
    for _, bytes in ipairs(refusals) do
      local connection = http.connect(h.address)
      connection:send(bytes)
      local response = connection:final()
      assert.is_truthy(response, bytes:sub(1, 40))
      assert.matches("^%x+$", response.headers["x-request-id"] or "none", 1, false)
      connection:close()
    end
  end)

  it("drops hop-by-hop headers and what Connection names", function()
    get("/_ping", { headers = {
      { "Connection", "keep-alive, X-Private" }, { "X-Private", "1" }, { "Keep-Alive", "5" },
      { "X-Forwarded-For", "10.0.0.1" }, { "Proxy-Authorization", "x" }, { "X-Kept", "yes" },
    } })
    local headers = h.engine:next().headers
    assert.equal("yes", headers["x-kept"])
    for _, name in ipairs { "x-private", "keep-alive", "x-forwarded-for", "proxy-authorization" } do
      assert.is_nil(headers[name], name)
    end
  end)
end)


describe("a body that the engine does not read", function()
  it("passes as JSON, and as nothing else", function()
    local h = house.start { config = house.EVERYTHING }
    local stop = { method = "POST", target = "/containers/a/stop", body = '{"t":1}' }
    for type, status in pairs { ["application/json"] = 204, ["text/plain"] = 403,
                                ["application/x-www-form-urlencoded"] = 403 } do
      stop.headers = { { "Content-Type", type } }
      assert.equal(status, http.request(h.address, stop).status)
    end
    h:stop()
  end)
end)


describe("a deadline", function()
  local h

  setup(function()
    h = house.start { config = "upstream: { request_timeout: 300ms }\n"
      .. house.OPEN:gsub("drain: 2s", "drain: 2s, head: 300ms, body: 300ms, keep_alive: 400ms") }
  end)

  teardown(function()
    h:stop()
  end)

  it("turns a silent engine into 504", function()
    assert.equal(504, http.request(h.address, { target = "/fault/silent" }).status)
  end)

  it("ends a head that does not arrive", function()
    local connection = http.connect(h.address)
    connection:send("GET /_ping HTTP/1.1\r\nHost:")
    local response = connection:final()
    assert.is_true(response == nil or response.status == 408)
    assert.is_true(connection:closes())
    connection:close()
  end)

  it("denies a judged body that does not arrive, and closes", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { method = "POST", target = "/v1.41/containers/create",
      headers = { JSON, { "Content-Length", "100" } } } .. "{")
    assert.equal(403, connection:final().status)
    assert.is_true(connection:closes())
    connection:close()
  end)

  it("closes a connection that nobody uses", function()
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/_ping" })
    assert.equal(200, connection:final().status)
    assert.is_true(connection:closes())
    connection:close()
  end)
end)

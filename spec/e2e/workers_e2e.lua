-- workers_e2e: several workers are one proxy: each client is served, and limits are the
-- process's, whichever worker a client is on.
local house = require "support.house"
local http = require "support.http"

local CONFIG = [[
workers: 3
insecure_allow_body_blind_writes: true
insecure_allow_read_exfiltration: true
insecure_accept_opaque_buildkit_tunnels: true
timeouts: { drain: 2s }
]]

local RULES = [[
rules:
  - match: { method: "*", path: "/**" }
    action: allow
]]


local function start(more)
  return house.start { config = CONFIG .. (more or "") .. RULES }
end


-- n clients with a request under way each, so that every worker has its share.
local function crowd(h, n, target)
  local clients = {}
  for i = 1, n do
    clients[i] = http.connect(h.address)
    clients[i]:send(http.bytes { target = target })
    assert.is_truthy(h.engine:next(), "the engine has not heard of client " .. i)
  end
  return clients
end


local function close(clients)
  for _, client in ipairs(clients) do
    client:close()
  end
end


describe("three workers", function()
  local h

  after_each(function()
    h:stop()
  end)

  it("serve on three threads, with pools of their own", function()
    h = start()
    local one = house.start()
    assert.equal(2, h.guard:status("Threads") - one.guard:status("Threads"))
    one:stop()
    local clients = crowd(h, 3, "/fault/slow-head")
    for _, client in ipairs(clients) do
      assert.equal("[]", client:final().body)
    end
    for _, client in ipairs(clients) do -- each has an idle connection to the engine
      client:send(http.bytes { target = "/_ping" })
      assert.equal("OK", client:final().body)
    end
    assert.equal(3, #h.engine.connections)
    close(clients)
  end)

  it("count connections together", function()
    h = start("limits: { connections: 4 }\n")
    local clients = crowd(h, 4, "/fault/silent")
    assert.equal(503, http.request(h.address, { target = "/_ping" }).status)
    clients[2]:close()
    local answer
    for _ = 1, 50 do
      answer = http.request(h.address, { target = "/_ping" })
      if answer.status == 200 then
        break
      end
    end
    assert.equal(200, answer.status)
    close(clients)
  end)

  it("count tunnels together", function()
    h = start("limits: { tunnels: 2 }\n")
    local attach = http.bytes { method = "POST", target = "/v1.41/containers/a/attach?stream=1",
      headers = { { "Connection", "Upgrade" }, { "Upgrade", "tcp" }, { "Content-Length", "0" } } }
    local clients = {}
    for i = 1, 3 do
      clients[i] = http.connect(h.address)
      clients[i]:send(attach)
      assert.equal(i < 3 and 101 or 503, clients[i]:final().status)
    end
    close(clients)
  end)

  it("hold judged bodies within one budget, and pass it on to each other", function()
    h = start("limits: { body_bytes: 4MiB }\n")
    local create = { method = "POST", target = "/v1.41/containers/create",
      headers = { { "Content-Type", "application/json" }, { "Content-Length", "1000000" } } }
    local clients = {}
    for i = 1, 6 do -- four have room, two wait in line
      clients[i] = http.connect(h.address)
      clients[i]:send(http.bytes(create) .. '{"Image":"alpine"')
    end
    for i = 1, 6 do -- any two of them, for nobody says which worker reads first
      clients[i]:send((" "):rep(999982) .. "}")
    end
    for i = 1, 6 do
      assert.equal(201, clients[i]:final().status)
    end
    close(clients)
  end)

  it("all finish what is under way when they are told to end", function()
    h = start()
    local clients = crowd(h, 6, "/fault/slow-head")
    h.guard:terminate()
    for _, client in ipairs(clients) do
      assert.equal("[]", client:final().body)
    end
    close(clients)
  end)
end)

-- faults_e2e: each row of docs/faults.md, done and looked at; afterwards the program has the
-- descriptors and threads that it had before, and serves.
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local uv = require "luv"
local wait = require "support.wait"

local CONFIG = [[
upstream: { request_timeout: 1500ms }
timeouts: { head: 1500ms, body: 400ms, keep_alive: 30s, connect: 400ms, drain: 2s }
limits: { connections: 600 }
]] .. house.EVERYTHING

local JSON = { "Content-Type", "application/json" }
local h


local function get(target, ms)
  return http.request(h.address, { target = target, ms = ms })
end


local function status_of(target)
  local response = get(target)
  return response and response.status
end


-- The connection after a request, or after any bytes.
local function after(bytes)
  local connection = http.connect(h.address)
  connection:send(bytes)
  return connection
end


-- What it answers, and the number of the engine's connection that was asked.
local function answer_of(connection, target)
  h.engine:forget()
  connection:send(http.bytes { target = target })
  local body = connection:final().body
  return body, h.engine:next().connection
end


-- The first answer is `body`; the next request goes to the engine on another connection.
local function is_used_once(target, body)
  local connection = http.connect(h.address)
  local first, used = answer_of(connection, target)
  assert.equal(body, first)
  local second, another = answer_of(connection, "/_ping")
  assert.equal("OK", second)
  assert.are_not.equal(used, another)
  connection:close()
end


local function asked(target)
  h.engine:forget()
  local connection = after(http.bytes { target = target })
  assert.is_truthy(h.engine:next())
  return connection
end


-- The client gets no whole answer, and the end.
local function is_cut(target)
  local connection = after(http.bytes { target = target })
  assert.is_nil(connection:final { ms = 2000 })
  assert.is_true(connection:closes())
  local bytes = connection:bytes()
  connection:close()
  return bytes
end


-- A client that goes lets go of the engine as well.
local function leaves(connection)
  local before = h.engine:open_connections()
  connection:close()
  assert.is_truthy(wait.until_true(function()
    return h.engine:open_connections() < before
  end, 3000), "the engine's connection stays open")
end


local function limit_descriptors(n)
  local command = ("prlimit --pid %d --nofile=%d:"):format(h.guard.pid, n)
  assert(os.execute(command))
end


local function part(body, length)
  return http.bytes { method = "POST", target = "/v1.41/containers/create",
    headers = { JSON, { "Content-Length", length } } } .. body
end


-- One connection after another, each with a ping and its answer. Returns how many were
-- answered: all, or those before the first that was not.
local function ping_often(times)
  local ping, answered = http.bytes { target = "/_ping" }, 0
  local over = false
  local function ping_once()
    local stream = uv.new_pipe(false)
    stream:connect(h.address, function(problem)
      over = over or problem
      stream:write(ping)
      stream:read_start(function(_, bytes)
        stream:close()
        local answer = bytes or "the end"
        over = over or not answer:find("^HTTP/1.1 200 OK") and answer
        answered = answered + (over and 0 or 1)
        if answered % 100 == 0 then
          h.engine:forget()
        end
        if not over and answered < times then
          ping_once()
        end
      end)
    end)
  end
  ping_once()
  wait.until_true(function()
    return over or answered == times
  end, 60000)
  assert.is_false(over)
  return answered
end


-- { what goes wrong, what the client gets, how it is done }
local ROWS = {
  { "the engine closes without an answer", "502", function()
    assert.equal(502, status_of "/fault/close")
  end },
  { "the engine breaks off in its head", "502", function()
    assert.equal(502, status_of "/fault/half-head")
  end },
  { "the engine breaks off in a counted body",
    "what came, then the end of the connection", function()
      assert.matches("only this", is_cut "/fault/cut", 1, true)
    end },
  { "the engine breaks off in a chunk", "what came, then the end of the connection", function()
    is_cut "/fault/cut-chunk"
  end },
  { "the engine breaks off between the pieces of a stream",
    "what came, then the end of the connection without a last chunk", function()
      local bytes = is_cut "/fault/cut-stream"
      assert.matches("one\n", bytes, 1, true)
      assert.is_nil(bytes:find("\r\n0\r\n", 1, true))
    end },
  { "the engine sends more than it announced",
    "what was announced; the engine's connection is not used again", function()
      is_used_once("/fault/excess", "ok")
    end },
  { "the engine sends a second answer",
    "the first one; the engine's connection is not used again", function()
      is_used_once("/fault/second", '"first"')
    end },
  { "the engine does not speak HTTP", "502", function()
    assert.equal(502, status_of "/fault/garbage")
  end },
  { "the engine gives two lengths", "502", function()
    assert.equal(502, status_of "/fault/two-lengths")
  end },
  { "the engine switches protocols unasked", "502", function()
    assert.equal(502, status_of "/fault/unasked-101")
  end },
  { "the engine sends 10,000 interim answers",
    "those that it keeps up with, then the answer", function()
      local response = get "/fault/interim-flood"
      assert.equal('"done"', response.body)
      assert.is_true(#response.interim > 0 and #response.interim <= 10000)
    end },
  { "the engine is silent", "504 after `upstream.request_timeout`", function()
    assert.equal(504, status_of "/fault/silent")
  end },
  { "the engine is absent", "502", function()
    h.engine:stop()
    assert.equal(502, status_of "/_ping")
    h.engine:restart()
  end },
  { "the engine comes back", "its answer, from the first request on", function()
    h.engine:stop()
    assert.equal(502, status_of "/_ping")
    h.engine:restart()
    assert.equal(200, status_of "/_ping")
  end },
  { "the engine restarts, and its socket is another file",
    "its answer: no request fails", function()
      assert.equal(200, status_of "/_ping")
      h.engine:stop()
      h.engine:restart()
      for _ = 1, 5 do
        assert.equal(200, status_of "/_ping")
      end
    end },
  { "the client leaves in its head", "nothing; the engine hears nothing", function()
    h.engine:forget()
    after("GET /_ping HTTP/1.1\r\nHo"):close()
    assert.is_nil(h.engine:next(50))
  end },
  { "the client leaves in a judged body", "nothing; the engine hears nothing", function()
    h.engine:forget()
    after(part('{"Image"', "100")):close()
    assert.is_nil(h.engine:next(50))
  end },
  { "the client leaves in a body that streams",
    "nothing; the engine's connection is closed", function()
      local load = http.bytes { method = "POST", target = "/v1.41/images/load",
        headers = { { "Content-Type", "application/x-tar" }, { "Content-Length", "100" } } }
      local connection = after(load .. "half")
      wait.pause(50)
      leaves(connection)
    end },
  { "the client leaves before the answer", "nothing; the engine's connection is closed", function()
    leaves(asked "/fault/silent")
  end },
  { "the client leaves in the answer", "nothing; the engine's connection is closed", function()
    local connection = asked "/events"
    assert.is_truthy(wait.until_true(function()
      return connection.size > 0
    end, 2000))
    leaves(connection)
  end },
  { "the client leaves its stream", "nothing; the engine's connection is closed", function()
    local connection = after(http.bytes { method = "POST", target = "/v1.41/containers/a/attach",
      headers = { { "Connection", "Upgrade" }, { "Upgrade", "tcp" } } })
    assert.equal(101, connection:final().status)
    leaves(connection)
  end },
  { "the client's head is slow", "408 after `timeouts.head`, and the end", function()
    local connection = after("GET /_ping HTTP/1.1\r\nHost:")
    assert.equal(408, connection:final().status)
    assert.is_true(connection:closes())
    connection:close()
  end },
  { "the client's judged body is slow", "403 after `timeouts.body`, and the end", function()
    local connection = after(part("{", "100"))
    assert.equal(403, connection:final().status)
    assert.is_true(connection:closes())
    connection:close()
  end },
  { "the client's judged body is too long", "413, and the end", function()
    local connection = after(part("", tostring(1 << 40)))
    assert.equal(413, connection:final().status)
    assert.is_true(connection:closes())
    connection:close()
  end },
  { "the client reads slowly", "all of it; the engine waits meanwhile", function()
    local connection = http.connect(h.address)
    connection:pause()
    connection:send(http.bytes { target = "/fault/big/8388608" })
    assert.is_truthy(h.engine:next())
    wait.pause(600)
    assert.is_true(h.engine:unsent() > 0)
    connection:resume()
    assert.equal(8388608, #connection:final({ ms = 20000 }).body)
    connection:close()
  end },
  { "descriptors are used up",
    "its answer, once others have left; who waits is not dropped", function()
      limit_descriptors(40)
      local crowd = {}
      for i = 1, 60 do
        crowd[i] = http.connect(h.address)
      end
      local connection = after(http.bytes { target = "/_ping" })
      wait.pause(100)
      assert.equal(0, connection.size)
      for _, one in ipairs(crowd) do
        one:close()
      end
      assert.equal(200, connection:final({ ms = 5000 }).status)
      connection:close()
      limit_descriptors(1024)
    end },
  { "20,000 connections come one after another", "their answers", function()
    assert.equal(20000, ping_often(20000))
  end },
  { "500 clients say nothing",
    "the honest ones their answers; the silent ones the end after `timeouts.head`",
    function()
      local silent = {}
      for i = 1, 500 do
        silent[i] = http.connect(h.address)
      end
      for _ = 1, 50 do
        assert.equal(200, status_of "/_ping")
      end
      for _, one in ipairs(silent) do
        assert.is_true(one:closes(5000))
        one:close()
      end
    end },
}


-- Of the page: { fault, what the client gets } of each row.
local function page_rows()
  local rows = {}
  for line in io.lines("docs/faults.md") do
    local fault, gets = line:match("^| (.-) | (.-) |$")
    if fault and fault ~= "fault" and not fault:find("^%-") then
      rows[#rows + 1] = { fault, gets }
    end
  end
  return rows
end


describe("when", function()
  local GROWTH_KIB = 8 * 1024
  local before

  -- What is open when nobody is connected on either side.
  local function at_rest()
    h.engine:hang_up()
    return { descriptors = h.guard:descriptors(), threads = h.guard:status("Threads") }
  end

  setup(function()
    h = house.start { config = CONFIG }
    for _ = 1, 200 do
      get "/_ping"
    end
    h.engine:hang_up()
    wait.pause(1800) -- the silent client that a run with several workers begins with has gone
    before = at_rest()
    before.memory = h.guard:status("VmRSS")
  end)

  teardown(function()
    h:stop()
  end)

  for _, row in ipairs(ROWS) do
    it(row[1] .. ", the client gets: " .. row[2], function()
      row[3]()
      local now
      assert.is_truthy(wait.until_true(function()
        now = at_rest()
        return now.descriptors == before.descriptors and now.threads == before.threads
      end, 5000), ("%d descriptors and %d threads were %d and %d"):format(now.descriptors,
        now.threads, before.descriptors, before.threads))
      assert.equal(200, status_of "/_ping")
    end)
  end

  if not proxy.is_sanitized() then -- else the sanitizer's own leak check at the end says it better
    it("all is over, memory is what it was, within bounds", function()
      assert.is_true(h.guard:status("VmRSS") - before.memory < GROWTH_KIB,
                     before.memory .. " KiB were " .. h.guard:status("VmRSS"))
    end)
  end
end)


describe("docs/faults.md", function()
  it("has these rows", function()
    local expected = {}
    for i, row in ipairs(ROWS) do
      expected[i] = { row[1], row[2] }
    end
    assert.same(expected, page_rows())
  end)
end)

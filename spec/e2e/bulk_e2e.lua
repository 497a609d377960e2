-- bulk_e2e: much in one stream, and many streams. Every byte is compared; what sockguard holds
-- meanwhile is looked at in the build as shipped.
local bulk = require "support.bulk"
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local uv = require "luv"
local wait = require "support.wait"

local GIB = (1 << 30) // bulk.BLOCK -- in blocks
local CEILING_KIB = 32 * 1024
local STALLED_KIB = 4 * 1024 -- what the sockets on the way, and sockguard, may hold
local LOAD = {
  counted = { "Content-Length", tostring(GIB * bulk.BLOCK) },
  endless = { "Content-Length", tostring(1 << 40) },
}

local h
local engine_side -- of the one long stream: what bulk.send or bulk.receiver returned
local event_streams -- the engine's ends of them


-- Takes the engine's side of /images/load and of /containers/…/export.
local function on_head(head, tools)
  if head.target:find("/images/load", 1, true) then
    engine_side = bulk.receiver()
    engine_side.tools = tools
    tools.take_over(function(bytes)
      engine_side.take(bytes)
      if engine_side.blocks == GIB then
        tools.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      end
    end)
    return true
  end
end


local function answer(request, tools)
  if request.target:find("/export", 1, true) then
    tools.send("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
    engine_side = bulk.send(tools.stream, GIB, tools.close)
    return true
  end
  if request.target:find("/events", 1, true) then
    tools.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    event_streams[#event_streams + 1] = tools
    return true
  end
end


local function load_of(length)
  return http.bytes { method = "POST", target = "/v1.41/images/load",
    headers = { { "Content-Type", "application/x-tar" }, length } }
end


-- A client whose answer's body goes to a receiver. Returns both.
local function export()
  local sink = bulk.response_receiver()
  local client = http.connect(h.address)
  client:pour(sink.take)
  client:send(http.bytes { target = "/v1.41/containers/a/export",
                           headers = { { "Connection", "close" } } })
  return client, sink
end


local function peak_is_low()
  if not proxy.is_sanitized() then
    local peak = h.guard:status("VmHWM")
    print(("\nat most %d KiB resident"):format(peak))
    assert.is_true(peak < CEILING_KIB, peak .. " KiB")
  end
end


-- Waits until a count stands still; returns it.
local function standing(count)
  local last, since = count(), uv.now()
  wait.until_true(function()
    if count() ~= last then
      last, since = count(), uv.now()
    end
    return uv.now() - since > 300
  end, 10000)
  return last
end


describe("in bulk", function()
  before_each(function()
    engine_side, event_streams = nil, {}
    h = house.start { config = house.EVERYTHING, answer = answer, on_head = on_head,
                      forgetful = true }
  end)

  after_each(function()
    h:stop()
  end)

  it("a load of 1 GiB arrives whole, and sockguard stays below 32 MiB", function()
    local client = http.connect(h.address)
    client:send(load_of(LOAD.counted))
    bulk.send(client.stream, GIB, function() end)
    assert.equal(200, client:final({ ms = 60000 }).status)
    assert.is_nil(engine_side.wrong)
    assert.equal(GIB, engine_side.blocks)
    client:close()
    peak_is_low()
  end)

  it("an export of 1 GiB arrives whole, and sockguard stays below 32 MiB", function()
    local client, sink = export()
    assert.is_true(client:closes(60000))
    assert.is_nil(sink.wrong)
    assert.equal(GIB, sink.blocks)
    client:close()
    peak_is_low()
  end)

  it("a client that does not read stops the engine, and goes on where it stopped", function()
    local client, sink = export()
    assert.is_truthy(wait.until_true(function()
      return sink.blocks > 10
    end, 5000))
    client:pause()
    local taken = standing(function()
      return engine_side.taken
    end)
    assert.is_true((taken - sink.blocks) * bulk.BLOCK // 1024 < STALLED_KIB)
    client:resume()
    assert.is_truthy(wait.until_true(function()
      return sink.blocks > taken + 100
    end, 5000))
    assert.is_nil(sink.wrong)
    client:close()
  end)

  it("an engine that does not read stops the client, and goes on where it stopped", function()
    local client = http.connect(h.address)
    client:send(load_of(LOAD.endless))
    local source = bulk.send(client.stream, 1 << 20, function() end)
    assert.is_truthy(wait.until_true(function()
      return engine_side and engine_side.blocks > 10
    end, 5000))
    local received = engine_side.blocks
    engine_side.tools.pause()
    local taken = standing(function()
      return source.taken
    end)
    assert.is_true((taken - received) * bulk.BLOCK // 1024 < STALLED_KIB)
    engine_side.tools.resume()
    assert.is_truthy(wait.until_true(function()
      return engine_side.blocks > taken + 100
    end, 5000))
    assert.is_nil(engine_side.wrong)
    client:close()
  end)

  it("2,000 event streams are held, each for a few KiB", function()
    local STREAMS = 2000
    assert.equal(200, http.request(h.address, { target = "/_ping" }).status)
    local before = h.guard:status("VmRSS")
    local clients = {}
    for i = 1, STREAMS do
      clients[i] = http.connect(h.address)
      clients[i]:send(http.bytes { target = "/v1.41/events" })
      if i % 100 == 0 then
        for k = i - 99, i do
          assert.is_truthy(wait.until_true(function()
            return clients[k].size > 0
          end, 5000))
        end
      end
    end
    local each = (h.guard:status("VmRSS") - before) * 1024 // STREAMS
    if not proxy.is_sanitized() then
      print(("\n%d idle event streams: %d bytes each"):format(STREAMS, each))
      assert.is_true(each < 8192, each .. " bytes each")
    end
    for _, tools in ipairs(event_streams) do
      tools.send('b\r\n{"event":0}\r\n')
    end
    for i = 1, STREAMS do
      assert.is_truthy(wait.until_true(function()
        return clients[i]:bytes():find("event", 1, true)
      end, 5000), "stream " .. i)
      clients[i]:close()
    end
  end)
end)


describe("a list of 30,000 containers, 64 MiB", function()
  local CONTAINERS, BATCH = 30000, 50
  local own

  local function item(i, source, address)
    return ('{"Id":"%064x","Labels":{"note":"%s"},"NetworkSettings":{"Networks":{"n":{"IPAddress":'
      .. '"%s"}}},"Mounts":[{"Source":"%s","Destination":"/data"}],"Created":%d}'):format(
      i, ("x"):rep(2050), address, source, 9007199254740993 + i)
  end

  local function batch(first, source, address)
    local items = {}
    for i = first, first + BATCH - 1 do
      items[#items + 1] = (i == 1 and "[" or ",") .. item(i, source, address)
    end
    return table.concat(items) .. (first + BATCH > CONTAINERS and "]" or "")
  end

  local function answer_list(_, tools)
    tools.send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    local function send(first)
      local text = batch(first, "/srv/geheim", "172.17.0.2")
      tools.stream:write(("%x\r\n%s\r\n"):format(#text, text), function()
        if first + BATCH > CONTAINERS then
          tools.send "0\r\n\r\n"
        else
          send(first + BATCH)
        end
      end)
    end
    send(1)
    return true
  end

  -- Compares a chunked answer as it comes with what it should be.
  local function comparer()
    local self = { next = 1, rest = "", expected = "" }
    local function compare(data)
      while #self.expected < #data and self.next <= CONTAINERS do
        self.expected = self.expected .. batch(self.next, "<redacted>", "<redacted>")
        self.next = self.next + BATCH
      end
      self.wrong = self.wrong or data ~= self.expected:sub(1, #data)
      self.expected = self.expected:sub(#data + 1)
    end
    function self.take(bytes)
      self.rest = self.rest .. bytes
      if not self.begun then
        local behind = select(2, self.rest:find "\r\n\r\n")
        self.begun = behind and true
        self.rest = behind and self.rest:sub(behind + 1) or self.rest
      end
      while self.begun do
        local size, at = self.rest:match "^(%x+)\r\n()"
        size = size and tonumber(size, 16)
        if not size or #self.rest < at + size + 1 then
          return
        end
        compare(self.rest:sub(at, at + size - 1))
        self.rest = self.rest:sub(at + size + 2)
        self.done = self.done or size == 0
      end
    end
    return self
  end

  setup(function()
    own = house.start { answer = answer_list }
  end)

  teardown(function()
    own:stop()
  end)

  it("flows through with what is hidden hidden, in a MiB more", function()
    assert.equal(403, http.request(own.address, { target = "/v1.41/secrets" }).status)
    local before, got = own.guard:status("VmHWM"), comparer()
    local client = http.connect(own.address)
    client:pour(got.take)
    client:send(http.bytes { target = "/containers/json" })
    assert.is_truthy(wait.until_true(function()
      return got.done
    end, 60000))
    client:close()
    assert.is_false(got.wrong)
    assert.equal(CONTAINERS + 1, got.next)
    assert.equal("", got.expected)
    if not proxy.is_sanitized() then
      local more = own.guard:status("VmHWM") - before
      print(("\n%d KiB more for a list of 64 MiB"):format(more))
      assert.is_true(more < 1024, more .. " KiB more")
    end
  end)
end)

-- honest: what honest clients do. Each takes its actor and the proxy's address, and raises when
-- a byte is not what it should be. `answer` and `on_head` are the engine's side of it.
local bulk = require "support.bulk"
local http = require "support.http"

local honest = {}

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local TAR = { "Content-Type", "application/x-tar" }
local JSON = { "Content-Type", "application/json" }
local OK = "HTTP/1.1 200 OK\r\n"


local function chunk(bytes)
  return ("%x\r\n%s\r\n"):format(#bytes, bytes)
end


-- A list of containers that only this number makes; source: of its mounts, which is hidden.
local function list_of(number, source)
  local item = ('{"Id":"(%d)","Mounts":[{"Source":"%s"}]}'):format(number, source)
  return "[" .. (item .. ","):rep(number % 1000) .. item .. "]"
end


local function event_of(i)
  return '{"event":' .. i .. "}\n"
end


local function expect(wire, status, body)
  local response = assert(wire:response(), "no answer")
  assert(response.status == status, "status " .. response.status .. ": " .. response.body)
  assert(body == nil or response.body == body, "another body: " .. response.body:sub(1, 60))
  return response
end


-- Bytes in chunks of random sizes.
local function chunked(actor, bytes)
  local out, at = {}, 1
  while at <= #bytes do
    local size = actor.random(1, actor:pick { 10, 5000, 100000 })
    out[#out + 1] = chunk(bytes:sub(at, at + size - 1))
    at = at + size
  end
  return table.concat(out) .. "0\r\n\r\n"
end


-- Written in pieces of random sizes, some of them with a pause behind.
local function write_slowly(actor, wire, bytes)
  local at = 1
  while at <= #bytes do
    local size = actor.random(1, actor:pick { 3, 100, 70000 })
    wire:write(bytes:sub(at, at + size - 1))
    at = at + size
    if actor.random(1, 20) == 1 then
      actor:sleep(actor.random(1, 20))
    end
  end
end


local clients = {}


function clients.reads(actor, address)
  local wire = actor:connect(address)
  for _ = 1, actor.random(1, 10) do
    local number = actor.random(1, 1 << 30)
    wire:write(http.bytes { target = "/v1.41/containers/json?limit=" .. number })
    expect(wire, 200, list_of(number, "<redacted>"))
    if actor.random(1, 4) == 1 then
      wire:write(http.bytes { method = "HEAD", target = "/_ping" })
      local response = assert(wire:response { head_only = true }, "no answer")
      assert(response.status == 200)
    end
  end
end


function clients.pipelines(actor, address)
  local wire, numbers, requests = actor:connect(address), {}, {}
  for i = 1, actor.random(2, 8) do
    numbers[i] = actor.random(1, 1 << 30)
    requests[i] = http.bytes { target = "/v1.41/containers/json?limit=" .. numbers[i] }
  end
  write_slowly(actor, wire, table.concat(requests))
  for _, number in ipairs(numbers) do
    expect(wire, 200, list_of(number, "<redacted>"))
  end
end


function clients.creates(actor, address)
  local wire = actor:connect(address)
  for _ = 1, actor.random(1, 4) do
    local value = actor:bytes(actor.random(1, 3000), BASE64)
    local body = ('{"Image":"alpine","Env":["A=%s"]}'):format(value)
    local request = http.bytes { method = "POST", target = "/v1.41/containers/create",
                                 headers = { JSON }, body = body }
    write_slowly(actor, wire, request)
    expect(wire, 201, body)
  end
end


function clients.uploads(actor, address)
  local wire = actor:connect(address)
  local body = actor:bytes(actor.random(1, 2000)):rep(actor.random(1, 60))
  local request = { method = "POST", target = "/v1.41/images/load" }
  if actor.random(1, 2) == 1 then
    request.headers, request.body = { TAR }, body
    write_slowly(actor, wire, http.bytes(request))
  else
    request.headers = { TAR, { "Transfer-Encoding", "chunked" } }
    write_slowly(actor, wire, http.bytes(request) .. chunked(actor, body))
  end
  expect(wire, 200, body)
end


function clients.waits_to_send(actor, address)
  local wire, body = actor:connect(address), '{"Image":"alpine"}'
  wire:write(http.bytes { method = "POST", target = "/v1.41/containers/create",
    headers = { JSON, { "Expect", "100-continue" }, { "Content-Length", tostring(#body) } } })
  assert(wire:take(25) == "HTTP/1.1 100 Continue\r\n\r\n", "not asked for its body")
  wire:write(body)
  expect(wire, 201, body)
end


function clients.loads(actor, address)
  local wire, blocks = actor:connect(address), actor.random(1, 64)
  wire:write(http.bytes { method = "POST", target = "/v1.41/images/load?quiet=" .. blocks,
    headers = { TAR, { "Content-Length", tostring(blocks * bulk.BLOCK) } } })
  bulk.send(wire.stream, blocks, function() end)
  expect(wire, 200, "right")
end


function clients.exports(actor, address)
  local wire, blocks = actor:connect(address), actor.random(1, 64)
  local sink = bulk.response_receiver()
  wire:pour(sink.take)
  wire:write(http.bytes { target = ("/v1.41/containers/%d/export"):format(blocks),
                          headers = { { "Connection", "close" } } })
  if actor.random(1, 3) == 1 then
    wire:pause()
    actor:sleep(actor.random(1, 500))
    wire:resume()
  end
  assert(wire:ends(), "no end")
  assert(sink.head and sink.head:find("^HTTP/1.1 200 OK\r\n"), sink.head or "no answer")
  assert(not sink.wrong and sink.blocks == blocks, "another body")
end


function clients.attaches(actor, address)
  local wire = actor:connect(address)
  wire:write(http.bytes { method = "POST", target = "/v1.41/containers/a/attach?stream=1&stdin=1",
    headers = { { "Connection", "Upgrade" }, { "Upgrade", "tcp" }, { "Content-Length", "0" } } })
  expect(wire, 101)
  assert(wire:take(13) == "engine ready\n", "another greeting")
  for _ = 1, actor.random(1, 10) do
    local bytes = actor:bytes(actor.random(1, 300)):rep(actor.random(1, 300))
    wire:write(bytes)
    assert(wire:take(#bytes) == bytes, "another echo")
  end
  wire:half_close()
  assert(wire:ends(), "the stream does not end")
  assert(wire:pending() == "", "more than was sent")
end


function clients.follows_events(actor, address)
  local wire, count = actor:connect(address), actor.random(1, 30)
  wire:write(http.bytes { target = "/v1.41/events?since=" .. count })
  local lines = {}
  for i = 1, count do
    lines[i] = event_of(i)
  end
  expect(wire, 200, table.concat(lines))
end


honest.clients = clients


-- Compares a load of so many blocks; the connection is not used again.
local function take_load(tools, blocks)
  local sink = bulk.receiver()
  return function(bytes)
    sink.take(bytes)
    if sink.blocks == blocks then
      local word = sink.wrong and ("block %d is wrong"):format(sink.wrong) or "right"
      tools.send(OK .. ("Connection: close\r\nContent-Length: %d\r\n\r\n"):format(#word) .. word)
      tools.close_when_sent()
    end
  end
end


local function blocks_to_load(target)
  return tonumber(target:match("/images/load%?quiet=(%d+)$"))
end


--- The engine's part of `loads`, as soon as the head is there.
function honest.on_head(head, tools)
  local blocks = blocks_to_load(head.target)
  if blocks then
    tools.take_over(take_load(tools, blocks))
  end
  return blocks ~= nil
end


local function send_events(tools, count)
  tools.send(OK .. "Transfer-Encoding: chunked\r\n\r\n")
  local function next_event(i)
    tools.send(chunk(event_of(i)))
    if i == count then
      tools.send("0\r\n\r\n")
    else
      tools.after(3, function()
        next_event(i + 1)
      end)
    end
  end
  next_event(1)
end


--- The engine's part of the others, and of a load that came at once; true when it has answered.
function honest.answer(request, tools)
  local target = request.target
  local load = blocks_to_load(target)
  if load then
    take_load(tools, load)(request.body)
    return true
  end
  local number = tonumber(target:match("/containers/json%?limit=(%d+)$"))
  if number then
    local text = list_of(number, "/srv/" .. number)
    tools.send(OK .. ("Content-Length: %d\r\n\r\n"):format(#text) .. text)
    return true
  end
  local blocks = tonumber(target:match("/containers/(%d+)/export$"))
  if blocks then
    tools.send(OK .. "\r\n")
    bulk.send(tools.stream, blocks, tools.close)
    return true
  end
  local events = tonumber(target:match("/events%?since=(%d+)$"))
  if events then
    send_events(tools, events)
    return true
  end
  if target:find("/images/load$") then
    tools.send(OK .. "Transfer-Encoding: chunked\r\n\r\n" .. chunk(request.body) .. "0\r\n\r\n")
    return true
  end
  if target:find("/containers/create$") then
    tools.send(("HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n"):format(#request.body)
      .. request.body)
    return true
  end
  return false
end


return honest

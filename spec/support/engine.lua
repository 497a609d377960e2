-- support.engine: a fake Docker engine on a unix socket: quick, scripted, able to misbehave.
--
-- In a spec:   local engine = require("support.engine").start { path = ... }
-- By itself:   lua5.4 spec/support/engine.lua SOCKET [RECORD_FILE]
--
-- It keeps every byte of every connection. What it answers is in support.answers. Tests of
-- what a real engine does run against a real one (test/engine).
if not package.path:find("spec/?.lua", 1, true) then
  local here = (arg and arg[0] or ""):match("^(.*)support/engine%.lua$") or "spec/"
  package.path = here .. "?.lua;" .. package.path
end

local uv = require "luv"
local answers = require "support.answers"
local message = require "support.message"
local wait = require "support.wait"

local Engine = {}
Engine.__index = Engine

local module = {}


local function reply(connection, bytes)
  if not connection.stream:is_closing() then
    connection.stream:write(bytes)
  end
end


local function hang_up(connection)
  if not connection.stream:is_closing() then
    connection.stream:close()
  end
end


-- What an answer may do with its connection.
local function tools(engine, connection)
  return {
    send = function(bytes)
      reply(connection, bytes)
    end,
    close = function()
      hang_up(connection)
    end,
    close_when_sent = function()
      connection.stream:shutdown(function()
        hang_up(connection)
      end)
    end,
    half_close = function()
      connection.stream:shutdown()
    end,
    after = function(ms, act)
      local timer = uv.new_timer()
      engine.timers[timer] = true
      timer:start(ms, 0, function()
        engine.timers[timer] = nil
        timer:close()
        act()
      end)
    end,
    -- every later byte of this connection goes to the function
    take_over = function(on_bytes)
      connection.taken = on_bytes
    end,
    pause = function()
      connection.stream:read_stop()
    end,
    resume = function()
      connection.stream:read_start(connection.on_read)
    end,
    stream = connection.stream,
  }
end


local function asks_to_continue(head)
  return (head.headers.expect or ""):lower() == "100-continue"
end


-- Whether somebody has taken the connection when only the head of a request is there.
local function head_takes(engine, connection, head)
  if not (engine.on_head and engine.on_head(head, tools(engine, connection))) then
    return false
  end
  connection.taken = connection.taken or function() end
  connection.at = head.body_at
  return true
end


-- Lets go of the bytes of a connection that are dealt with.
local function forget_served(connection)
  connection.seen_head = connection.seen_head == connection.at and 1 or nil
  connection.bytes, connection.at = connection.bytes:sub(connection.at), 1
end


-- Answers the requests that are whole; a head may be answered before its body is there.
local function serve(engine, connection)
  while not connection.taken do
    local bytes = connection.bytes
    local request, head = message.request(bytes, connection.at)
    if request == false then
      reply(connection, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
        .. "Content-Length: 0\r\n\r\n")
      hang_up(connection)
      return
    end
    if request == nil then
      if not head or connection.seen_head == connection.at then
        return
      end
      connection.seen_head = connection.at
      if not head_takes(engine, connection, head) then
        if asks_to_continue(head) and #bytes < head.body_at then
          reply(connection, "HTTP/1.1 100 Continue\r\n\r\n")
        end
        return
      end
    else
      connection.at = request.ends
      request.connection = connection.number
      if engine.forgetful then
        forget_served(connection)
      else
        engine.requests[#engine.requests + 1] = request
      end
      engine.answer(request, tools(engine, connection))
    end
  end
  -- what came behind a request that became a stream
  if connection.stream_from == nil then
    connection.stream_from = connection.at
    if connection.at <= #connection.bytes then
      connection.taken(connection.bytes:sub(connection.at))
    end
  end
end


local function on_connection(engine)
  local stream = uv.new_pipe(false)
  engine.server:accept(stream)
  engine.accepted = engine.accepted + 1
  local connection = { stream = stream, bytes = "", at = 1, number = engine.accepted }
  engine.connections[connection.number] = connection
  function connection.on_read(_, bytes)
    if not bytes then
      hang_up(connection)
      if engine.forgetful then
        engine.connections[connection.number] = nil
      end
      return
    end
    engine.last_byte = uv.now()
    if connection.taken and engine.forgetful then
      connection.taken(bytes)
      return
    end
    connection.bytes = connection.bytes .. bytes
    if engine.record then
      engine.record(connection.number, bytes)
    end
    if connection.taken then
      connection.taken(bytes)
    else
      serve(engine, connection)
    end
  end
  stream:read_start(connection.on_read)
end


local function listen(engine)
  engine.server = uv.new_pipe(false)
  assert(engine.server:bind(engine.path))
  assert(engine.server:listen(128, function()
    on_connection(engine)
  end))
end


--- Starts. options: path (the socket); answer (function(request, tools) -> true when it has
-- answered; else support.answers does); on_head (function(head, tools) -> true when it has
-- taken the connection before the body came); forgetful (true: it keeps no request, no
-- byte and no connection that it has dealt with, for long runs and streams).
function module.start(options)
  local engine = setmetatable({
    path = options.path, on_head = options.on_head, record = options.record,
    forgetful = options.forgetful, connections = {}, accepted = 0, requests = {}, timers = {},
    last_byte = 0,
  }, Engine)
  engine.answer = function(request, with)
    if not (options.answer and options.answer(request, with)) then
      answers.give(request, with)
    end
  end
  listen(engine)
  return engine
end


--- Waits for the next request that has not been taken yet; nil when none comes in ms
-- (default 2000).
function Engine:next(ms)
  return wait.until_true(function()
    return self.requests[1] and table.remove(self.requests, 1)
  end, ms or 2000)
end


--- How many connections are open.
function Engine:open_connections()
  local count = 0
  for _, connection in pairs(self.connections) do
    if not connection.stream:is_closing() then
      count = count + 1
    end
  end
  return count
end


--- How many bytes it has sent that no socket has taken yet.
function Engine:unsent()
  local bytes = 0
  for _, connection in pairs(self.connections) do
    if not connection.stream:is_closing() then
      bytes = bytes + connection.stream:get_write_queue_size()
    end
  end
  return bytes
end


--- Forgets what it has seen.
function Engine:forget()
  self.requests = {}
  for _, connection in pairs(self.connections) do
    forget_served(connection)
  end
end


--- Hangs up on everybody, and goes on listening.
function Engine:hang_up()
  for _, connection in pairs(self.connections) do
    hang_up(connection)
  end
end


--- Dies: hangs up on everybody and takes the socket away.
function Engine:stop()
  self:hang_up()
  for timer in pairs(self.timers) do
    timer:close()
  end
  self.timers = {}
  if not self.server:is_closing() then
    self.server:close()
  end
  os.remove(self.path)
  uv.run("nowait")
end


--- Comes back on the same socket.
function Engine:restart()
  listen(self)
end


-- By itself: serves until it is told to end.
local function main(path, record_file)
  local record
  if record_file then
    local file = assert(io.open(record_file, "wb"))
    file:setvbuf("no")
    record = function(number, bytes)
      file:write(("%d %d\n"):format(number, #bytes), bytes, "\n")
    end
  end
  os.remove(path)
  local engine = module.start { path = path, record = record }
  for _, name in ipairs { "sigterm", "sigint" } do
    uv.new_signal():start(name, function()
      engine:stop()
      os.exit(0)
    end)
  end
  uv.run()
end


if arg and (arg[0] or ""):find("support/engine%.lua$") and ... ~= "support.engine" then
  main(assert(arg[1], "usage: engine.lua SOCKET [RECORD_FILE]"), arg[2])
end


return module

-- support.http: a client that sends the bytes it is given and keeps every byte that comes.
local uv = require "luv"
local message = require "support.message"
local wait = require "support.wait"

local http = {}

local Connection = {}
Connection.__index = Connection


-- Bytes are kept in pieces and joined when somebody looks: large bodies stay linear.
local function received(connection)
  if #connection.pieces > 1 then
    connection.pieces = { table.concat(connection.pieces) }
  end
  return connection.pieces[1] or ""
end


local function on_read(connection, problem, bytes)
  if not bytes then
    connection.ended = problem or true
  elseif connection.sink then
    connection.sink(bytes)
  else
    connection.pieces[#connection.pieces + 1] = bytes
    connection.size = connection.size + #bytes
    connection.last_byte = uv.now()
  end
end


-- A TCP port, or the path of a unix socket.
local function dial(address, on_connected)
  if type(address) == "number" then
    local stream = uv.new_tcp()
    stream:connect("127.0.0.1", address, on_connected)
    return stream
  end
  local stream = uv.new_pipe(false)
  stream:connect(address, on_connected)
  return stream
end


--- Connects to a unix socket's path or to a TCP port of this machine. Raises when nobody
-- answers within 5 s.
function http.connect(address)
  local connection = setmetatable({ pieces = {}, size = 0, at = 1 }, Connection)
  local state
  connection.stream = dial(address, function(problem)
    state = problem or "connected"
  end)
  wait.until_true(function()
    return state
  end, 5000)
  if state ~= "connected" then
    connection.stream:close()
    error("no connection to " .. address .. ": " .. tostring(state), 2)
  end
  connection.stream:read_start(function(problem, bytes)
    on_read(connection, problem, bytes)
  end)
  return connection
end


--- Sends bytes; does not wait. A peer that has gone is no error here.
function Connection:send(bytes)
  if not self.stream:is_closing() then
    self.stream:write(bytes, function(problem)
      self.write_problem = self.write_problem or problem
    end)
  end
end


--- Ends our side; the other one may go on.
function Connection:half_close()
  self.stream:shutdown()
end


--- Everything that has been received so far.
function Connection:bytes()
  return received(self)
end


--- Every later byte goes to a function, and is not kept.
function Connection:pour(sink)
  self.sink = sink
end


--- Stops and resumes reading: a client that does not take its answer.
function Connection:pause()
  self.stream:read_stop()
end


function Connection:resume()
  self.stream:read_start(function(problem, bytes)
    on_read(self, problem, bytes)
  end)
end


--- Waits for the next response, interim ones included. options: head_only (the request was a
-- HEAD), ms (default 5000). Returns nil when none came, or what came is none.
function Connection:response(options)
  options = options or {}
  local size
  local function next_response()
    if size == self.size and not self.ended then
      return nil -- nothing new to look at
    end
    size = self.size
    local found = message.response(received(self), self.at, {
      head_only = options.head_only, ended = self.ended,
    })
    if found == nil and self.ended then
      return false
    end
    return found
  end
  local found
  wait.until_true(function()
    found = next_response()
    return found ~= nil
  end, options.ms or 5000)
  if found then
    self.at = found.ends
  end
  return found or nil
end


--- Waits for the next final response; earlier interim ones are its `interim`.
function Connection:final(options)
  local interim = {}
  while true do
    local response = self:response(options)
    if not response then
      return nil
    end
    if response.status >= 200 or response.status == 101 then
      response.interim = interim
      return response
    end
    interim[#interim + 1] = response
  end
end


--- Waits until the other side has closed; true if it did within ms (default 2500).
function Connection:closes(ms)
  return wait.until_true(function()
    return self.ended
  end, ms or 2500) and true or false
end


function Connection:close()
  if not self.stream:is_closing() then
    self.stream:close()
  end
  uv.run("nowait")
end


--- The bytes of a request: { method, target, headers = { {name, value}, ... }, body }. Host
-- and Content-Length are added where nobody gave them.
function http.bytes(request)
  local lines, given = {}, {}
  lines[1] = (request.method or "GET") .. " " .. request.target .. " HTTP/1.1"
  for _, field in ipairs(request.headers or {}) do
    lines[#lines + 1] = field[1] .. ": " .. field[2]
    given[field[1]:lower()] = true
  end
  if not given.host then
    lines[#lines + 1] = "Host: docker"
  end
  if request.body and not given["content-length"] and not given["transfer-encoding"] then
    lines[#lines + 1] = "Content-Length: " .. #request.body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (request.body or "")
end


--- One request on a connection of its own; returns its response or nil.
function http.request(address, request)
  local connection = http.connect(address)
  connection:send(http.bytes(request))
  local response = connection:final { head_only = request.method == "HEAD", ms = request.ms }
  connection:close()
  return response
end


--- A POST of JSON text.
function http.post(address, target, json)
  return http.request(address, {
    method = "POST", target = target, headers = { { "Content-Type", "application/json" } },
    body = json,
  })
end


return http

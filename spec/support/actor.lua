-- support.actor: many clients at once, each written from top to bottom.
--
-- An actor is a coroutine with connections and random numbers of its own: the same seed makes
-- the same choices, whatever the others do. Its functions wait without holding up the rest.
local uv = require "luv"
local message = require "support.message"
require "support.wait" -- keeps SIGPIPE away

local actor = {}

local Actor = {}
Actor.__index = Actor

local Wire = {}
Wire.__index = Wire

local WAIT_MS = 20000 -- for anything that an honest peer does


-- Numbers of xorshift64*, the state spread by a multiplication first.
local function random_from(seed)
  local state = (seed + 1) * 0x9E3779B97F4A7C15
  return function(low, high)
    state = state ~ (state >> 12)
    state = state ~ (state << 25)
    state = state ~ (state >> 27)
    local number = (state * 0x2545F4914F6CDD1D) >> 33
    return low + number % (high - low + 1)
  end
end


--- Runs act(actor) as a coroutine. done(problem) follows its end; problem is nil when it ended
-- well.
function actor.spawn(seed, act, done)
  local self = setmetatable({ random = random_from(seed), wires = {} }, Actor)
  self.thread = coroutine.create(function()
    local ok, problem = xpcall(act, debug.traceback, self)
    for _, wire in ipairs(self.wires) do
      wire:close()
    end
    done(not ok and problem or nil)
  end)
  coroutine.resume(self.thread)
end


-- Waits until condition() holds; it is looked at whenever a wire of this actor has news.
local function await(self, condition, ms)
  local result = condition()
  if result then
    return result
  end
  local timer, late = uv.new_timer(), false
  timer:start(ms or WAIT_MS, 0, function()
    late = true
    self:wake()
  end)
  repeat
    coroutine.yield()
    result = condition()
  until result or late
  timer:close()
  return result
end


function Actor:wake()
  if self.thread ~= coroutine.running() and coroutine.status(self.thread) == "suspended" then
    assert(coroutine.resume(self.thread))
  end
end


function Actor:sleep(ms)
  await(self, function() end, ms)
end


--- One of these.
function Actor:pick(list)
  return list[self.random(1, #list)]
end


--- So many bytes, all of them possible, or those of `alphabet`.
function Actor:bytes(size, alphabet)
  local out = {}
  for i = 1, size do
    local n = self.random(1, alphabet and #alphabet or 256)
    out[i] = alphabet and alphabet:sub(n, n) or string.char(n - 1)
  end
  return table.concat(out)
end


--- Connects to a unix socket. Raises when it cannot.
function Actor:connect(path)
  local wire = setmetatable({ actor = self, pieces = {}, size = 0, stream = uv.new_pipe(false) },
                            Wire)
  self.wires[#self.wires + 1] = wire
  local state
  wire.stream:connect(path, function(problem)
    state = problem or "connected"
    self:wake()
  end)
  await(self, function()
    return state
  end)
  assert(state == "connected", state)
  function wire.on_read(_, bytes)
    if not bytes then
      wire.ended = true
    elseif wire.sink then
      wire.sink(bytes)
    else
      wire.pieces[#wire.pieces + 1] = bytes
      wire.size = wire.size + #bytes
    end
    self:wake()
  end
  wire.stream:read_start(wire.on_read)
  return wire
end


--- What came and was not taken yet.
function Wire:pending()
  self.pieces = { table.concat(self.pieces) }
  return self.pieces[1]
end


--- Sends bytes and waits until the socket took them.
function Wire:write(bytes)
  local over = self.stream:is_closing()
  if not over then
    self.stream:write(bytes, function(problem)
      self.broken = self.broken or problem
      over = true
      self.actor:wake()
    end)
  end
  return await(self.actor, function()
    return over or self.ended
  end) and not self.broken
end


-- Waits until condition() holds; nil when it still does not at the wire's end.
local function await_on(wire, condition, ms)
  local result
  await(wire.actor, function()
    result = condition()
    return result or wire.ended
  end, ms)
  return result or nil
end


--- True once the other side has ended.
function Wire:ends()
  return await_on(self, function()
    return self.ended
  end)
end


--- The next final response, taken out of what came; nil when none comes.
function Wire:response(options)
  options = options or {}
  local size
  return await_on(self, function()
    if size == self.size and not self.ended then
      return nil
    end
    size = self.size
    local response
    repeat
      response = message.response(self:pending(), 1,
                                  { ended = self.ended, head_only = options.head_only })
      if response then
        self.pieces = { self:pending():sub(response.ends) }
      end
    until not response or response.status >= 200 or response.status == 101
    return response
  end, options.ms)
end


--- The next n bytes; nil when they do not come.
function Wire:take(n)
  return await_on(self, function()
    local all = self:pending()
    if #all >= n then
      self.pieces = { all:sub(n + 1) }
      return all:sub(1, n)
    end
  end)
end


--- Every later byte goes to a function; first what is pending.
function Wire:pour(sink)
  sink(self:pending())
  self.pieces, self.sink = {}, sink
end


function Wire:pause()
  self.stream:read_stop()
end


function Wire:resume()
  self.stream:read_start(self.on_read)
end


--- Ends our side.
function Wire:half_close()
  self.stream:shutdown()
end


function Wire:close()
  if not self.stream:is_closing() then
    self.stream:close()
  end
end


return actor

-- support.proxy: runs the real program in front of an engine's socket.
local cjson = require "cjson"
local uv = require "luv"
local http = require "support.http"
local process = require "support.process"
local scratch = require "support.scratch"
local wait = require "support.wait"

local proxy = {}

local Proxy = {}
Proxy.__index = Proxy


--- The program under test: the environment's SOCKGUARD, else build/sockguard.
function proxy.program()
  return os.getenv("SOCKGUARD") or "build/sockguard"
end


--- Whether it is built with a sanitizer: then freed memory is not given back, and its size says
-- nothing. (The sanitizer's own function is in it by name.)
function proxy.is_sanitized()
  local file = assert(io.open(proxy.program(), "rb"))
  local program = file:read("a")
  file:close()
  return program:find("__asan_init", 1, true) ~= nil or program:find("__tsan_init", 1, true) ~= nil
end


-- With TEST_WORKERS=N every proxy that is started has N workers, and a silent client that
-- makes the one which accepts busier than the others: else it would serve all there is.
local WORKERS = os.getenv "TEST_WORKERS"


-- The test's own environment without any SOCKGUARD_* of the person who runs it.
local function environment(extra)
  local out = {}
  for name, value in pairs(uv.os_environ()) do
    if not name:find("^SOCKGUARD") then
      out[#out + 1] = name .. "=" .. value
    end
  end
  for name, value in pairs(extra or {}) do
    out[#out + 1] = name .. "=" .. value
  end
  if WORKERS then
    out[#out + 1] = "SOCKGUARD_WORKERS=" .. WORKERS
  end
  return out
end


--- Runs the program to its end. options: stdin (text), env, ms. Returns exit code, stdout,
-- stderr; the code is nil when it had to be killed.
function proxy.run(args, options)
  options = options or {}
  return process.run(proxy.program(), { args = args, env = environment(options.env),
                                        stdin = options.stdin, ms = options.ms or 20000 })
end


local function log_reader(self)
  local rest = ""
  return function(_, bytes)
    if not bytes then
      return
    end
    rest = rest .. bytes
    for line in rest:gmatch("([^\n]*)\n") do
      self.lines[#self.lines + 1] = line
    end
    rest = rest:match("([^\n]*)$")
  end
end


local function connectable(address)
  return (pcall(function()
    http.connect(address):close()
  end))
end


local function command_line(self, options)
  local args = { "serve", "-c", self.config }
  if options.listen ~= false then
    args[#args + 1] = "--listen-socket"
    args[#args + 1] = self.address
  end
  args[#args + 1] = "--upstream-socket"
  args[#args + 1] = options.upstream
  for _, arg in ipairs(options.args or {}) do
    args[#args + 1] = arg
  end
  return args
end


--- Starts sockguard and waits until it takes connections.
-- options: config (YAML text) or config_file (a path); upstream (the engine's socket);
-- args (further arguments); env; address (where it will listen when the configuration says
-- so, a socket or a TCP port, with listen = false).
-- Raises, with the program's words, when it does not come up.
function proxy.start(options)
  local self = setmetatable({ lines = {}, taken = 0, dir = scratch.new() }, Proxy)
  self.address = options.address or self.dir .. "/sockguard.sock"
  self.config = options.config_file
    or scratch.write(self.dir .. "/config.yaml", options.config)
  self.log = uv.new_pipe(false)
  self.handle, self.pid = uv.spawn(proxy.program(), {
    args = command_line(self, options), env = environment(options.env),
    stdio = { nil, 2, self.log },
  }, function(code, signal)
    self.code = signal == 0 and code or "signal " .. signal
    self.handle:close()
  end)
  assert(self.handle, "cannot run " .. proxy.program() .. ": " .. tostring(self.pid))
  self.log:read_start(log_reader(self))
  local up = wait.until_true(function()
    return self.code or connectable(self.address)
  end, 10000)
  if not up or self.code then
    self:kill()
    error("sockguard did not start:\n" .. table.concat(self.lines, "\n"), 2)
  end
  self.ballast = WORKERS and http.connect(self.address)
  return self
end


--- The next access log line that asks for it: fields as a table. want: a function that is
-- given the fields, or nil for any request's. nil when none comes within ms.
function Proxy:logged(want, ms)
  return wait.until_true(function()
    while self.taken < #self.lines do
      self.taken = self.taken + 1
      local ok, fields = pcall(cjson.decode, self.lines[self.taken])
      if ok and type(fields) == "table" and fields.request_id and (not want or want(fields)) then
        return fields
      end
    end
  end, ms or 2000)
end


--- All lines so far, as written.
function Proxy:log_text()
  return table.concat(self.lines, "\n")
end


--- A number of its /proc/PID/status: "VmRSS" in KiB, "Threads" …
function Proxy:status(name)
  for line in io.lines("/proc/" .. self.pid .. "/status") do
    local value = line:match("^" .. name .. ":%s*(%d+)")
    if value then
      return tonumber(value)
    end
  end
end


--- How many descriptors it has open, but for those of /dev/null: libuv opens one for each worker
-- with that worker's first connection, whenever that is.
function Proxy:descriptors()
  local n = 0
  local folder = "/proc/" .. self.pid .. "/fd"
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(folder)) do
    if uv.fs_readlink(folder .. "/" .. name) ~= "/dev/null" then
      n = n + 1
    end
  end
  return n
end


function Proxy:kill()
  self:drop_ballast()
  if not self.code then
    self.handle:kill("sigkill")
    wait.until_true(function()
      return self.code
    end, 5000)
  end
  if not self.log:is_closing() then
    self.log:close()
  end
  uv.run("nowait")
  scratch.remove(self.dir)
end


function Proxy:drop_ballast()
  if self.ballast then
    self.ballast:close()
    self.ballast = nil
  end
end


--- Asks it to end, once: a second signal would not wait for what is under way.
function Proxy:terminate()
  if not self.asked then
    self:drop_ballast()
    self.handle:kill("sigterm")
    self.asked = true
  end
end


--- Asks it to end; raises unless it ends by itself with 0 within ms (default 10 s).
function Proxy:stop(ms)
  self:terminate()
  wait.until_true(function()
    return self.code
  end, ms or 10000)
  wait.pause(10) -- what it said last
  local code = self.code
  self:kill()
  if code ~= 0 then
    error(("sockguard ended with %s:\n%s"):format(tostring(code), self:log_text()), 2)
  end
end


return proxy

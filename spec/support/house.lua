-- support.house: a fake engine with sockguard in front of it, for one spec file.
local proxy = require "support.proxy"
local scratch = require "support.scratch"

local house = {}

local House = {}
House.__index = House

-- Lets the ordinary reads, creates and everything below /fault through.
house.OPEN = [[
timeouts: { drain: 2s }
rules:
  - match: { method: "GET,HEAD", path: "/_ping" }
    action: allow
  - match: { method: "GET", path: "/version" }
    action: allow
  - match: { method: "GET", path: "/containers/json" }
    action: allow
  - match: { method: "POST", path: "/containers/create" }
    action: allow
  - match: { method: "*", path: "/fault/**" }
    action: allow
  - match: { method: "*", path: "/**" }
    action: deny
    reason: not for this test
]]

-- Lets everything through that no check of a body refuses.
house.EVERYTHING = [[
insecure_allow_body_blind_writes: true
insecure_allow_read_exfiltration: true
insecure_accept_opaque_buildkit_tunnels: true
rules:
  - match: { method: "*", path: "/**" }
    action: allow
]]


--- Starts both. options: those of support.engine and support.proxy (but path and upstream);
-- config defaults to house.OPEN.
function house.start(options)
  options = options or {}
  local self = setmetatable({ dir = scratch.new() }, House)
  self.engine = require("support.engine").start {
    path = self.dir .. "/engine.sock", answer = options.answer, on_head = options.on_head,
    forgetful = options.forgetful,
  }
  local ok, guard = pcall(proxy.start, {
    config = not options.config_file and (options.config or house.OPEN) or nil,
    config_file = options.config_file, upstream = self.engine.path, args = options.args,
    env = options.env, address = options.address, listen = options.listen,
  })
  if not ok then
    self.engine:stop()
    scratch.remove(self.dir)
    error(guard, 0)
  end
  self.guard, self.address = guard, guard.address
  return self
end


--- Ends both; raises unless sockguard ends well.
function House:stop()
  local ok, why = pcall(self.guard.stop, self.guard)
  self.engine:stop()
  scratch.remove(self.dir)
  if not ok then
    error(why, 0)
  end
end


return house

-- support.config: loads configuration in the test's own Lua, with the modules of lua/config.
require "support.text"
local main = require "config.main"

local config = {}


local function list_of(env)
  local list = {}
  for name, value in pairs(env or {}) do
    list[#list + 1] = name .. "=" .. value
  end
  return list
end


--- Loads YAML text under the name c.yaml. options: env (name -> value), flags (list),
-- serving (boolean), allows (function(method, path), for the guards).
-- @return what config.main returns
function config.load(yaml, options)
  options = options or {}
  return main {
    text = yaml, name = "c.yaml", env = list_of(options.env), flags = options.flags or {},
    serving = options.serving or false, upstream = "/var/run/docker.sock",
    compile = function()
      return options.allows
    end,
  }
end


--- The text that YAML is refused with, or fails; and the stage.
function config.refusal(yaml, options)
  local result = config.load(yaml, options)
  assert(result.error, "expected a refusal, but it loaded")
  return result.error, result.stage
end


--- The one fault of a stage's report.
function config.fault(yaml, options)
  local whole, stage = config.refusal(yaml, options)
  local title, fault = whole:match("^([^\n]*)\n  %- ([^\n]*)$")
  assert(title == "config " .. (stage == "load" and "load" or "validation") .. " failed:",
         "expected one fault in:\n" .. whole)
  return fault
end


--- Every leaf by key: { value, origin }.
function config.leaves(yaml, options)
  local result, leaves = config.load(yaml, options), {}
  assert(not result.error, result.error)
  for _, leaf in ipairs(result.leaves) do
    leaves[leaf.key] = { value = leaf.value, origin = leaf.origin }
  end
  return leaves
end


return config

-- support.shell: runs a shell script while the loop goes on.
local uv = require "luv"
local process = require "support.process"

local shell = {}


--- Runs a script of /bin/sh. options: env (name to value, besides the test's own), dir, ms
-- (default 30000). Returns what process.run does for its exit, and all that it printed, errors
-- among it in their place.
function shell.run(script, options)
  options = options or {}
  local env = uv.os_environ()
  for name, value in pairs(options.env or {}) do
    env[name] = value
  end
  local list = {}
  for name, value in pairs(env) do
    list[#list + 1] = name .. "=" .. value
  end
  return process.run("/bin/sh", { args = { "-c", "exec 2>&1\n" .. script }, env = list,
                                  dir = options.dir, ms = options.ms })
end


return shell

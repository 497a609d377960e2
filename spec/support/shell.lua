-- support.shell: runs a shell script while the loop goes on.
local uv = require "luv"
local wait = require "support.wait"

local shell = {}


--- Runs a script of /bin/sh. options: env (name to value, besides the test's own), dir, ms
-- (default 30000; then it is killed, with all that it started). Returns the exit code, nil
-- when it was killed, and all that it printed, errors among it in their place.
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
  local out, text, code, open = uv.new_pipe(false), {}, nil, true
  local handle, pid = uv.spawn("/bin/sh", {
    args = { "-c", "exec 2>&1\n" .. script }, env = list, cwd = options.dir, detached = true,
    stdio = { nil, out },
  }, function(exit_code, signal)
    code = signal == 0 and exit_code or 128 + signal
  end)
  assert(handle, pid)
  out:read_start(function(_, bytes)
    if bytes then
      text[#text + 1] = bytes
    else
      open = false
    end
  end)
  local ended = wait.until_true(function()
    return code and not open
  end, options.ms or 30000)
  if not ended then
    uv.kill(-pid, "sigkill")
  end
  handle:close()
  out:close()
  uv.run("nowait")
  return ended and code or nil, table.concat(text)
end


return shell

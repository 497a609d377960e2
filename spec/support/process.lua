-- support.process: runs a program to its end while the loop goes on.
local uv = require "luv"
local wait = require "support.wait"

local process = {}


-- Collects what comes from a pipe into a list. on_end() follows the last of it.
local function collect(pipe, into, on_end)
  pipe:read_start(function(_, bytes)
    if bytes then
      into[#into + 1] = bytes
    else
      on_end()
    end
  end)
end


--- Runs it. options: args, env (a list of NAME=VALUE), dir, stdin (text; default: none), ms
-- (default 30000; then it is killed, with all that it started). Returns its exit code, or the
-- negative number of the signal that ended it, or nil when it had to be killed; what it
-- printed; and its complaints.
function process.run(file, options)
  local output, problems = uv.new_pipe(false), uv.new_pipe(false)
  local input = options.stdin and uv.new_pipe(false)
  local text, complaint, code, open = {}, {}, nil, 2
  local handle, pid = uv.spawn(file, {
    args = options.args, env = options.env, cwd = options.dir, detached = true,
    stdio = { input, output, problems },
  }, function(exit_code, signal)
    code = signal == 0 and exit_code or -signal
  end)
  assert(handle, pid)
  local function on_end()
    open = open - 1
  end
  collect(output, text, on_end)
  collect(problems, complaint, on_end)
  if input then
    input:write(options.stdin)
    input:shutdown(function()
      input:close()
    end)
  end
  local ended = wait.until_true(function()
    return code and open == 0
  end, options.ms or 30000)
  if not ended then
    uv.kill(-pid, "sigkill")
  end
  handle:close()
  output:close()
  problems:close()
  uv.run("nowait")
  return ended and code or nil, table.concat(text), table.concat(complaint)
end


return process

-- support.wait: runs the loop until something holds, so that a spec reads from top to bottom.
local uv = require "luv"

local wait = {}

-- Whoever uses the loop writes to peers that may have gone: an error of that write, not a signal
-- that ends the program.
local on_pipe = uv.new_signal()
on_pipe:start "sigpipe"
on_pipe:unref()

local TICK_MS = 10 -- how often a condition is looked at that depends on time alone


--- Runs the loop until condition() is true. Returns what it returned, or nil after ms.
function wait.until_true(condition, ms)
  local timer, late = uv.new_timer(), false
  local until_ms = uv.now() + ms
  timer:start(math.min(ms, TICK_MS), TICK_MS, function()
    late = uv.now() >= until_ms
  end)
  local result = condition()
  while not result and not late do
    uv.run("once")
    result = condition()
  end
  timer:close()
  uv.run("nowait")
  return result or nil
end


--- Lets the loop run for so many milliseconds.
function wait.pause(ms)
  wait.until_true(function() end, ms)
end


return wait

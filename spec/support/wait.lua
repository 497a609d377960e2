-- support.wait: runs the loop until something holds, so that a spec reads from top to bottom.
local uv = require "luv"

local wait = {}


--- Runs the loop until condition() is true. Returns what it returned, or nil after ms.
function wait.until_true(condition, ms)
  local late = false
  local timer = uv.new_timer()
  timer:start(ms, 0, function()
    late = true
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

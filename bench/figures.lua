-- figures: what a process has used, and how rounds become one number.
local shell = require "shell"

local figures = {}

-- Without it a worker's CPU would go uncounted, and its proxy look cheap.
assert(io.open("/proc/thread-self/children"),
       "this kernel does not say which children a process has"):close()


--- The process and all its children, as a list of ids.
function figures.family(pid)
  local all = { pid }
  for thread in shell.output("ls /proc/" .. pid .. "/task 2>/dev/null"):gmatch("%d+") do
    local children = shell.read(("/proc/%d/task/%s/children"):format(pid, thread))
    for child in children:gmatch("%d+") do
      table.move(figures.family(tonumber(child)), 1, 100, #all + 1, all)
    end
  end
  return all
end


--- Thread id -> microseconds of CPU it has used, for a list of processes: the scheduler's own
--- count, which is exact where the clock tick is not.
function figures.threads(pids)
  local all = {}
  for _, pid in ipairs(pids) do
    for id in shell.output("ls /proc/" .. pid .. "/task"):gmatch("%d+") do
      local ns = shell.read(("/proc/%d/task/%s/schedstat"):format(pid, id)):match("^%d+")
      all[tonumber(id)] = (tonumber(ns) or 0) / 1000
    end
  end
  return all
end


--- Microseconds of CPU of a list of processes, all threads.
function figures.cpu_us(pids)
  local sum = 0
  for _, us in pairs(figures.threads(pids)) do
    sum = sum + us
  end
  return sum
end


--- The thread that has used most CPU.
function figures.busiest(pids)
  local best, most = nil, -1
  for id, us in pairs(figures.threads(pids)) do
    if us > most then
      best, most = id, us
    end
  end
  return best
end


--- Resident memory of a list of processes in MiB.
function figures.rss(pids)
  local kib = 0
  for _, pid in ipairs(pids) do
    kib = kib + (tonumber(shell.read("/proc/" .. pid .. "/status"):match("VmRSS:%s*(%d+)")) or 0)
  end
  return kib / 1024
end


--- The value below which `share` of the list lies; nil of an empty one.
function figures.quantile(list, share)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  if #sorted == 0 then
    return nil
  end
  local at = 1 + share * (#sorted - 1)
  local low = math.floor(at)
  local high = math.min(low + 1, #sorted)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
end


function figures.median(list)
  return figures.quantile(list, 0.5)
end


--- What `strace -c` counted: name -> calls.
function figures.calls(table_text)
  local calls = {}
  for line in table_text:gmatch("[^\n]+") do
    local count, name = line:match("^%s*[%d.]+%s+[%d.]+%s+%d+%s+(%d+)%s+%d*%s*([%w_]+)%s*$")
    if name and name ~= "total" then
      calls[name] = tonumber(count)
    end
  end
  return calls
end


--- The calls of `calls` that are not waiting for the next event.
function figures.beside_waiting(calls)
  local sum = 0
  for name, count in pairs(calls) do
    if not name:find("^epoll_p?wait") then
      sum = sum + count
    end
  end
  return sum
end


return figures

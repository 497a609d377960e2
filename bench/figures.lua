-- figures: what a process has used, and how rounds become one number.
local figures = {}


local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a") or ""
  if file then
    file:close()
  end
  return text
end


local function output(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read("a")
  pipe:close()
  return text
end


--- The process and all its children, as a list of ids.
function figures.family(pid)
  local all = { pid }
  for child in output("pgrep -P " .. pid):gmatch("%d+") do
    for _, id in ipairs(figures.family(tonumber(child))) do
      all[#all + 1] = id
    end
  end
  return all
end


--- Microseconds of CPU that a family has used, all threads: the scheduler's own count.
function figures.cpu_us(pid)
  local ns = 0
  for _, id in ipairs(figures.family(pid)) do
    for task in output("ls /proc/" .. id .. "/task"):gmatch("%d+") do
      ns = ns + (tonumber(read("/proc/" .. id .. "/task/" .. task .. "/schedstat"):match("^%d+")) or 0)
    end
  end
  return ns / 1000
end


--- Resident memory of a family in MiB.
function figures.rss(pid)
  local kib = 0
  for _, id in ipairs(figures.family(pid)) do
    kib = kib + (tonumber(read("/proc/" .. id .. "/status"):match("VmRSS:%s*(%d+)")) or 0)
  end
  return kib / 1024
end


--- The middle of a list of numbers; nil of an empty one.
function figures.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local n = #sorted
  if n == 0 then
    return nil
  end
  return (sorted[(n + 1) // 2] + sorted[n // 2 + 1]) / 2
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


return figures

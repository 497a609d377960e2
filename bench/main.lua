-- main: bench/main.lua DIR whole|short, for bench/run: what is measured, in which order it is
-- told, and what fails the run. DIR is an empty folder that bench/run removes.
package.path = "bench/?.lua;" .. package.path

local figures = require "figures"
local measure = require "measure"
local peers = require "peers"
local shell = require "shell"

local SIZES = { whole = { rounds = 40, ms = 250 }, short = { rounds = 3, ms = 200 } }
-- With how many connections moves system calls little: each request once.
local COUNTED = { measure.work[1], measure.work[3] }
-- Peer over ours, CPU per request, for each of measure.work. Told, and no gate: they move
-- with the neighbours.
local TARGETS = {
  ["haproxy-usual"] = { 1.8, 2.3 },
  ["nginx"] = { 1.10, 1.25, 0.91 },
  ["nginx-lua"] = { [3] = 1.5 },
  ["unredacted"] = { [2] = 0.9 },
}
-- What does not move with them. `slack`, for each request, is for what is not part of one:
-- making the load's ten connections and theirs to the engine, and waking the log's thread.
local GATES = {
  instructions = 150000, rules = 85000, growth = 256, calls = 4, controls = 0, slack = 0.1,
  editing = 1024, us_a_megabyte = 5000,
}
-- callgrind is slow, and no rule of these is.
local WITH_RULES = 'SOCKGUARD_LUA_RULES="$PWD/bench/rules.lua" SOCKGUARD_LUA_TIME_LIMIT=5s'

local run = { dir = arg[1], cores = tonumber(shell.output("nproc")) }
local size = SIZES[arg[2]]
local verdicts, failed = {}, false


local function line(...)
  io.stdout:write(string.format(...), "\n")
  io.stdout:flush()
end


-- value nil: it could not be counted, which is a failure too.
local function gate(what, value, most, slack)
  local passed = value ~= nil and value <= most + slack
  failed = failed or not passed
  local told = value and (most > 100 and "%.0f" or "%.2f"):format(value) or "not counted"
  verdicts[#verdicts + 1] = ("%s  %s: %s, at most %d%s"):format(
    passed and "passed" or "FAILED", what, told, most,
    slack > 0 and (" and %.1f for what is not a request's"):format(slack) or "")
end


-- The median of one figure; and of its ratio to ours within each round, with the quarter of
-- the rounds below and above.
local function summary(result, name, figure)
  local values, ratios = {}, {}
  for round, r in ipairs(result[name]) do
    values[round] = r[figure]
    ratios[round] = r[figure] / result["sockguard"][round][figure]
  end
  return figures.median(values), figures.median(ratios), figures.quantile(ratios, 0.25),
         figures.quantile(ratios, 0.75)
end


local function told_target(name, w, ratio)
  local target = (TARGETS[name] or {})[w]
  return target and ("   target %.2f: %s"):format(target, ratio >= target and "met" or "NOT met")
    or ""
end


-- One line a peer for each work, by `show(peer name, work index, median, ratio, low, high)`.
local function each_result(there, results, figure, show)
  for w, work in ipairs(measure.work) do
    line("  %s", work.name)
    for _, peer in ipairs(there) do
      if results[w][peer.name] then
        show(peer.name, w, summary(results[w], peer.name, figure))
      end
    end
  end
end


local function print_cpu(there, results)
  line("\nCPU of the proxy per request: microseconds, times ours (half of the rounds between)")
  each_result(there, results, "cpu", function(name, w, value, ratio, low, high)
    if name == "direct" then
      line("    %-14s %6.1f   load and engine themselves, on the other core", name, value)
    elseif name == "sockguard" then
      line("    %-14s %6.1f   1.00", name, value)
    else
      line("    %-14s %6.1f   %.2f (%.2f to %.2f)%s", name, value, ratio, low, high,
        told_target(name, w, ratio))
    end
  end)
end


local function told_calls(calls)
  local names = {}
  for name, each in pairs(calls) do
    if each >= 0.05 then
      names[#names + 1] = ("%s %.2f"):format(name, each)
    end
  end
  table.sort(names)
  return table.concat(names, ", ")
end


local function print_calls(there)
  line("\nSystem calls per request, all threads: beside waiting, and which")
  for _, work in ipairs(COUNTED) do
    line("  %s", work.name)
    for _, peer in ipairs(there) do
      if peer.command and (not peer.only or peer.only == work.request) then
        local calls = measure.calls(run, peer, work)
        if calls then
          line("    %-14s %6.2f   %s", peer.name, figures.beside_waiting(calls), told_calls(calls))
        else
          line("    %-14s could not be counted", peer.name)
        end
      end
    end
  end
end


local function gate_calls(there)
  local ours
  for _, peer in ipairs(there) do
    ours = peer.name == "sockguard" and peer or ours
  end
  for _, work in ipairs(COUNTED) do
    local calls = measure.loop_calls(run, ours, work)
    gate("calls of the loop a request beside waiting, " .. work.name,
      calls and figures.beside_waiting(calls), GATES.calls, GATES.slack)
    gate("epoll_ctl, " .. work.name, calls and (calls.epoll_ctl or 0), GATES.controls, GATES.slack)
  end
end


local function print_decision()
  line("\nDeciding one create under the whole preset")
  local each = shell.has "valgrind" and measure.instructions() or nil
  line("    instructions: %s   target 105000", each and ("%.0f"):format(each) or "not counted")
  local with = each and measure.instructions(WITH_RULES)
  local rules = with and with - each
  line("    100 rules add: %s   target 60000", rules and ("%.0f"):format(rules) or "not counted")
  local words, growth = measure.decision()
  line("    %s", (words:gsub("\n", "\n    ")))
  gate("KiB more after a million", growth, GATES.growth, 0)
  gate("instructions a decision", each, GATES.instructions, 0)
  gate("instructions that 100 rules add", rules, GATES.rules, 0)
end


local function print_editing()
  line("\nHiding values in a list of 30,000 containers")
  local words, rate, growth = measure.editing()
  line("    %s", words)
  gate("microseconds to hide values in a megabyte", rate and 1e6 / rate, GATES.us_a_megabyte, 0)
  gate("KiB more while doing so", growth, GATES.editing, 0)
end


local function print_rates(there, results)
  line("\nRequests per second, times ours (load and engine on their core are the limit as well)")
  each_result(there, results, "rps", function(name, _, value, ratio)
    line("    %-14s %6.0f   %.2f", name, value, ratio)
  end)
end


local function print_memory(there)
  line("\nResident memory, MiB: idle, and after all that (nginx: master and worker)")
  for _, peer in ipairs(there) do
    if peer.command then
      line("    %-14s %6.1f   %.1f", peer.name, peer.idle, figures.rss(peer.pids))
    end
  end
end


local function print_end()
  line("\nGates")
  for _, verdict in ipairs(verdicts) do
    line("    %s", verdict)
  end
  if run.cores == 1 then
    line("One core: proxy, load and engine shared it; compare no ratios with those of two.")
  end
  for _, peer in ipairs(peers.list) do
    if not peer.there then
      line("left out: %s, which needs %s", peer.name, peer.package)
    end
  end
  for _, tool in ipairs { "strace", "valgrind" } do
    if not shell.has(tool) then
      line("left out: what %s counts, because it is not installed", tool)
    end
  end
end


local function main()
  local there = measure.open(run)
  local results = measure.rounds(run, there, size.rounds, size.ms)
  print_cpu(there, results)
  print_calls(there)
  gate_calls(there)
  print_decision()
  print_editing()
  print_rates(there, results)
  print_memory(there)
  print_end()
end


local ok, why = xpcall(main, function(fault)
  return type(fault) == "string" and not fault:find("^bench/") and fault or debug.traceback(fault)
end)
if not ok then
  io.stderr:write("bench: ", why, "\n")
end
os.exit(ok and not failed and 0 or 1)

-- measure: makes a run of things, loads them, and counts what that costs.
local figures = require "figures"
local peers = require "peers"
local shell = require "shell"

local measure = {}

measure.work = {
  { name = "GET list, 10 connections", request = "list", status = 200, connections = 10 },
  { name = "GET list, 50 connections", request = "list", status = 200, connections = 50 },
  { name = "create, 10 connections", request = "create", status = 201, connections = 10 },
}


-- The proxy has a core to itself; load and engine share the other.
local function on_core(run, core)
  return run.cores > 1 and ("taskset -c %d "):format(core) or ""
end


local function write_requests(dir)
  local agent = "Host: docker\r\nUser-Agent: Docker-Client/20.10\r\n"
  local function create(name, body)
    local head = "POST /v1.41/containers/create HTTP/1.1\r\n" .. agent
      .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n"
    shell.write(dir .. "/" .. name, head .. body)
  end
  shell.write(dir .. "/list", "GET /v1.41/containers/json HTTP/1.1\r\n" .. agent .. "\r\n")
  create("create", (shell.read("bench/create.json"):gsub("%s+$", "")))
  create("bad", '{"Image":"alpine","HostConfig":{"Privileged":true}}')
end


--- Requests, microseconds, and microseconds of the load's own CPU; nil when it failed.
local function load(run, peer, work, ms)
  local n, us, cpu = shell.output(('%s"$BUILD"/bench_load %s/%s.sock %d %d %d %s/%s'):format(
    on_core(run, 1), run.dir, peer.name, work.connections, ms, work.status, run.dir, work.request)
    ):match("^(%d+) (%d+) (%d+)")
  return tonumber(n), tonumber(us), tonumber(cpu)
end


--- Starts engine and peers, proves them, notes their memory. `run` is dir and cores; returns
--- the peers that are there.
function measure.open(run)
  write_requests(run.dir)
  local engine = { name = "direct", command = function()
    return '"$BUILD"/bench_upstream ' .. run.dir .. "/direct.sock bench/list.json"
  end }
  local there = {}
  peers.start(run, engine, on_core(run, 1))
  for _, peer in ipairs(peers.list) do
    if peer.command and peer.there then
      peers.start(run, peer, on_core(run, 0))
    end
  end
  for _, peer in ipairs(peers.list) do
    if peer.there then
      peers.prove(run, peer, function(_, request, status)
        return load(run, peer, { request = request, status = status, connections = 1 }, 20)
      end)
      peer.pids = figures.family(peer.pid or engine.pid)
      peer.idle = figures.rss(peer.pids)
      there[#there + 1] = peer
    end
  end
  return there
end


-- Lines of millions of requests would fill the disk; all append, so they may be cut.
local function forget_lines(run)
  os.execute(": | tee " .. run.dir .. "/*.log " .. run.dir .. "/*.out")
end


--- One cell: CPU of the proxy per request (of the engine and the load, for direct) and rate.
local function cell(run, peer, work, ms)
  local before = figures.cpu_us(peer.pids)
  local n, us, load_cpu = load(run, peer, work, ms)
  if not n or n == 0 then
    error(peer.name .. " failed under " .. work.name, 0)
  end
  local cpu = figures.cpu_us(peer.pids) - before + (peer.command and 0 or load_cpu)
  forget_lines(run)
  return { cpu = cpu / n, rps = n / us * 1e6 }
end


--- results[work][peer name] = one cell a round. Who is first changes from round to round.
function measure.rounds(run, there, rounds, ms)
  local results = {}
  for round = 1, rounds do
    for w, work in ipairs(measure.work) do
      results[w] = results[w] or {}
      for i = 1, #there do
        local peer = there[(i + round) % #there + 1]
        if not peer.only or peer.only == work.request then
          local list = results[w][peer.name] or {}
          results[w][peer.name] = list
          list[round] = cell(run, peer, work, ms)
        end
      end
    end
    io.stderr:write(("bench: round %d of %d\n"):format(round, rounds))
  end
  return results
end


-- Name -> calls per request while the load runs, as strace counts them with `options`.
local function count(run, peer, work, options)
  local file = run.dir .. "/strace"
  os.remove(file)
  local tracer = shell.start(("strace -c %s -o %s"):format(options, file), run.dir .. "/strace.out")
  os.execute("sleep 0.5")
  local n = load(run, peer, work, 1000)
  shell.stop(tracer)
  local calls = figures.calls(shell.read(file))
  if not n or n == 0 or not next(calls) then
    return nil
  end
  for name, all in pairs(calls) do
    calls[name] = all / n
  end
  return calls
end


--- Name -> calls per request, all threads; nil when strace could not count.
function measure.calls(run, peer, work)
  return count(run, peer, work, "-f -p " .. table.concat(peer.pids, ","))
end


--- The same of the busiest thread alone: the loop, without the log's and the watchdog's.
function measure.loop_calls(run, peer, work)
  return count(run, peer, work, "-p " .. figures.busiest(peer.pids))
end


--- What edit_bench says of a list of 64 MiB, in words; megabytes a second; by how many KiB it grew.
function measure.editing()
  local words = shell.output('"$BUILD"/edit_bench ' .. peers.preset .. " 2>&1")
  return words, tonumber(words:match "(%d+) MB/s"), tonumber(words:match "(%-?%d+) KiB more")
end


-- before: variables, and a command that runs it.
local function decide(rounds, before)
  return shell.output(('%s %s "$BUILD"/decide_bench %s bench/create.json %s 2>&1'):format(
    peers.settings, before, peers.preset, rounds))
end


--- What decide_bench says of a million decisions, in words; and by how many KiB it grew.
function measure.decision()
  local words = decide("", "")
  return words, tonumber(words:match "(%-?%d+) KiB more")
end


--- Instructions of one decision, or nil; variables: more settings of it. ROUNDS and a tenth of it,
--- and one, are collected (bench/decide.c).
function measure.instructions(variables)
  local rounds = 1000
  local text = decide(rounds, (variables or "")
                      .. " valgrind --tool=callgrind --callgrind-out-file=/dev/null "
                      .. "--collect-atstart=no --toggle-collect=decide_rounds")
  local total = tonumber((text:match("Collected : (%d+)") or ""))
  return total and total / (rounds + rounds // 10 + 1)
end


return measure

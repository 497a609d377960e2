-- oracle.main: sends generated requests through a preset (or to the bare engine), and judges
-- what exists afterwards by the engine's own socket and inside of what was started.
--
--   lua5.4 test/oracle/main.lua ENGINE [--proxy SOCKET] [--preset NAME] [--seed N]
--                               [--from N] [--count N] [--start-every N] [--verbose]
--
-- Without --proxy the requests go to the engine itself. Exits 0 when, through a proxy, nothing
-- broke a control and every honest request passed; on the bare engine, when at least a quarter
-- of the requests broke one: an oracle that finds nothing there is broken.
local cjson = require "cjson"
local http = require "support.http"
local engines = require "oracle.engine"
local generate = require "oracle.generate"
local judge = require "oracle.judge"

local oracle = {}

local function value(v)
  return type(v) ~= "userdata" and v or nil
end


-- One end of the wire: bytes in, the first final response or nil.
local function exchange(address, bytes)
  local connection = http.connect(address)
  connection:send(bytes)
  local response = connection:final { ms = 30000 }
  connection:close()
  return response
end


-- The API versions to try: the engine's own, and the ends of what clients may say.
local function versions_of(engine)
  local response = http.request(engine, { target = "/version" })
  local version = cjson.decode(response.body)
  return version.ApiVersion, { "", version.MinAPIVersion, "1.24", "1.30", "1.40",
                               version.ApiVersion, "1.12", "1.99", "1.23" }, version.Version
end


local Run = {}
Run.__index = Run


function Run:note(index, request, kind, found)
  local line = ("%s %d: %s (%s; changed: %s; honest: %s)"):format(kind, index,
    table.concat(found, "; "), request.client, table.concat(request.changed, ", "),
    tostring(request.honest))
  self.count[kind] = (self.count[kind] or 0) + 1
  if self.verbose or self.proxy then
    print(line)
  end
end


local function append(found, more, seen)
  for _, item in ipairs(more) do
    if not seen[item] then
      seen[item] = true
      found[#found + 1] = item
    end
  end
end


function Run:exec_violations(container)
  local found = {}
  for _, id in ipairs(value(container.ExecIDs) or {}) do
    local status, exec = self.engine:ask("GET", "/exec/" .. id .. "/json")
    local process = status == 200 and exec.ProcessConfig or {}
    if process.privileged == true then
      found[#found + 1] = "5.22: a privileged exec"
    end
    if status == 200 then
      found[#found + 1] = "5.23: an exec that nobody allowed"
    end
  end
  return found
end


function Run:inspected(id, found, seen)
  local container = self.engine:inspect(id)
  if not container then
    return nil
  end
  append(found, judge.inspected(container, self.host, function(name)
    return self.engine:volume(name)
  end), seen)
  append(found, self:exec_violations(container), seen)
  if self.preset == "cis-docker-benchmark-strict" then
    append(found, judge.strict(container, self.bridge), seen)
  end
  return container
end


-- Whatever a client would do next, by the same way as the request.
function Run:follow_up(id, request)
  for _, step in ipairs(request.follow_ups) do
    exchange(self.address, http.bytes {
      method = step[1], target = "/v" .. self.world.version .. "/containers/" .. id .. step[2],
      headers = step[3] and { { "Content-Type", "application/json" } } or nil, body = step[3],
    })
    self.count.follow_ups = self.count.follow_ups + 1
  end
end


-- Everything about one new container: a list of violations.
function Run:judge(id, request, started)
  local found, seen = {}, {}
  local container = self:inspected(id, found, seen)
  if not self.proxy then
    return found -- what is asked of the bare engine is only whether the judge sees anything
  end
  if container and #request.follow_ups > 0 then
    self:follow_up(id, request)
    container = self:inspected(id, found, seen)
  end
  if container and started then
    self.engine:ask("POST", "/containers/" .. id .. "/start")
    local inside, ran = self.engine:inside(id, self.host)
    append(found, inside, seen)
    self.count.looked_inside = self.count.looked_inside + (ran and 1 or 0)
  end
  return found
end


function Run:new_containers()
  local new = {}
  for _, id in ipairs(self.engine:containers()) do
    if not self.known[id] then
      new[#new + 1] = id
    end
  end
  return new
end


function Run:step(index)
  local request = generate.request(self.world, self.seed, index)
  local response = exchange(self.address, request.bytes)
  local status = response and response.status or 0
  if status ~= 201 then
    self.count.refused = self.count.refused + 1
  end
  if request.honest then
    self.count.honest = self.count.honest + 1
    if status ~= 201 then
      self:note(index, request, "honest_refused",
        { status .. " " .. (response and response.body or "") })
    end
  end
  local violated = false
  for _, id in ipairs(self:new_containers()) do
    self.count.created = self.count.created + 1
    local found = self:judge(id, request, self.count.created % self.start_every == 0)
    self.engine:remove(id)
    if #found > 0 and not violated then
      violated = true
      self:note(index, request, "violation", found)
    end
  end
end


function Run:report(version, seconds)
  local c = self.count
  print(("engine %s, %s, seed %d, requests %d to %d: %d honest, %d of them refused; %d refused in"
    .. " all, %d containers created, %d looked at from inside, %d follow-ups; violations in %d"
    .. " requests (%.1f %%); %d s"):format(
    version, self.proxy and "through " .. self.preset or "bare", self.seed, self.from,
    self.from + self.requests - 1, c.honest, c.honest_refused or 0, c.refused, c.created,
    c.looked_inside, c.follow_ups, c.violation or 0,
    100 * (c.violation or 0) / self.requests, seconds))
end


--- options: engine (socket), proxy (socket or nil), preset, seed, from, count, start_every,
-- verbose. Returns the counts, and whether the run is as it must be.
function oracle.run(options)
  local api, versions, version = versions_of(options.engine)
  local self = setmetatable({
    engine = engines.new(options.engine, api), proxy = options.proxy,
    address = options.proxy or options.engine, preset = options.preset, seed = options.seed,
    from = options.from or 1, requests = options.count, start_every = options.start_every,
    verbose = options.verbose,
    count = { honest = 0, refused = 0, created = 0, looked_inside = 0, follow_ups = 0 },
  }, Run)
  local began = os.time()
  self.known = self.engine:furnish()
  self.host = self.engine:host()
  local _, bridge = self.engine:ask("GET", "/networks/bridge")
  local _, hostnet = self.engine:ask("GET", "/networks/host")
  self.bridge = bridge.Id
  self.world = { honest = generate.honest(self.preset), version = api, versions = versions,
                 hostnet = hostnet.Id }
  local before = self.engine:inventory()
  for index = self.from, self.from + self.requests - 1 do
    self:step(index)
  end
  local after = self.engine:inventory()
  if self.proxy and (before.volumes ~= after.volumes or before.networks ~= after.networks) then
    self:note(0, { client = "any", changed = {} }, "violation", { "volumes or networks were made" })
  end
  self:report(version, os.time() - began)
  local violations = self.count.violation or 0
  if self.proxy then
    return self.count, violations == 0 and not self.count.honest_refused
  end
  return self.count, violations * 4 >= self.requests
end


local function options_of(args)
  local options = { preset = "cis-docker-benchmark", seed = 1, from = 1, count = 500,
                    start_every = 10 }
  local at = 1
  while args[at] do
    local name = args[at]:match "^%-%-(.*)$"
    if not name then
      options.engine = args[at]
    elseif name == "verbose" then
      options.verbose = true
    else
      at = at + 1
      local key = name:gsub("-", "_")
      options[key] = math.tointeger(tonumber(args[at])) or args[at]
    end
    at = at + 1
  end
  assert(options.engine, "usage: main.lua ENGINE-SOCKET [--proxy SOCKET] ...")
  return options
end


if arg and arg[0] and arg[0]:find "oracle/main.lua$" then
  local _, good = oracle.run(options_of(arg))
  os.exit(good and 0 or 1, true)
end


return oracle

-- presets_spec: what each preset refuses and lets pass. `sockguard test test/presets --coverage
-- --mutate` says what of it these requests never see, and what could be taken away unnoticed.
--
-- What is refused are the checks' own examples, as far as a preset's settings are those that an
-- example needs; what passes is what real clients sent. The rules of a preset open few paths: here
-- they open all, so that all checks are reached.
require "support.text"
local cjson = require "cjson"
local registry = require "core.registry"
local requests = require "support.requests"
local sockguard = require "sockguard.testing"

local OPEN = '\nrules: [{ match: { method: "*", path: "/**" }, action: allow }]\n'
-- A site's own list, which the recorded requests of the strict preset publish from.
local ENV = { SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_PUBLISHED_PORTS = "8080" }
local PRESETS = { ["cis-docker-benchmark"] = {}, ["cis-docker-benchmark-strict"] = ENV }


-- A copy of the preset whose rules open all, and that allows one command; it is asked again after
-- this file has run.
local function opened(preset, commands)
  local file = assert(io.open("presets/" .. preset .. ".yaml"))
  local text = file:read "a"
  file:close()
  local name = os.tmpname()
  local copy = assert(io.open(name, "w"))
  text = text:gsub("\nrules:.*$", OPEN):gsub("(allowed_commands: )%[%]", "%1" .. commands)
  copy:write(text)
  copy:close()
  return name
end


local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  return #a == #b
end


local function asks(check)
  for _, name in ipairs(check.reads) do
    if name == "volumes" or name == "networks" or name:find "^networks" or name:find "^volumes" then
      return true
    end
  end
  return false
end


-- Whether the settings that the example needs are the preset's.
local function fits(check, example, settings)
  if asks(check) and not next(example.body.HostConfig or {}) then
    return false -- nothing to put on top of what a client sent
  end
  for name, value in pairs(example.knobs or {}) do
    local shape = check.knobs[name]
    if not shape or not same(settings[registry.key(check, name)], value) then
      return false
    end
  end
  return true
end


-- What cjson made of a body, so that it becomes the same one again: no nulls, no empty lists,
-- whole numbers.
local function plain(value)
  if type(value) ~= "table" then
    return math.tointeger(value) or value
  end
  local out = {}
  for name, item in pairs(value) do
    if item ~= cjson.null and (type(item) ~= "table" or next(item) ~= nil) then
      out[name] = plain(item)
    end
  end
  return out
end


-- The example's changes on top of what a client sent that keeps to the preset: a check that asks
-- the engine is only reached when nothing else is found.
local function on_top(base, example)
  local body = plain(cjson.decode(base.body_raw))
  for name, value in pairs(example.body or {}) do
    if name ~= "HostConfig" and value ~= "busybox" then -- all examples' image
      body[name] = value
    end
  end
  for name, value in pairs(example.body.HostConfig or {}) do
    body.HostConfig[name] = value
  end
  return { body = body, facts = example.facts, knobs = example.knobs }
end


local function with_facts(policy, check, example)
  local request = requests.of(check, example)
  request.facts = requests.facts(check.surface, example, policy:ask(request).lookups)
  return request
end


local function exec(body)
  return { method = "POST", target = "/v1.41/containers/x/exec", facts = {},
           headers = { ["Content-Type"] = "application/json" }, body_raw = cjson.encode(body) }
end


local function start(process)
  return { method = "POST", target = "/v1.41/exec/x/start", headers = {},
           facts = { ["GET /exec/x/json"] = {
             status = 200, body = cjson.encode { ProcessConfig = process } } } }
end


local ID = { entrypoint = "id", privileged = false, user = "1000" }


-- Of the surfaces for which the examples need commands that are allowed.
local function exec_cases(preset, env)
  local policy = sockguard.load(opened(preset, '[["id"]]'), env)
  local function started(changes)
    local process = {}
    for name, value in pairs(ID) do
      process[name] = value
    end
    for name, value in pairs(changes) do
      process[name] = value
    end
    return start(process)
  end
  local unread = sockguard.load(opened(preset, "[]"),
    { SOCKGUARD_INSECURE_ALLOW_BODY_BLIND_WRITES = "true" })
  unread:cases {
    { "lets any command be made where that is acknowledged",
      exec { Cmd = { "sh" }, User = "1000" }, "allow" },
    { "lets any command start there", start(ID), "allow" },
  }
  policy:cases {
    { "lets an allowed command be made", exec { Cmd = { "id" }, User = "1000" }, "allow" },
    { "refuses a privileged one", exec { Cmd = { "id" }, User = "1000", Privileged = true },
      "deny", "exec_create.privileged" },
    { "refuses one as root", exec { Cmd = { "id" }, User = "0" }, "deny",
      "exec_create.root_user" },
    { "refuses another one", exec { Cmd = { "sh" }, User = "1000" }, "deny",
      "exec_create.command" },
    { "refuses members that nobody knows", exec { Cmd = { "id" }, User = "1000", Unknown = true },
      "deny", "exec_create.unknown_fields" },
    { "lets an allowed command start", start(ID), "allow" },
    { "refuses to start a privileged one", started { privileged = true }, "deny",
      "exec_start.privileged" },
    { "refuses to start one as root", started { user = "root" }, "deny", "exec_start.root_user" },
    { "refuses to start another one", started { entrypoint = "sh" }, "deny",
      "exec_start.command" },
    { "refuses an update that nobody knows", { method = "POST", facts = {},
        target = "/v1.41/containers/x/update", body_raw = '{"Unknown":1}',
        headers = { ["Content-Type"] = "application/json" } }, "deny",
      "container_update.unknown_fields" },
  }
end


-- What only the strict preset refuses: of host folders that a site has listed, and limits that are
-- too large.
local function strict_cases(base)
  local policy = sockguard.load(opened("cis-docker-benchmark-strict", "[]"), {
    SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_PUBLISHED_PORTS = "8080",
    SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_BIND_MOUNTS = "/srv,/run",
  })
  local function changed(host)
    return sockguard.raw_create(on_top(base, { body = { HostConfig = host } }).body)
  end
  local function mounting(bind)
    return changed { Binds = { bind } }
  end
  policy:cases {
    { "lets a listed folder be mounted", mounting "/srv/x:/x", "allow" },
    { "refuses shared propagation", mounting "/srv/x:/x:rshared", "deny",
      "container_create.propagation" },
    { "refuses the engine's socket", mounting "/run/docker.sock:/s", "deny",
      "container_create.engine_socket" },
    { "refuses more memory than a container may have", changed { Memory = 1 << 50 }, "deny",
      "container_create.max_memory" },
    { "refuses more CPUs", changed { NanoCpus = 1000000000000 }, "deny",
      "container_create.max_cpus" },
    { "refuses more processes", changed { PidsLimit = 1000000 }, "deny",
      "container_create.max_pids" },
  }
end


for preset, env in pairs(PRESETS) do
  describe(preset, function()
    local policy = sockguard.load(opened(preset, "[]"), env)
    local answer = sockguard.ask(policy.config, { { id = 1, env = env } })[1]
    local active = {}
    for _, check in ipairs(answer.checks) do
      active[check.id] = check.active
    end

    local base = sockguard.recorded("docker CLI 28", preset)[1]
    exec_cases(preset, env)
    if preset == "cis-docker-benchmark-strict" then
      strict_cases(base)
    end

    for _, check in ipairs(registry.checks) do
      if active[check.id] then
        for i, example in ipairs(check.denies) do
          if fits(check, example, answer.settings) then
            example = asks(check) and on_top(base, example) or example
            it("refuses example " .. i .. " of " .. check.id, function()
              policy:denies(with_facts(policy, check, example), check.id)
            end)
          end
        end
        for i, example in ipairs(check.allows) do
          if check.surface ~= "container_create" and fits(check, example, answer.settings)
             and policy:ask(with_facts(policy, check, example)).verdict == "allow" then
            it("lets the allowed example " .. i .. " of " .. check.id .. " pass", function()
              policy:allows(with_facts(policy, check, example))
            end)
          end
        end
      end
    end

    for i, request in ipairs(sockguard.recorded(nil, preset)) do
      it("lets what " .. request.client_name .. " sends pass (" .. i .. ")", function()
        policy:allows(request)
      end)
    end
  end)
end

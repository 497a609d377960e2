-- config.main: the stages of a load, and what C takes from it.
local guards = require "config.guards"
local json = require "config.json"
local load_settings = require "config.load"
local redaction = require "redaction"
local schema = require "config.schema"
local units = require "config.units"
local validate = require "config.validate"

local TIMEOUTS = { "head", "body", "connect", "keep_alive", "lookup", "drain" }


local function request_timeout(value)
  if value == "off" or value == "" then
    return 0
  end
  return units.duration(value)
end


-- "1.24" as 1024.
local function api_version(value)
  local major, minor = value:match("^(%d+)%.(%d+)$")
  return tonumber(major) * 1000 + tonumber(minor)
end


local function lower_all(names)
  local out = {}
  for i, name in ipairs(names) do
    out[i] = text.lower(name)
  end
  return out
end


-- "65532" or "65532:1000": the group is the user's own number where none is given.
local function user_of(value)
  local uid, gid = value:match "^(%d+):?(%d*)$"
  uid = math.tointeger(tonumber(uid)) or -1
  return { uid = uid, gid = math.tointeger(tonumber(gid)) or math.max(uid, 0) }
end


-- Which container is our own, where nobody says it. found: an id, "" when a search found none,
-- nil when nobody has searched.
local function find_own_container(settings, found)
  local values = settings.values
  if values.self_protection == "off" or values.self_container ~= "" then
    return
  elseif found and found ~= "" then
    values.self_container = found
    settings.origins.self_container = "found"
  elseif found and values.self_protection == "on" then
    settings.report:fault {
      key = "self_protection", what = "is on, and sockguard runs in no container that it can find",
      expect = "self_container to name it, or self_protection: auto",
    }
  end
end


-- Plain values for struct settings; the names are those of its members.
local function for_c(values, origins, listeners)
  local confined = user_of(values["confine.user"])
  local c = {
    listeners = listeners,
    self_container = values.self_container,
    self_required = values.self_protection == "on",
    self_found = origins.self_container == "found",
    host_names = lower_all(values["listen.host_names"]),
    allow_attestation_statements = values["response.allow_attestation_statements"],
    redact_env_names = values["response.redact_env_names"],
    upstream_socket = values["upstream.socket"],
    request = request_timeout(values["upstream.request_timeout"]),
    confine_uid = confined.uid, confine_gid = confined.gid,
    landlock = values["confine.landlock"], seccomp = values["confine.seccomp"],
    level = values["log.level"],
    format = values["log.format"],
    output = values["log.output"],
    access = values["log.access_log"],
    deny_verbose = values["response.deny_verbosity"] == "verbose",
    health_enabled = values["health.enabled"],
    health_path = values["health.path"],
    allow_body_blind_writes = values.insecure_allow_body_blind_writes,
    accept_buildkit_tunnels = values.insecure_accept_opaque_buildkit_tunnels,
    allow_read_exfiltration = values.insecure_allow_read_exfiltration,
    api_version_min = api_version(values["api_versions.min"]),
    memory = units.size(values["lua.memory_limit"]),
    cpu_ms = units.duration(values["lua.time_limit"]),
    instructions = values["lua.instruction_limit"],
    lua_rules = values["lua.rules"],
    allow_waivers = values["lua.allow_waivers"],
    workers = values.workers == "auto" and 0 or math.tointeger(values.workers),
    connections = values["limits.connections"],
    tunnels = values["limits.tunnels"],
    body_bytes = units.size(values["limits.body_bytes"]),
  }
  for _, name in ipairs(TIMEOUTS) do
    c[name] = units.duration(values["timeouts." .. name])
  end
  return c
end


local function redactions(values)
  return redaction.active(function(switch)
    return values["response.redact_" .. switch]
  end, #values["response.redact_env_names"] > 0)
end


-- What C judges by itself has no business in the policy's memory.
local FOR_C_ALONE = { rules = true, listeners = true }


-- { a = { b = value } } from { ["a.b"] = value }.
local function nest(values)
  local root = {}
  for _, entry in ipairs(schema.list) do
    local at = root
    local name, rest = text.cut(entry.key, ".")
    while rest do
      at[name] = at[name] or {}
      at = at[name]
      name, rest = text.cut(rest, ".")
    end
    if not FOR_C_ALONE[entry.key] then
      at[name] = values[entry.key]
    end
  end
  return root
end


-- Where the value of each rule is written, for what is found wrong with it later.
local function add_places(nested, settings)
  nested.lua.places = {}
  for id in pairs(settings.values["lua.values"]) do
    nested.lua.places[id] = settings.report:place("lua.values." .. id)
  end
  return nested
end


local function sorted_names(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


local function leaves(settings)
  local out = {}
  local function add(key, value, origin)
    out[#out + 1] = { key = key, value = json(value), origin = origin }
  end
  for _, entry in ipairs(schema.list) do
    local value, origin = settings.values[entry.key], settings.origins[entry.key]
    if entry.type ~= "values" or next(value) == nil then
      add(entry.key, value, origin)
    else
      for _, name in ipairs(sorted_names(value)) do
        local key = entry.key .. "." .. name
        add(key, value[name], settings.report:place(key))
      end
    end
  end
  return out
end


-- What the rules leaf shows when the default list is in force.
local function as_written(list)
  local out = {}
  for i, rule in ipairs(list) do
    out[i] = {
      match = { method = rule.methods, path = rule.path },
      action = rule.allow and "allow" or "deny", reason = rule.reason,
    }
  end
  return out
end


local function read_environment(list)
  local env = {}
  for _, pair in ipairs(list) do
    local name, value = text.cut(pair, "=")
    if value and env[name] == nil then
      env[name] = value
    end
  end
  return env
end


local function refused(settings, stage)
  local why = settings.report:text(stage)
  return why and { stage = stage, error = why }
end


--- source: text (YAML or nil), name, env (list of "NAME=value"), flags (list of
-- "dotted.key=value"), serving (run the start-up guards), upstream (the default socket), own (the
-- container that was found to be ours), compile(rules) -> allows(method, path).
-- @return { stage = "load" or "validate", error = text }, or
-- { c, rules, nested, leaves, warnings, redactions }
return function(source)
  local env = read_environment(source.env)
  local settings = load_settings {
    text = source.text, name = source.name, env = env, flags = source.flags,
  }
  if settings.origins["upstream.socket"] == "default" then
    settings.values["upstream.socket"] = source.upstream
  end
  local failure = refused(settings, "load")
  if failure then
    return failure
  end
  find_own_container(settings, source.own)
  local rules, listeners = validate(settings, env)
  failure = refused(settings, "validate")
  if not failure and source.serving then
    guards.judge(settings, source.compile(rules), rules)
    failure = refused(settings, "validate")
  end
  if failure then
    return failure
  end
  settings.values.rules = as_written(rules)
  return {
    c = for_c(settings.values, settings.origins, listeners), rules = rules,
    nested = add_places(nest(settings.values), settings),
    leaves = leaves(settings), warnings = settings.report.warnings,
    redactions = redactions(settings.values),
  }
end

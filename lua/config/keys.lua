-- config.keys: every setting that is not a check's own, with type, default and range.
--
-- An entry is { key, type, default, expect, valid, built }. `valid` is called with a value
-- of the right type and returns true, or nil and what is wrong with it. `built` is false
-- where the setting is known but does nothing yet: it then refuses to be set to anything
-- but its default; "warn" where it may be set, with a warning for as long as that is so.
-- The settings of checks come from core.registry (config.schema puts both together).
local units = require "config.units"

local keys = {}

local WORKERS_MAX = 32 -- PROXY_WORKERS_MAX of src/proxy/proxy.h
local HOUR_DAY = 24 * 3600 * 1000


local function add(key, kind, default, options)
  options = options or {}
  keys[#keys + 1] = {
    key = key, type = kind, default = default, fields = options.fields,
    expect = options.expect, valid = options.valid,
    built = options.built == nil or options.built,
  }
end


-- Settings that are known and do nothing yet.
local function later(prefix, kind, defaults)
  for _, pair in ipairs(defaults) do
    add(prefix .. pair[1], kind, pair[2], { built = false })
  end
end


local function one_of(words)
  local known = {}
  for _, word in ipairs(words) do
    known[word] = true
  end
  local function valid(value)
    if known[value] then
      return true
    end
    return nil, "is " .. text.quote(value)
  end
  return { expect = table.concat(words, ", ", 1, #words - 1) .. " or " .. words[#words],
           valid = valid }
end


local function between(least, most)
  local function valid(value)
    if value >= least and value <= most then
      return true
    end
    return nil, "is " .. value
  end
  return { expect = "a whole number from " .. least .. " to " .. most, valid = valid }
end


local function starts_with_slash(value)
  if text.starts(value, "/") then
    return true
  end
  return nil, "is " .. text.quote(value)
end


local function time_above_zero(value)
  local ms = units.duration(value)
  if ms and ms > 0 and ms <= HOUR_DAY then
    return true
  end
  return nil, "is " .. text.quote(value)
end


local function request_timeout(value)
  if value == "off" or value == "" then
    return true
  end
  return time_above_zero(value)
end


local function size_between(least, most, words)
  local function valid(value)
    local bytes = units.size(value)
    if bytes and bytes >= least and bytes <= most then
      return true
    end
    return nil, "is " .. text.quote(value)
  end
  return { expect = "a number of bytes from " .. words, valid = valid }
end


local function api_version(value)
  local major = value:match("^(%d%d?)%.%d%d?%d?$")
  if major and tonumber(major) > 0 then
    return true
  end
  return nil, "is " .. text.quote(value)
end


local function host_names(list)
  for _, name in ipairs(list) do
    if not name:match("^[%w._-]+$") then
      return nil, "holds " .. text.quote(name)
    end
  end
  return true
end


local function paths(list)
  for _, path in ipairs(list) do
    if text.trim(path) == "" then
      return nil, "holds a blank path"
    end
  end
  return true
end


-- A user's or group's number that is not root's.
local function is_id(digits)
  local n = math.tointeger(tonumber(digits))
  return n ~= nil and n > 0 and n < 4294967295
end


-- Patterns of names of environment variables.
local function variable_names(list)
  for _, name in ipairs(list) do
    if name == "" or name:find("[%s=]") or #name > 256 then
      return nil, "holds " .. text.quote(name)
    end
  end
  return true
end


local TIME = { expect = "a length of time above 0, at most 24h, such as 30s",
               valid = time_above_zero }

-- Where to listen. No defaults here: config.listeners knows what holds when nothing, or
-- one of these, is set.
add("listen.address", "string", nil)
add("listen.socket", "string", nil)
add("listen.socket_mode", "string", "0600")
add("listen.socket_uid", "int", nil)
add("listen.socket_gid", "int", nil)
add("listen.insecure_allow_plain_tcp", "bool", false)
add("listen.insecure_allow_unauthenticated_clients", "bool", false)
add("listen.host_names", "list", {}, { expect = "host names without ports", valid = host_names })
later("listen.tls.", "string", {
  { "cert_file", "" }, { "key_file", "" }, { "client_ca_file", "" },
})
later("listen.tls.", "list", {
  { "common_names", {} }, { "dns_names", {} }, { "ip_addresses", {} }, { "uri_sans", {} },
  { "public_key_sha256_pins", {} },
})
add("listeners", "records", {}, {
  expect = "a list of listeners",
  fields = {
    name = { type = "string" },
    socket = { type = "string" },
    address = { type = "string" },
    socket_mode = { type = "string" },
    socket_uid = { type = "int" },
    socket_gid = { type = "int" },
    insecure_allow_plain_tcp = { type = "bool" },
    insecure_allow_unauthenticated_clients = { type = "bool" },
    allowed_profiles = { type = "list" },
    tls = { type = "any" },
  },
})

add("upstream.socket", "string", "/var/run/docker.sock")
add("upstream.request_timeout", "duration", "60s",
    { expect = "a length of time above 0, at most 24h, or off", valid = request_timeout })
later("upstream.", "any", { { "endpoints", {} } })
later("upstream.failover.", "duration", { { "health_interval", "" }, { "health_timeout", "" } })

add("log.level", "string", "info", one_of { "debug", "info", "warn", "error" })
add("log.format", "string", "json", one_of { "json", "text" })
add("log.output", "string", "stderr", {
  expect = "stderr, stdout or a path",
  valid = function(value)
    if text.trim(value) == value and value ~= "" then
      return true
    end
    return nil, "is " .. text.quote(value)
  end,
})
add("log.access_log", "bool", true)
add("confine.user", "string", "", {
  expect = "a user's number above 0, such as 65532, or 65532:65532 with a group's",
  valid = function(value)
    local uid, gid = value:match "^(%d+):?(%d*)$"
    if value == "" or (uid and is_id(uid) and (gid == "" and not value:find ":" or is_id(gid))) then
      return true
    end
    return nil, "is " .. text.quote(value)
  end,
})
add("confine.landlock", "string", "auto", one_of { "auto", "on", "off" })
add("confine.seccomp", "string", "auto", one_of { "auto", "on", "off" })
later("log.audit.", "bool", { { "enabled", false } })
later("log.audit.", "string", { { "format", "json" }, { "output", "stderr" } })

add("response.deny_verbosity", "string", "minimal", one_of { "minimal", "verbose" })
for _, name in ipairs { "container_env", "mount_paths", "network_topology", "sensitive_data" } do
  add("response.redact_" .. name, "bool", true)
end
add("response.redact_host_topology", "bool", false)
add("response.redact_env_names", "list", {}, {
  expect = "globs of variables' names, such as *PASSWORD*; without any, all are hidden",
  valid = variable_names,
})
add("response.allow_attestation_statements", "bool", false)
later("response.", "list", {
  { "visible_resource_labels", {} }, { "name_patterns", {} }, { "image_patterns", {} },
})

later("clients.", "list", { { "allowed_cidrs", {} } })
later("clients.", "string", { { "default_profile", "" } })
later("clients.container_labels.", "bool", { { "enabled", false } })
later("clients.container_labels.", "string", { { "label_prefix", "com.sockguard.allow." } })
later("clients.global_concurrency.", "int", { { "max_inflight" } })
later("clients.", "any", {
  { "source_ip_profiles", {} }, { "client_certificate_profiles", {} },
  { "unix_peer_profiles", {} }, { "profiles", {} },
})

later("ownership.", "string", { { "owner", "" }, { "label_key", "com.sockguard.owner" } })
later("ownership.", "bool", {
  { "allow_unowned_images", true }, { "allow_cross_owner_namespace_sharing", false },
})

add("health.enabled", "bool", true)
add("health.path", "string", "/health",
    { expect = "a path that begins with /", valid = starts_with_slash })
later("health.", "bool", { { "watchdog.enabled", false }, { "readiness.enabled", false } })
later("health.", "string", { { "readiness.path", "/ready" } })
later("health.", "duration", {
  { "watchdog.interval", "5s" }, { "readiness.interval", "10s" }, { "readiness.timeout", "5s" },
})
later("metrics.", "bool", { { "enabled", false } })
later("metrics.", "string", { { "path", "/metrics" } })
later("admin.", "bool", {
  { "enabled", false }, { "listen.insecure_allow_plain_tcp", false },
  { "listen.insecure_allow_unauthenticated_clients", false },
  { "listen.insecure_allow_wide_open", false },
})
later("admin.", "string", {
  { "path", "/admin/validate" }, { "policy_version_path", "/admin/policy/version" },
  { "mount_on", "" }, { "listen.address", "" }, { "listen.socket", "" },
  { "listen.socket_mode", "0600" }, { "listen.tls.cert_file", "" },
  { "listen.tls.key_file", "" }, { "listen.tls.client_ca_file", "" },
})
later("admin.", "int", {
  { "max_request_bytes", 524288 }, { "listen.socket_uid" }, { "listen.socket_gid" },
})
later("admin.listen.tls.", "list", {
  { "common_names", {} }, { "dns_names", {} }, { "ip_addresses", {} }, { "uri_sans", {} },
  { "public_key_sha256_pins", {} },
})
later("reload.", "bool", { { "enabled", false } })
later("reload.", "duration", { { "debounce", "250ms" }, { "poll_interval", "" } })

later("policy_bundle.", "bool", { { "enabled", false }, { "require_rekor_inclusion", true } })
later("policy_bundle.", "string", { { "signature_path", "" } })
later("policy_bundle.", "duration", { { "verify_timeout", "" } })
later("policy_bundle.", "any", { { "allowed_signing_keys", {} }, { "allowed_keyless", {} } })
later("mutations.", "any", { { "rules", {} } })

add("rules", "records", nil, {
  expect = "a list of rules",
  fields = {
    match = { type = "record", fields = { method = { type = "string" },
                                          path = { type = "string" } } },
    action = { type = "string" },
    reason = { type = "string", default = "" },
  },
})
add("insecure_allow_body_blind_writes", "bool", false)
add("insecure_allow_read_exfiltration", "bool", false)
add("insecure_accept_opaque_buildkit_tunnels", "bool", false)

-- Ours.
add("strict_config", "bool", true)
add("workers", "string", "1", {
  expect = "auto, or a whole number from 1 to " .. WORKERS_MAX,
  valid = function(value)
    local n = value:match("^%d%d?$") and math.tointeger(value)
    if value == "auto" or (n and n >= 1 and n <= WORKERS_MAX) then
      return true
    end
    return nil, "is " .. text.quote(value)
  end,
})
-- self_container is a setting of the checks in knobs.own_container.
add("self_protection", "string", "auto", one_of { "auto", "on", "off" })
add("api_versions.min", "version", "1.24",
    { expect = "a version such as \"1.24\"", valid = api_version })
add("timeouts.head", "duration", "5s", TIME)
add("timeouts.body", "duration", "30s", TIME)
add("timeouts.connect", "duration", "5s", TIME)
add("timeouts.keep_alive", "duration", "120s", TIME)
add("timeouts.lookup", "duration", "5s", TIME)
add("timeouts.drain", "duration", "30s", TIME)
add("limits.connections", "int", 4096, between(1, 1000000))
add("limits.tunnels", "int", 1000, between(1, 1000000))
add("limits.body_bytes", "size", "64MiB", size_between(1024, 1 << 40, "1KiB to 1024GiB"))
add("lua.memory_limit", "size", "8MiB", size_between(1024, 1 << 30, "1KiB to 1GiB"))
add("lua.time_limit", "duration", "50ms", TIME)
add("lua.instruction_limit", "int", 5000000, between(1, math.maxinteger))
add("lua.rules", "list", {}, { expect = "files and folders of rules", valid = paths })
add("lua.values", "values", {}, { expect = "a mapping from a rule's id to its value" })
add("lua.allow_waivers", "bool", false)
for _, group in ipairs { "container_create", "exec" } do
  add("request_body." .. group .. ".unknown_fields", "string", "warn",
      one_of { "allow", "warn", "deny" })
end

return keys

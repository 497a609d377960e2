-- config.validate: what no single value says: ranges, what is not built, and what does not
-- go together.
local compat = require "config.compat"
local json = require "config.json"
local listeners = require "config.listeners"
local rules = require "config.rules"
local schema = require "config.schema"

local NOT_BUILT = "known, but this version does not have it yet"

local ACKNOWLEDGED = {
  { "insecure_allow_body_blind_writes",
    "bodies that no check understands go to the engine unread" },
  { "insecure_allow_read_exfiltration",
    "files, logs and images may be read out through rules that allow it" },
  { "insecure_accept_opaque_buildkit_tunnels",
    "builds run through tunnels that nothing looks into; this setting is deprecated" },
}


local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end


local function check_values(settings)
  for _, entry in ipairs(schema.list) do
    local value = settings.values[entry.key]
    if settings.origins[entry.key] == "default" or value == nil then
      goto continue
    end
    if not entry.built then
      if not same(value, entry.default) then
        local default = entry.default ~= nil and "its default " .. json(entry.default)
                        or "it not to be set"
        settings.report:fault { key = entry.key, what = NOT_BUILT, expect = default }
      end
    elseif entry.valid then
      local ok, why = entry.valid(value)
      if not ok then
        settings.report:fault { key = entry.key, what = why, expect = entry.expect }
      end
    end
    ::continue::
  end
end


local function check_upstream(settings)
  local path = settings.values["upstream.socket"]
  if path == "" then
    settings.report:fault { key = "upstream.socket", what = "is empty",
                            expect = "the path of the engine's socket" }
  end
  listeners.check_socket(settings.report, "upstream.socket", path)
end


-- The whole of EndpointConfig opened, and single aspects of it set as well: one of the two
-- is not what somebody meant.
local function check_endpoint_config(settings)
  if settings.values["request_body.network.allow_endpoint_config"] ~= true then
    return
  end
  for _, entry in ipairs(schema.list) do
    if text.starts(entry.key, "request_body.network.endpoint_config.")
       and settings.origins[entry.key] ~= "default" then
      settings.report:fault {
        key = entry.key,
        what = "is set, and so is request_body.network.allow_endpoint_config ("
               .. settings.origins["request_body.network.allow_endpoint_config"] .. ")",
        expect = "either of them",
      }
    end
  end
end


local function check_buildkit(settings)
  if not settings.values.insecure_accept_opaque_buildkit_tunnels then
    return
  end
  for _, entry in ipairs(schema.list) do
    local value = settings.values[entry.key]
    if text.starts(entry.key, "request_body.buildkit.") and not same(value, entry.default) then
      settings.report:fault {
        key = "insecure_accept_opaque_buildkit_tunnels",
        what = "is set, and so is request_body.buildkit", expect = "either of them",
      }
      return
    end
  end
end


local function check_own_container(settings)
  if settings.values.self_protection == "off" and settings.values.self_container ~= "" then
    settings.report:fault { key = "self_container",
                            what = "is set, and self_protection is off",
                            expect = "either of them" }
  end
end


-- Limits that must still hold after a change, where no change of a limit passes anyway.
local function warn_idle_limits(settings)
  local group = "request_body.container_update."
  for _, name in ipairs { "memory_limit", "cpu_limit", "cpu_limit_hard", "pids_limit" } do
    if settings.values[group .. "require_" .. name]
        and not settings.values[group .. "allow_resource_updates"] then
      settings.report:warn(group .. "require_" .. name .. " does nothing without "
                           .. group .. "allow_resource_updates")
      return
    end
  end
end


local function warn(settings)
  warn_idle_limits(settings)
  for _, pair in ipairs(ACKNOWLEDGED) do
    if settings.values[pair[1]] then
      settings.report:warn(pair[1] .. " is on: " .. pair[2])
    end
  end
end


--- Judges what config.load read. What is wrong goes to the report of `settings`.
-- @return the rules and the listeners, for C
return function(settings, env)
  check_values(settings)
  local places = listeners.judge(settings)
  local list = rules.judge(settings)
  check_upstream(settings)
  check_endpoint_config(settings)
  check_buildkit(settings)
  check_own_container(settings)
  compat(settings, list, env)
  warn(settings)
  return list, places
end

-- knobs.exec: which commands may be run in a container, and with which environment.
local command = require "engine.command"
local example = require "core.example"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"

-- How many words of a refused command a reason shows.
local SHOWN = 8

local BLIND = shape.flag(false, { key = "insecure_allow_body_blind_writes" })


local function malformed(argv)
  if not argv or #argv == 0 then
    return "the command is missing or empty (Cmd)"
  end
end


local function no_allowlist()
  return "no command is allowed (allowed_commands is empty)"
end


local function refused_command(argv, knobs)
  local words = argv or {}
  if not command.is_allowed(words, knobs.allowed_commands) then
    local shown = table.concat(words, " ", 1, math.min(#words, SHOWN))
    return "command " .. text.quote(shown) .. " is not in allowed_commands"
  end
end


-- One variable: nil, or what is wrong and its id. Values never appear.
local function variable(entry, knobs)
  local name = text.cut(entry, "=")
  if knobs.denied_env_vars[name] then
    return "environment variable " .. text.quote(name) .. " is in denied_env_vars"
  end
  if #knobs.allowed_env_vars > 0 and not knobs.allowed_env_vars[name] then
    return "environment variable " .. text.quote(name) .. " is not in allowed_env_vars",
      "ex.env_not_allowed"
  end
  local values = knobs.allowed_env_values[name]
  if values and not values[entry] then
    return "environment variable " .. text.quote(name)
      .. " has a value that is not in allowed_env_values", "ex.env_value"
  end
end


local function environment(entries, knobs)
  for _, entry in ipairs(entries) do
    local found, code = variable(entry, knobs)
    if found then
      return found, code
    end
  end
end


local function valid_name(name)
  if name == "" then
    return nil, "is empty"
  end
  for _, byte in ipairs { "=", " ", "\t", "\r", "\n" } do
    if text.find(name, byte) then
      return nil, "is not a name of a variable"
    end
  end
  return true
end


local function names()
  return shape.names { expect = "a list of names of variables", valid = valid_name }
end


-- { [name] = { [entry] = true } }.
local function compile_values(entries)
  local out = {}
  for _, entry in ipairs(entries) do
    local name = text.cut(entry, "=")
    out[name] = out[name] or {}
    out[name][entry] = true
  end
  return out
end


local function values()
  return shape.entries {
    expect = "a list of NAME=VALUE", compile = compile_values,
    valid = function(entry)
      local name, value = text.cut(entry, "=")
      if not value then
        return nil, "is not NAME=VALUE"
      end
      return valid_name(name)
    end,
  }
end


local LS = { { "/bin/ls", "*" } }


local function create(knobs, env)
  return example.exec({ Cmd = { "/bin/ls", "-l" }, User = "1000", Env = env }, knobs)
end


local function start(words, knobs)
  return example.start({ entrypoint = "/bin/ls", arguments = words, user = "1000" }, knobs)
end


local function allowlist_checks(surface, allowed, refused)
  return record.check {
    id = surface .. ".allowlist", code = "ex.no_allowlist", surface = surface, order = 1,
    title = "Commands are listed before any runs",
    reads = {},
    knobs = { allowed_commands = command.shape(), insecure_allow_body_blind_writes = BLIND },
    knob = "allowed_commands",
    active = function(knobs)
      return #knobs.allowed_commands == 0 and not knobs.insecure_allow_body_blind_writes
    end,
    always = true, check = no_allowlist,
    reason = "a command in a container reaches all that the container reaches",
    fix = "have the command listed",
    allows = { allowed({ allowed_commands = LS }),
               allowed({ insecure_allow_body_blind_writes = true }) },
    denies = { allowed({}) },
  }, record.check {
    id = surface .. ".command", code = "ex.command", surface = surface, order = 6,
    title = "Only listed commands",
    reads = { "argv" },
    knobs = { allowed_commands = command.shape() },
    active = function(knobs)
      return #knobs.allowed_commands > 0
    end,
    always = true, check = refused_command,
    reason = "a command in a container reaches all that the container reaches",
    fix = "run a listed command, word for word",
    allows = { allowed({ allowed_commands = LS }) },
    denies = { refused({ allowed_commands = LS }) },
  }
end


local create_allowlist, create_command = allowlist_checks("exec_create", create, function(knobs)
  return example.exec({ Cmd = "/bin/sh -c id", User = "1000" }, knobs)
end)

local start_allowlist, start_command = allowlist_checks("exec_start", function(knobs)
  return start({ "-l" }, knobs)
end, function(knobs)
  return start({ "-l", "/etc" }, knobs)
end)

local checks = {
  record.check {
    id = "exec_create.malformed", code = "ex.malformed", surface = "exec_create", order = 0,
    title = "A command is there",
    reads = { "argv" }, knobs = {}, always = true, check = malformed,
    reason = "without a command there is nothing to judge",
    fix = "name a command",
    allows = { create { allowed_commands = LS } },
    denies = { example.exec { User = "1000" }, example.exec { Cmd = " " },
               example.exec { Cmd = record.NO_ITEMS } },
  },
  record.check {
    id = "exec_create.environment", code = "ex.env_denied", surface = "exec_create", order = 4,
    title = "Only allowed environment variables",
    reads = { "Env" },
    knobs = { allowed_env_vars = names(), denied_env_vars = names(),
              allowed_env_values = values() },
    knob = "allowed_env_vars",
    active = function(knobs)
      return #knobs.allowed_env_vars > 0 or #knobs.denied_env_vars > 0
        or next(knobs.allowed_env_values) ~= nil
    end,
    check = environment,
    reason = "a variable such as LD_PRELOAD turns a listed command into any command",
    fix = "leave the variable out, or have it listed",
    allows = { create({ allowed_commands = LS, allowed_env_vars = { "TZ" } }, { "TZ=UTC" }),
               create({ allowed_commands = LS, allowed_env_values = { "TZ=UTC" } },
                 { "TZ=UTC", "A=b" }) },
    denies = { create({ allowed_commands = LS, denied_env_vars = { "LD_PRELOAD" } },
                 { "LD_PRELOAD=/tmp/x.so" }),
               create({ allowed_commands = LS, allowed_env_vars = { "TZ" } }, { "A=b" }),
               create({ allowed_commands = LS, allowed_env_values = { "TZ=UTC" } },
                 { "TZ=CET" }) },
  },
  create_allowlist, create_command, start_allowlist, start_command,
  unknown.check {
    surface = "exec_create", code = "ex.unknown_field",
    allows = { example.exec({ Cmd = { "/bin/ls", "-l" }, User = "1000", Future = 0 },
      { allowed_commands = LS, unknown_fields = "deny" }) },
    denies = { example.exec({ Cmd = { "/bin/ls", "-l" }, User = "1000", Future = 1 },
      { allowed_commands = LS, unknown_fields = "deny" }) },
  },
}

return { checks = checks, readings = { command.created, command.held } }

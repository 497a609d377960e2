-- config.load: from flags, variables, file and defaults to one value for each setting.
--
-- Strongest first: flags, SOCKGUARD_* variables, the two aliases, the file, the defaults.
-- An empty variable is as good as none (but a SOCKGUARD_* one that is there, even empty,
-- silences its alias); an empty flag is a value.
local report = require "config.report"
local schema = require "config.schema"
local typed = require "config.typed"
local yaml = require "config.yaml"

local LEVELS = {
  debug = "debug", info = "info", notice = "info", warn = "warn", warning = "warn",
  error = "error", err = "error", crit = "error", alert = "error", emerg = "error",
}

-- Where the flag is not named like its key.
local FLAGS = { ["response.deny_verbosity"] = "deny-verbosity" }


local function ends_alike(name)
  for _, entry in ipairs(schema.list) do
    if entry.key:match("[^.]+$") == name then
      return entry.key
    end
  end
end


local function set(settings, key, value, origin)
  settings.values[key] = value
  settings.origins[key] = origin
  settings.report:mark_place(key, origin)
end


local function apply_map(settings, tree, node, path)
  local sink = settings.report
  if node.kind == "scalar" and typed.read({ type = "any" }, node) == nil then
    return
  elseif node.kind ~= "map" then
    sink:fault { key = path ~= "" and path or nil, line = node.line,
                 what = "is no mapping", expect = "settings, one a line, as name: value" }
    return
  end
  for _, entry in ipairs(node.entries) do
    local below = tree.children[entry.name]
    local key = path == "" and entry.name or path .. "." .. entry.name
    if not below then
      sink:unknown(path, entry.name, entry.line, schema.names(tree), ends_alike(entry.name))
    elseif below.children then
      apply_map(settings, below, entry.node, key)
    else
      local value = typed.read(below.entry, entry.node, key, sink)
      if value ~= nil then
        set(settings, key, value, sink.file .. ":" .. entry.line)
      end
    end
  end
end


local function apply_file(settings, source)
  if not source.text then
    return
  end
  local ok, root, second = pcall(yaml.read, source.text)
  if not ok then
    if type(root) ~= "table" then
      error(root, 0)
    end
    settings.report:fault { line = root.line, what = root.what }
  elseif root then
    apply_map(settings, schema.tree, root, "")
    if second then
      settings.report:warn(source.name .. ":" .. second
                           .. ": a second document begins here; only the first is read")
    end
  end
end


local function apply_aliases(settings, env)
  local socket = text.trim(env.SOCKET_PATH or "")
  if socket ~= "" and env.SOCKGUARD_UPSTREAM_SOCKET == nil then
    set(settings, "upstream.socket", socket, "environment SOCKET_PATH")
  end
  local level = text.lower(text.trim(env.LOG_LEVEL or ""))
  if level ~= "" and env.SOCKGUARD_LOG_LEVEL == nil then
    set(settings, "log.level", LEVELS[level] or level, "environment LOG_LEVEL")
  end
end


local function apply_text(settings, entry, value, origin)
  local sink = settings.report
  local before = sink.places[entry.key]
  sink:mark_place(entry.key, origin)
  local quiet = {
    count = 0,
    fault = function(self, fault)
      self.count = self.count + 1
      fault.line, fault.place = nil, origin
      sink:fault(fault)
    end,
  }
  local read = typed.read_text(entry, value, entry.key, quiet)
  if read ~= nil then
    set(settings, entry.key, read, origin)
  else
    sink.places[entry.key] = before
  end
end


-- A variable with our prefix that sets nothing is said to do so: it may be a slip, or
-- what Kubernetes puts there for a service of our name.
local function warn_of_variable(settings, name)
  for _, entry in ipairs(schema.list) do
    if schema.env_of(entry.key) == name then
      settings.report:warn("environment " .. name .. ": " .. entry.key
                           .. " cannot be set by a variable; it is ignored")
      return
    end
  end
  settings.report:warn("environment " .. name .. ": names no setting; it is ignored")
end


local function apply_variables(settings, env)
  local names = {}
  for name in pairs(env) do
    if text.starts(name, "SOCKGUARD_") then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local entry = schema.by_env[name]
    if entry and env[name] ~= "" then
      apply_text(settings, entry, env[name], "environment " .. name)
    elseif not entry then
      warn_of_variable(settings, name)
    end
  end
end


local function apply_flags(settings, flags)
  for _, flag in ipairs(flags) do
    local key, value = text.cut(flag, "=")
    local entry = schema.by_key[key]
    if not entry or not value then
      error("no setting for the flag " .. text.quote(flag), 0)
    end
    local name = FLAGS[key] or (key:gsub("[._]", "-"))
    apply_text(settings, entry, value, "flag --" .. name)
  end
end


local function apply_defaults(settings)
  for _, entry in ipairs(schema.list) do
    if settings.origins[entry.key] == nil then
      settings.origins[entry.key] = "default"
      settings.values[entry.key] = typed.copy(entry.default)
    end
  end
end


--- source: text (YAML or nil), name (of the file in messages), env (name -> value), flags
-- (list of "dotted.key=value").
-- @return settings: values and origins by key ("default", "FILE:LINE", "environment X",
-- "flag --x"), and the report, in which all is said that could not be read
return function(source)
  local settings = { values = {}, origins = {}, report = report.new(source.name) }
  apply_file(settings, source)
  apply_aliases(settings, source.env)
  apply_variables(settings, source.env)
  apply_flags(settings, source.flags)
  apply_defaults(settings)
  settings.report:judge_unknowns(settings.values.strict_config ~= false)
  return settings
end

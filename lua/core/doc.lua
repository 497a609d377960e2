-- core.doc: tables of documentation, made from the records that the program runs on.
local redaction = require "redaction"
local registry = require "core.registry"

-- What the numbers are about, in our own words; the benchmark's text is not ours to print.
-- page: one of the page's seventeen. on: where else it is on, if not in the strict preset.
local TOPICS = {
  { "5.1", "AppArmor profile named" }, { "5.2", "SELinux label named", on = "where asked for" },
  { "5.3", "capabilities", page = true }, { "5.4", "privileged containers", page = true },
  { "5.5", "host directories", page = true }, { "5.6", "sshd in a container" },
  { "5.7", "privileged ports of the host" }, { "5.8", "only needed ports" },
  { "5.9", "host network", page = true }, { "5.10", "memory limit", page = true },
  { "5.11", "CPU limit", page = true }, { "5.12", "read-only root", page = true },
  { "5.13", "ports on one address" }, { "5.14", "restart policy" },
  { "5.15", "host processes", page = true }, { "5.16", "host IPC", page = true },
  { "5.17", "host devices", page = true }, { "5.18", "ulimits" },
  { "5.19", "mount propagation" }, { "5.20", "host UTS namespace", on = "always" },
  { "5.21", "seccomp", page = true }, { "5.22", "privileged exec", page = true },
  { "5.23", "exec as root", page = true }, { "5.24", "cgroup", on = "always" },
  { "5.25", "no new privileges", page = true }, { "5.26", "health check" },
  { "5.27", "latest images" }, { "5.28", "process limit", page = true },
  { "5.29", "default bridge" }, { "5.30", "host user namespace", page = true },
  { "5.31", "engine socket", page = true },
}

local doc = {}


local function cell(value)
  return (tostring(value):gsub("|", "\\|"):gsub("\n", " "))
end


local function row(...)
  local cells = { ... }
  for i, value in ipairs(cells) do
    cells[i] = cell(value)
  end
  return "| " .. table.concat(cells, " | ") .. " |\n"
end


local function code(list)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = "`" .. item .. "`"
  end
  return table.concat(out, ", ")
end


local function keys_of(checks)
  local keys, seen = {}, {}
  for _, check in ipairs(checks) do
    for name in pairs(check.knobs) do
      local key = registry.key(check, name)
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = (key:gsub("^request_body%.", ""))
      end
    end
  end
  table.sort(keys)
  return keys
end


local function checks_of(number)
  local ids, checks = {}, {}
  for _, check in ipairs(registry.checks) do
    for _, control in ipairs(check.controls) do
      if control.cis == number then
        ids[#ids + 1] = check.id
        checks[#checks + 1] = check
      end
    end
  end
  return ids, checks
end


--- Control by control: both numbers, which checks enforce it, and their settings.
function doc.controls()
  local out = { row("Page", "docker-bench-security", "About", "On in", "Checks",
                    "Settings (under request_body)"),
                "| --- | --- | --- | --- | --- | --- |\n" }
  for _, topic in ipairs(TOPICS) do
    local ids, checks = checks_of(topic[1])
    local bench = "5." .. math.tointeger(topic[1]:match "%d+$") + 1
    out[#out + 1] = row(topic[1], bench, topic[2],
      topic.page and "both presets" or topic.on or "strict", code(ids), code(keys_of(checks)))
  end
  return table.concat(out)
end


local function default_of(shape)
  local value = shape.default
  if value == nil then
    return "not set"
  elseif type(value) == "table" then
    return #value == 0 and "`[]`" or code(value)
  end
  return value == "" and "empty" or "`" .. tostring(value) .. "`"
end


--- Every setting of the checks: its default, what it takes, and which checks read it.
function doc.settings()
  local out = { row("Setting", "Default", "Takes", "Checks"), "| --- | --- | --- | --- |\n" }
  for _, knob in ipairs(registry.knobs) do
    out[#out + 1] = row("`" .. knob.key .. "`", default_of(knob.shape), knob.shape.expect,
      code(knob.checks))
  end
  return table.concat(out)
end


-- path -> list of ids, of what a surface's checks read; readings are resolved.
local function readers(surface)
  local readings, out = {}, {}
  for _, reading in ipairs(registry.readings) do
    if reading.surface == surface then
      readings[reading.name] = reading
    end
  end
  for _, check in ipairs(registry.checks) do
    if check.surface == surface then
      for _, name in ipairs(check.reads) do
        for _, path in ipairs(readings[name] and readings[name].from or { name }) do
          local by, name_of = out[path] or {}, check.id:match "[^.]+$"
          if by[#by] ~= name_of then
            by[#by + 1] = name_of
          end
          out[path] = by
        end
      end
    end
  end
  return out
end


local function versions(member)
  local since, till = member.since, member["until"]
  if since and till then
    return since .. " to " .. till
  end
  return since and "from " .. since or till and "to " .. till or ""
end


local function add_members(out, surface, members, prefix, judged, above)
  for _, member in ipairs(members) do
    local path = prefix .. member.name
    local by = judged[path] or above
    out[#out + 1] = row("`" .. surface .. "`", "`" .. path .. "`", member.kind, versions(member),
      member.why or (by and code(by)) or "its members")
    if member.members then
      local many = member.kind ~= "record"
      add_members(out, surface, member.members, path .. (many and "[]." or "."), judged, by)
    end
  end
end


--- Every member of a judged body: its kind, the API versions that have it, and which checks
-- read it, or why none does.
function doc.members()
  local out = { row("Body", "Member", "Kind", "API", "Judged by, or why not"),
                "| --- | --- | --- | --- | --- |\n" }
  for _, surface in ipairs(registry.surfaces) do
    local document = require("schema." .. surface).document
    local judged = readers(surface)
    add_members(out, surface, document and document.members or {}, "", judged, judged.body)
  end
  return table.concat(out)
end


-- What operators' rules may require.
local LIBRARY = {
  "engine.binds", "engine.image", "engine.ip", "engine.path", "engine.ports", "engine.set",
  "engine.units", "engine.version", "core.shape",
}


-- The public functions of a source with their doc blocks: { name, args, text }.
local function functions_of(source)
  local out, block = {}, nil
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do
    local words = line:match "^%-%-%- (.*)$"
    local more = block and line:match "^%-%- ?(.*)$"
    local name, args = line:match "^function ([%w_.]+)%((.*)%)$"
    if words then
      block = words
    elseif more then
      block = block .. (more:find "^@" and "<br>" or " ") .. more
    else
      if name and block then
        out[#out + 1] = { name = name, args = args, text = block }
      end
      block = nil
    end
  end
  return out
end


--- The functions that rules may require, from the doc blocks of their sources.
function doc.library(source)
  local out = { row("Module", "Function", "What it does"), "| --- | --- | --- |\n" }
  for _, module in ipairs(LIBRARY) do
    for _, each in ipairs(functions_of(source(module))) do
      local words = each.text:gsub("@param (%S+)", "*%1*"):gsub("@return", "Returns")
      out[#out + 1] = row("`" .. module .. "`", "`" .. each.name .. "(" .. each.args .. ")`", words)
    end
  end
  return table.concat(out)
end


-- What becomes of a value, by the record's edit.
local BECOMES = {
  mark = '`"<redacted>"`', empty = "`[]`, `{}`, `0` or `\"<redacted>\"`", list = "`[]`",
  address = '`"<redacted>"`, or `""`', bytes = '`"<redacted>"`, or that in base64',
  host = "the same, but for `0.0.0.0`, `::` and this host",
  option = '`"<redacted>"` where it is a path, an address or mount options',
  bind = "its source, where that is a path: `<redacted>:/target`",
  value = "`NAME=<redacted>`", exec = "`exec_create: <redacted>`",
  env = "`[]`, or by name", env_list = "`[]`, also where there was none; or by name",
}


--- What is hidden of the engine's answers: by route and switch.
function doc.redaction()
  local out = { row("Answer to", "Setting", "Members", "Become"), "| --- | --- | --- | --- |\n" }
  local last, members
  local function flush()
    if last then
      out[#out + 1] = row("`" .. last.method .. " " .. last.route .. "`",
        "`redact_" .. last.switch .. "`", code(members), BECOMES[last.edit])
    end
  end
  for _, record in ipairs(redaction.records()) do
    if not last or record.route ~= last.route or record.method ~= last.method
       or record.switch ~= last.switch or record.edit ~= last.edit then
      flush()
      last, members = record, {}
    end
    members[#members + 1] = record.path
  end
  flush()
  return table.concat(out)
end


local ORDER = { "controls", "settings", "members", "redaction", "library" }


--- The table of that name; all of them, with headings, for "". source: module to its text.
return function(name, source)
  if doc[name] then
    return doc[name](source)
  elseif name ~= "" then
    error("there is no table " .. text.quote(name) .. "; there are "
          .. table.concat(ORDER, ", "), 0)
  end
  local out = {}
  for _, each in ipairs(ORDER) do
    out[#out + 1] = "# " .. each .. "\n\n" .. doc[each](source) .. "\n"
  end
  return table.concat(out)
end

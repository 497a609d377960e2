-- runner: `sockguard test`. Runs the specs of a folder with busted; then, where asked for, says
-- what they never saw (coverage), and which mutants of the policy none of them noticed.
package.path = os.getenv "SOCKGUARD_KIT" .. "/?.lua;" .. package.path
local cjson = require "cjson"
local sockguard = require "sockguard.testing"

local USAGE = [[
Usage: sockguard test [-c FILE] [DIR] [--output NAME] [--coverage] [--fail-under PERCENT] [--mutate]
                      [--only ID]

Runs the busted specs (*_spec.lua) of a folder, which use require "sockguard.testing", and the
examples that the rules of the configuration have. They ask this program, so what is tested is what
serves.

  -c, --config FILE      the configuration that sockguard.load() means (default: the usual places)
      --output NAME      how busted prints: plainTerminal (default), TAP, junit ...
      --coverage         which checks, rules and settings in force no spec saw deny, and which none
                         saw allow
      --fail-under N     the same, and exit code 1 when less than N percent of both were seen
      --only ID          of coverage and mutants: those whose ids begin so, such as "acme."
      --mutate           switch off and invert each check and rule in force, and change each of
                         their settings, one at a time: exit code 1 when no spec notices one

Exit code: 0 all passed, 1 not, 2 usage. Needs busted and lua-cjson.

Example:
  sockguard test -c examples/rules/site.yaml examples/rules --coverage
]]


local function usage_error(why)
  io.stderr:write("sockguard test: ", why, "\n\n", USAGE)
  os.exit(2)
end


-- What was asked, in one list for each configuration and environment.
local function grouped(asked)
  local out, by_key = {}, {}
  for _, each in ipairs(asked) do
    local key = (each.config or "") .. "\n" .. cjson.encode(each.env or {})
    if not by_key[key] then
      by_key[key] = {}
      out[#out + 1] = by_key[key]
    end
    table.insert(by_key[key], each)
  end
  return out
end


local function read_options(args)
  local options = { dir = ".", output = "plainTerminal", only = "" }
  local i = 1
  local function value(name)
    i = i + 1
    return args[i] or usage_error(name .. " needs a value")
  end
  while args[i] do
    local arg = args[i]
    if arg == "-c" or arg == "--config" then
      options.config = value(arg)
    elseif arg == "--output" then
      options.output = value(arg)
    elseif arg == "--coverage" then
      options.coverage = true
    elseif arg == "--fail-under" then
      options.coverage = true
      options.fail_under = tonumber(value(arg)) or usage_error "--fail-under needs a number"
    elseif arg == "--only" then
      options.only = value(arg)
    elseif arg == "--mutate" then
      options.mutate = true
    elseif arg == "-h" or arg == "--help" then
      io.write(USAGE)
      os.exit(0)
    elseif arg:sub(1, 1) == "-" then
      usage_error("unknown option " .. arg)
    else
      options.dir = arg
    end
    i = i + 1
  end
  return options
end


local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end


-- Runs busted; true when all passed. What was asked is in the file `record` then.
local function run_busted(options, record)
  local path = os.getenv "SOCKGUARD_KIT" .. "/?.lua;" .. (os.getenv "LUA_PATH" or ";")
  local env = "LUA_PATH=" .. quote(path) .. " SOCKGUARD_TEST_RECORD=" .. quote(record)
  if options.config then
    env = env .. " SOCKGUARD_TEST_CONFIG=" .. quote(options.config)
  end
  local examples = os.getenv "SOCKGUARD_KIT" .. "/sockguard/examples_spec.lua"
  return os.execute(("%s busted --lua=lua5.4 -o %s %s %s"):format(env, quote(options.output),
    quote(options.dir), quote(examples))) == true
end


local function read_record(name)
  local out = {}
  for line in io.lines(name) do
    out[#out + 1] = cjson.decode(line)
  end
  return out
end


-- The checks in force of a configuration, and the values of all settings.
-- only: those whose ids begin so.
local function describe(config, env, only)
  local answer = sockguard.ask(config, { { id = 1, env = env } })[1]
  local active = {}
  for _, check in ipairs(answer.checks) do
    if check.active and check.id:sub(1, #only) == only then
      active[#active + 1] = check
    end
  end
  return active, answer.settings
end


local function lines_of(asked, extra)
  local lines = {}
  for i, each in ipairs(asked) do
    local line = {}
    for name, value in pairs(each.request) do
      line[name] = value
    end
    for name, value in pairs(extra) do
      line[name] = value
    end
    lines[i] = line
  end
  return lines
end


-- The checks in force in any of the groups, and what their settings are there.
local function describe_all(groups, only)
  local active, settings, known = {}, {}, {}
  for _, asked in ipairs(groups) do
    local here, values = describe(asked[1].config, asked[1].env, only)
    for _, check in ipairs(here) do
      if not known[check.id] then
        known[check.id] = true
        active[#active + 1] = check
      end
    end
    for name, value in pairs(values) do
      settings[name] = value
    end
  end
  return active, settings
end


-- A check allows where it found nothing; and where a request of its surface was allowed because it
-- was switched off.
local function see_answer(seen, answer, active)
  for _, id in ipairs(answer.denied or {}) do
    seen.denied[id] = true
  end
  for _, id in ipairs(answer.passed or {}) do
    seen.passed[id] = true
  end
  for _, check in ipairs(answer.verdict == "allow" and active or {}) do
    if check.id:match "^[^.]+" == answer.surface then
      seen.passed[check.id] = true
    end
  end
end


local function see(groups, active)
  local seen = { passed = {}, denied = {} }
  for _, asked in ipairs(groups) do
    for _, answer in ipairs(sockguard.ask(asked[1].config, lines_of(asked, { outcomes = true }))) do
      see_answer(seen, answer, active)
    end
  end
  return seen
end


-- Prints those of `names` that are not in `seen`; returns how many are.
local function tell_unseen(names, seen, what)
  local n = 0
  for _, name in ipairs(names) do
    if seen[name] then
      n = n + 1
    else
      print("  never seen to " .. what .. ": " .. name)
    end
  end
  return n
end


-- The settings of the checks; each is seen where one of them is.
local function settings_seen(active, seen)
  local names, out, known = {}, {}, {}
  for _, check in ipairs(active) do
    for _, setting in ipairs(check.settings) do
      if not known[setting] then
        known[setting] = true
        names[#names + 1] = setting
      end
      out[setting] = out[setting] or seen[check.id]
    end
  end
  return names, out
end


local function cover(groups, only)
  local active = describe_all(groups, only)
  local seen, ids = see(groups, active), {}
  for i, check in ipairs(active) do
    ids[i] = check.id
  end
  print "Coverage"
  local settings, denied = settings_seen(active, seen.denied)
  local _, passed = settings_seen(active, seen.passed)
  local both = tell_unseen(ids, seen.denied, "deny") + tell_unseen(ids, seen.passed, "allow")
    + tell_unseen(settings, denied, "deny") + tell_unseen(settings, passed, "allow")
  local all = 2 * (#ids + #settings)
  local percent = all == 0 and 100 or 100 * both / all
  print(("  %d checks and rules in force, %d settings of theirs: %.1f %% of both sides seen")
    :format(#ids, #settings, percent))
  return percent
end


-- Another value, as a variable takes it; nil where there is no telling what another one means.
local function changed(value)
  if type(value) == "boolean" then
    return tostring(not value)
  elseif type(value) == "number" then
    return tostring(math.tointeger(value) == 0 and 1000000 or 0)
  end
end


local function mutants_of(active, settings)
  local out, known = {}, {}
  for _, check in ipairs(active) do
    out[#out + 1] = { name = check.id .. " switched off", extra = { mutant = { off = check.id } } }
    out[#out + 1] = { name = check.id .. " inverted", extra = { mutant = { invert = check.id } } }
    for _, setting in ipairs(check.settings) do
      local value = changed(settings[setting])
      if value and not known[setting] then
        known[setting] = true
        local name = "SOCKGUARD_" .. setting:upper():gsub("%.", "_")
        out[#out + 1] = { name = setting .. " = " .. value, env = { [name] = value } }
      end
    end
  end
  return out
end


local function with(map, more)
  local out = {}
  for _, each in ipairs { map or {}, more } do
    for name, value in pairs(each) do
      out[name] = value
    end
  end
  return out
end


-- A mutant that does not start was noticed: nobody could serve with it.
local function is_noticed(mutant, groups)
  for _, asked in ipairs(groups) do
    local extra = mutant.env and { env = with(asked[1].env, mutant.env) } or mutant.extra
    local answers = sockguard.ask(asked[1].config, lines_of(asked, extra))
    for i, each in ipairs(asked) do
      if not sockguard.is_as_expected(answers[i], each.expect, each.by) then
        return true
      end
    end
  end
  return false
end


local function mutate(groups, only)
  local mutants = mutants_of(describe_all(groups, only))
  local survived = 0
  print "Mutants"
  for _, mutant in ipairs(mutants) do
    if not is_noticed(mutant, groups) then
      survived = survived + 1
      print("  noticed by no spec: " .. mutant.name)
    end
  end
  print(("  %d mutants, %d noticed, %d not"):format(#mutants, #mutants - survived, survived))
  return survived
end


local function main(args)
  local options = read_options(args)
  local record = os.tmpname()
  local passed = run_busted(options, record)
  local groups = grouped(read_record(record))
  os.remove(record)
  if (options.coverage or options.mutate) and #groups == 0 then
    print "The specs asked nothing through sockguard.testing."
    os.exit(1)
  end
  if options.coverage and cover(groups, options.only) < (options.fail_under or 0) then
    print(("  that is under %g %%"):format(options.fail_under))
    passed = false
  end
  if options.mutate and mutate(groups, options.only) > 0 then
    passed = false
  end
  os.exit(passed and 0 or 1)
end


main(arg)

-- engine.command: what an exec runs, and the templates that admit it.
--
-- The engine takes Cmd as a list, or as one string that it splits at white space without
-- any quoting. What it holds later is an entry point and arguments.
local record = require "core.record"
local shape = require "core.shape"

local command = {}


--- The reading `argv` of an exec create: a list of tokens, or nil.
command.created = record.reading {
  name = "argv", surface = "exec_create", from = { "Cmd" },
  read = function(cmd)
    if type(cmd) == "string" then
      return text.fields(cmd)
    end
    return cmd
  end,
}


--- The reading `argv` of an exec start, from what the engine holds.
command.held = record.reading {
  name = "argv", surface = "exec_start",
  from = { "exec.ProcessConfig.entrypoint", "exec.ProcessConfig.arguments" },
  read = function(entrypoint, arguments)
    local argv = {}
    if entrypoint and entrypoint ~= "" then
      argv[1] = entrypoint
    end
    for _, argument in ipairs(arguments or {}) do
      argv[#argv + 1] = argument
    end
    return argv
  end,
}


-- A token without a star is compared as it is.
local function compile_token(token)
  return text.find(token, "*") and text.glob(token) or token
end


local function valid(templates)
  for i, template in ipairs(templates) do
    if #template == 0 then
      return nil, "entry " .. i .. " has no words"
    end
    for _, token in ipairs(template) do
      if text.trim(token) == "" then
        return nil, "entry " .. i .. " has a blank word"
      end
    end
  end
  return true
end


local function compile(templates)
  local out = {}
  for _, template in ipairs(templates) do
    local tokens = {}
    for i, token in ipairs(template) do
      tokens[i] = compile_token(token)
    end
    if #tokens > 0 then
      out[#out + 1] = tokens
    end
  end
  return out
end


--- The setting allowed_commands: lists of words, where * stands for anything but a slash and
-- ** for anything.
function command.shape()
  return shape.lists {
    expect = "a list of commands, each a list of words", valid = valid, compile = compile,
  }
end


local function matches(argv, template)
  if #argv ~= #template then
    return false
  end
  for i, token in ipairs(template) do
    local same
    if type(token) == "string" then
      same = argv[i] == token
    else
      same = text.matches(token, argv[i])
    end
    if not same then
      return false
    end
  end
  return true
end


--- True when one of the compiled templates fits the whole of argv.
function command.is_allowed(argv, templates)
  for _, template in ipairs(templates) do
    if matches(argv, template) then
      return true
    end
  end
  return false
end


return command

-- support.attack_file: reads test/attacks (its README.md has the meaning of every key).
local cjson = require "cjson"
local uv = require "luv"
local base64 = require "support.base64"

local attack_file = {}


--- All entries of a folder in the order of its files, each with its class (the file that it is
-- in), and the classes.
function attack_file.entries(dir)
  local classes = {}
  for name in uv.fs_scandir_next, assert(uv.fs_scandir(dir)) do
    classes[#classes + 1] = name:match("^(.*)%.jsonl$")
  end
  table.sort(classes)
  local entries = {}
  for _, class in ipairs(classes) do
    for line in io.lines(dir .. "/" .. class .. ".jsonl") do
      local entry = cjson.decode(line)
      entry.class = class
      entries[#entries + 1] = entry
    end
  end
  return entries, classes
end


--- The bytes that a step sends, once; nil when it sends none.
function attack_file.bytes(step)
  return step.send or (step.send_b64 and base64.decode(step.send_b64))
end


return attack_file

-- walk_e2e: the newcomer's walk of docs/lua.md, each of its commands, in an empty folder.
local process = require "support.process"
local proxy = require "support.proxy"
local scratch = require "support.scratch"

local CAUGHT = "expected the request to be denied by acme.registry, but it is:\nALLOW"


local function commands()
  local file = assert(io.open "docs/lua.md")
  local walk = file:read("a"):match "## From nothing to a tested rule(.-)\n## The record"
  file:close()
  local out = {}
  for block in walk:gmatch "```sh\n(.-)```" do
    out[#out + 1] = block
  end
  return out
end


describe("the walk of docs/lua.md", function()
  it("works as written, and its last command catches the mistake", function()
    local folder = scratch.new()
    local path = proxy.program():match "^(.*)/"
    if path:sub(1, 1) ~= "/" then
      path = os.getenv "PWD" .. "/" .. path
    end
    local blocks = commands()
    assert.is_true(#blocks >= 5)
    for i, block in ipairs(blocks) do
      local code, output, problems = process.run("/bin/sh", {
        args = { "-e", "-c", block }, dir = folder, ms = 60000,
        env = { "PATH=" .. path .. ":" .. os.getenv "PATH" },
      })
      local said = output .. problems
      if i < #blocks then
        assert.equal(0, code, block .. said)
      else
        assert.equal(1, code, said)
        assert.is_truthy(said:find(CAUGHT, 1, true), said)
      end
    end
    scratch.remove(folder)
  end)
end)

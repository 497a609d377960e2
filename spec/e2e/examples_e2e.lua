-- examples_e2e: the specs of examples/rules and of the presets, by `sockguard test`.
local process = require "support.process"
local proxy = require "support.proxy"
local scratch = require "support.scratch"


local function test(args, env)
  local all = { "test" }
  for _, arg in ipairs(args) do
    all[#all + 1] = arg
  end
  local list = { "PATH=" .. os.getenv "PATH" }
  for name, value in pairs(env or {}) do
    list[#list + 1] = name .. "=" .. value
  end
  local code, output, problems = process.run(proxy.program(), {
    args = all, env = list, ms = 300000,
  })
  return code, output .. problems
end


describe("sockguard test", function()
  it("passes the examples, of which nothing could be taken away unnoticed", function()
    local code, output = test { "-c", "examples/rules/site.yaml", "examples/rules", "--only",
                                "site.", "--coverage", "--fail-under", "100", "--mutate" }
    assert.equal(0, code, output)
    assert.matches("100.0 %% of both sides seen", output)
    assert.matches(", 0 not", output)
  end)

  it("sees every check and setting of the presets on both sides", function()
    local code, output = test({ "test/presets", "--coverage", "--fail-under", "100" },
      { LUA_PATH = os.getenv "LUA_PATH", LUA_CPATH = os.getenv "LUA_CPATH" })
    assert.equal(0, code, output)
  end)

  it("runs the examples that rules have, and says which one is wrong", function()
    local folder = scratch.new()
    local function write(name, text)
      local file = assert(io.open(folder .. "/" .. name, "w"))
      file:write(text)
      file:close()
    end
    write("site.yaml", "lua: { rules: [rule.lua] }\nrules:\n"
      .. "  - match: { method: '*', path: '/**' }\n    action: allow\n")
    write("rule.lua", [[
      return {
        id = "acme.label", title = "t", reason = "r", fix = "f", surface = "container_create",
        reads = { "Labels" }, always = true,
        check = function(_, _, labels) return not labels and "no label" or nil end,
        allows = { { body = { Labels = { a = "b" } } }, { body = { Image = "a" } } },
        denies = { { body = { Image = "a" } } },
      }]])
    local code, output = test { "-c", folder .. "/site.yaml", folder, "--output", "TAP" }
    scratch.remove(folder)
    assert.equal(1, code, output)
    output = "\n" .. output
    assert.matches("\nok %d+ %- a rule of the configuration: acme%.label allows its example 1",
                   output)
    assert.matches("\nnot ok %d+ %- .*: acme%.label allows its example 2", output)
    assert.matches("\nok %d+ %- .*: acme%.label denies its example 1", output)
    assert.matches("not to be denied by acme%.label", output)
  end)

  it("prints for machines", function()
    local args = { "-c", "examples/rules/site.yaml", "examples/rules", "--output" }
    local _, tap = test { args[1], args[2], args[3], args[4], "TAP" }
    assert.matches("1%.%.%d+", tap)
    local _, junit = test { args[1], args[2], args[3], args[4], "junit" }
    assert.matches("<testsuite", junit)
  end)

  it("fails when too little was seen, and says what", function()
    local code, output = test { "-c", "examples/rules/site.yaml", "examples/rules",
                                "--fail-under", "100" }
    assert.equal(1, code, output)
    assert.matches("never seen to deny: container_create.privileged", output)
  end)

  it("is run wrongly with a word of what is right", function()
    local code, output = test { "--unknown" }
    assert.equal(2, code)
    assert.matches("unknown option %-%-unknown", output)
    assert.matches("Example:", output)
  end)
end)

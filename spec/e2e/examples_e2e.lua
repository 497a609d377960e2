-- examples_e2e: the specs of examples/rules and of the presets, by `sockguard test`.
local process = require "support.process"
local proxy = require "support.proxy"


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

-- contract_e2e: the examples of every check once more, as whole requests through the program.
require "support.text"
local cjson = require "cjson"
local process = require "support.process"
local proxy = require "support.proxy"
local registry = require "core.registry"
local requests = require "support.requests"
local values = require "support.values"

local ALL_OPEN = { { match = { method = "*", path = "/**" }, action = "allow" } }


local function request_of(check, example)
  local config = values.settings(check, example.knobs)
  config.rules = ALL_OPEN
  local request = requests.of(check, example)
  request.config = requests.encode(config)
  return request
end


local function ask(list)
  local lines = {}
  for i, request in ipairs(list) do
    request.id = i
    lines[i] = cjson.encode(request)
  end
  local code, text = process.run(proxy.program(), {
    args = { "check", "--batch" }, stdin = table.concat(lines, "\n") .. "\n", ms = 120000,
  })
  assert.equal(0, code, text)
  local answers = {}
  for line in text:gmatch "[^\n]+" do
    answers[#answers + 1] = cjson.decode(line)
  end
  return answers
end


describe("through the program", function()
  local examples, answers = {}, nil

  setup(function()
    local asked = {}
    for _, check in ipairs(registry.checks) do
      for _, side in ipairs { "allows", "denies" } do
        for i, example in ipairs(check[side]) do
          examples[#examples + 1] = { check = check, side = side, i = i, example = example }
          asked[#asked + 1] = request_of(check, example)
        end
      end
    end
    answers = ask(asked)
    for i, answer in ipairs(answers) do
      asked[i].facts = requests.facts(examples[i].check.surface, examples[i].example,
        answer.lookups)
    end
    answers = ask(asked)
  end)

  it("every check finds its denied examples first, and lets its allowed ones pass", function()
    assert.equal(#examples, #answers)
    for i, each in ipairs(examples) do
      local first = (answers[i].findings or {})[1]
      local name = ("%s of %s, %d: %s"):format(each.side, each.check.id, each.i,
        cjson.encode(answers[i]))
      if each.side == "allows" then
        assert.is_nil(first, name)
      else
        assert.equal(each.check.id, first and first.id, name)
      end
    end
  end)
end)

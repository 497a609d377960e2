-- contract_e2e: the examples of every check once more, as whole requests through the program.
require "support.text"
local cjson = require "cjson"
local json = require "config.json"
local process = require "support.process"
local proxy = require "support.proxy"
local record = require "core.record"
local registry = require "core.registry"
local values = require "support.values"

local TARGETS = {
  container_create = "/v1.41/containers/create", container_update = "/v1.41/containers/x/update",
  container_top = "/v1.41/containers/x/top", exec_create = "/v1.41/containers/x/exec",
  exec_start = "/v1.41/exec/x/start", image_pull = "/v1.41/images/create",
}
local NO_MEMBERS = "NO MEMBERS"
local ALL_OPEN = { rules = { { match = { method = "*", path = "/**" }, action = "allow" } } }


-- As JSON with exact integers, in which an empty table is an object, but for the one that says
-- no items.
local function encode(value)
  local function copy(item)
    if type(item) ~= "table" then
      return item
    elseif item ~= record.NO_ITEMS and next(item) == nil then
      return NO_MEMBERS
    end
    local out = {}
    for name, inner in pairs(item) do
      out[name] = copy(inner)
    end
    return out
  end
  return (json(copy(value)):gsub('"' .. NO_MEMBERS .. '"', "{}"))
end


local function escape(text)
  return (text:gsub("[^%w]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end


local function target_of(surface, query)
  local pairs_of = {}
  for name, value in pairs(query or {}) do
    pairs_of[#pairs_of + 1] = name .. "=" .. escape(value)
  end
  table.sort(pairs_of)
  return TARGETS[surface] .. (#pairs_of > 0 and "?" .. table.concat(pairs_of, "&") or "")
end


local function request_of(check, example)
  local config = values.settings(check, example.knobs)
  config.rules = ALL_OPEN.rules
  local headers = { ["Content-Type"] = example.body and "application/json" }
  for name, value in pairs(example.header or {}) do
    headers[name] = value
  end
  return {
    method = check.surface == "container_top" and "GET" or "POST",
    target = target_of(check.surface, example.query), headers = headers,
    body_raw = example.body and encode(example.body), config = encode(config),
  }
end


-- Which fact of the surface a look-up is for.
local function fact_named(surface, lookup)
  for _, fact in ipairs(require("schema." .. surface).facts or {}) do
    local before, after = fact.path:match "^(.*){id}(.*)$"
    if lookup:sub(1, #before) == before and lookup:sub(#lookup - #after + 1) == after then
      return fact.name
    end
  end
end


-- The engine's answers to the look-ups: of what the body names each one in turn, of the path's
-- object the one there is. What no example speaks of does not exist.
local function facts_of(surface, example, lookups)
  local facts, taken = {}, {}
  for _, lookup in ipairs(lookups) do
    local name = fact_named(surface, lookup)
    local answer = (example.facts or {})[name]
    if answer and answer[1] then
      taken[name] = (taken[name] or 0) + 1
      answer = answer[taken[name]]
    end
    facts["GET " .. lookup] = { status = answer and 200 or 404, body = encode(answer or {}) }
  end
  return facts
end


local function ask(requests)
  local lines = {}
  for i, request in ipairs(requests) do
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
    local requests = {}
    for _, check in ipairs(registry.checks) do
      for _, side in ipairs { "allows", "denies" } do
        for i, example in ipairs(check[side]) do
          examples[#examples + 1] = { check = check, side = side, i = i, example = example }
          requests[#requests + 1] = request_of(check, example)
        end
      end
    end
    answers = ask(requests)
    for i, answer in ipairs(answers) do
      requests[i].facts = facts_of(examples[i].check.surface, examples[i].example,
        answer.lookups)
    end
    answers = ask(requests)
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

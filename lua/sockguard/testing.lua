-- sockguard.testing: what specs of rules and of a configuration are written with.
--
--   local sockguard = require "sockguard.testing"
--   local policy = sockguard.load "site.yaml"
--
--   it("keeps images to our registry", function()
--     policy:allows(sockguard.create { Image = "registry.acme.example/app@sha256:..." })
--     policy:denies(sockguard.create { Image = "nginx" }, "acme.registry")
--   end)
--
-- It asks the program itself (`sockguard check --batch`), so what is tested is what serves. The
-- program is `sockguard` on the PATH, or what the variable SOCKGUARD names. Needs lua-cjson.
local cjson = require "cjson"
local json = require "sockguard.json"

local sockguard = {}

--- Stands for a member that is to be left out of a compliant body.
sockguard.NONE = setmetatable({}, { __name = "NONE" })

--- A list, also when it is empty: sockguard.list {}.
sockguard.list = json.list

-- A container that keeps to every control of cis-docker-benchmark.
local COMPLIANT = {
  Image = "alpine",
  HostConfig = {
    ReadonlyRootfs = true, Memory = 268435456, NanoCpus = 500000000, CpuShares = 512,
    PidsLimit = 100, CapDrop = { "ALL" }, SecurityOpt = { "no-new-privileges:true" },
  },
}


local function merged(base, changes)
  local out = {}
  for name, value in pairs(base) do
    out[name] = value
  end
  for name, value in pairs(changes or {}) do
    local both = type(value) == "table" and type(out[name]) == "table" and #value == 0
      and #out[name] == 0 and getmetatable(value) == nil
    if value == sockguard.NONE then
      out[name] = nil
    elseif both then
      out[name] = merged(out[name], value)
    else
      out[name] = value
    end
  end
  return out
end


local function escape(text)
  return (tostring(text):gsub("[^%w%-._~]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end


local function target_of(path, query)
  local out = {}
  for name, value in pairs(query or {}) do
    out[#out + 1] = escape(name) .. "=" .. escape(value)
  end
  table.sort(out)
  return path .. (#out > 0 and "?" .. table.concat(out, "&") or "")
end


--- Any request. fields: method, path, query (name to value), headers, body (a table, or text),
-- client ({ uid, gid, pid } or { ip }), facts (what the engine would answer: "GET /volumes/x" to a
-- table, or false for 404).
function sockguard.request(fields)
  local facts = {}
  for name, answer in pairs(fields.facts or {}) do
    facts[name] = { status = answer and 200 or 404, body = json.encode(answer or {}) }
  end
  return {
    method = fields.method or "GET", target = target_of(fields.path, fields.query),
    headers = fields.headers or {}, client = fields.client, facts = facts,
    body_raw = type(fields.body) == "table" and json.encode(fields.body) or fields.body,
  }
end


local function request(method, path, body, options)
  local fields = merged(options or {}, { method = method, path = path })
  fields.body = body
  return sockguard.request(fields)
end


--- A container create that keeps to every control of cis-docker-benchmark, but for changes (members
-- of the body; sockguard.NONE takes one away). options: as for request, but method, path and body.
function sockguard.create(changes, options)
  return request("POST", "/v1.41/containers/create", merged(COMPLIANT, changes), options)
end


--- A container create with just this body.
function sockguard.raw_create(body, options)
  return request("POST", "/v1.41/containers/create", body, options)
end


--- A change of the container `id`.
function sockguard.update(id, changes, options)
  return request("POST", "/v1.41/containers/" .. id .. "/update", changes, options)
end


--- An exec in the container `id`.
function sockguard.exec(id, body, options)
  return request("POST", "/v1.41/containers/" .. id .. "/exec", body, options)
end


--- The start of the exec `id`.
function sockguard.exec_start(id, body, options)
  return request("POST", "/v1.41/exec/" .. id .. "/start", body, options)
end


--- A pull of an image.
function sockguard.pull(image, tag, options)
  return request("POST", "/v1.41/images/create", nil,
    merged(options or {}, { query = { fromImage = image, tag = tag } }))
end


--- A request of a path alone.
function sockguard.get(path, options)
  return request("GET", path, nil, options)
end


--- The same with DELETE.
function sockguard.delete(path, options)
  return request("DELETE", path, nil, options)
end


--- Container creates as real clients wrote them, by a part of the client's name ("docker CLI 28";
-- nil: all): a list of requests, each with its `client_name`. They keep to a preset (default:
-- cis-docker-benchmark).
function sockguard.recorded(client, preset)
  local out = {}
  local folder = package.searchpath("sockguard.testing", package.path):match "^(.*/)"
  for line in io.lines(folder .. "recorded.jsonl") do
    local record = cjson.decode(line)
    if record.preset == (preset or "cis-docker-benchmark")
       and (not client or record.client:find(client, 1, true)) then
      out[#out + 1] = {
        method = "POST", target = record.target, body_raw = record.body, facts = {},
        headers = { ["Content-Type"] = record.content_type }, client_name = record.client,
      }
    end
  end
  return out
end


local Policy = {}
Policy.__index = Policy


local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end


local function program()
  return quote(os.getenv "SOCKGUARD" or "sockguard")
end


-- Runs it with text as its input. Returns what it prints, complaints included.
local function run(command, input)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(input)
  file:close()
  local pipe = assert(io.popen(command .. " <" .. quote(name) .. " 2>&1"))
  local output = pipe:read "a"
  pipe:close()
  os.remove(name)
  return output
end


--- Many requests at once: `lines` as `sockguard check --help` describes them. Returns the answers.
function sockguard.ask(config, lines)
  local texts = {}
  for i, line in ipairs(lines) do
    texts[i] = json.encode(line)
  end
  local output = run(program() .. " check --batch" .. (config and " -c " .. quote(config) or ""),
    table.concat(texts, "\n") .. "\n")
  local answers = {}
  for line in output:gmatch "[^\n]+" do
    local ok, answer = pcall(cjson.decode, line)
    if not ok or not answer.verdict then
      error(ok and answer.error or output, 0)
    end
    answers[#answers + 1] = answer
  end
  return answers
end


--- The policy of a configuration file (default: the one that `sockguard test -c` names), with the
-- variables of env. Raises what the program says of it, if it would not start.
function sockguard.load(path, env)
  local config = path or os.getenv "SOCKGUARD_TEST_CONFIG"
  local self = setmetatable({ config = config, env = env }, Policy)
  local answer = sockguard.ask(config, { { id = 1, env = env } })[1]
  if answer.verdict == "config_error" then
    error(answer.error, 2)
  end
  return self
end


local function record(policy, asked, expect, by)
  local name = os.getenv "SOCKGUARD_TEST_RECORD"
  if name then
    local file = assert(io.open(name, "a"))
    file:write(json.encode {
      config = policy.config, env = policy.env, request = asked, expect = expect, by = by,
    }, "\n")
    file:close()
  end
end


-- One line of a request for the batch.
local function line_of(policy, asked)
  local line = merged(asked, { id = 1, env = policy.env })
  line.client_name = nil
  return line
end


--- What the policy says of a request: `verdict`, `reason`, `findings`, `lookups` ...
function Policy:ask(asked)
  return sockguard.ask(self.config, { line_of(self, asked) })[1]
end


local function explanation(policy, asked)
  local command = { program(), "explain", quote(asked.method), quote(asked.target) }
  if policy.config then
    command[#command + 1] = "-c " .. quote(policy.config)
  end
  for name, value in pairs(asked.headers) do
    command[#command + 1] = "-H " .. quote(name .. ": " .. value)
  end
  if asked.body_raw then
    command[#command + 1] = "--body -"
  end
  return run(table.concat(command, " "), asked.body_raw or "")
end


-- A failure, not an error, where busted is there to tell the difference.
local function fail(message)
  local ok, luassert = pcall(require, "luassert")
  if ok then
    luassert(false, message)
  end
  error(message, 0)
end


local function is_found(answer, by)
  if answer.check == by or answer.reason_code == by then
    return true
  end
  for _, finding in ipairs(answer.findings or {}) do
    if finding.id == by or finding.check == by or finding.knob == by then
      return true
    end
  end
  return false
end


--- Whether an answer is what was expected: "allow", or "deny" by a check, rule, setting or reason
-- code (nil: by any).
function sockguard.is_as_expected(answer, expect, by)
  return answer.verdict == expect and (expect == "allow" or by == nil or is_found(answer, by))
end


function Policy:expect(asked, expect, by)
  record(self, line_of(self, asked), expect, by)
  local answer = self:ask(asked)
  if not sockguard.is_as_expected(answer, expect, by) then
    fail(("expected the request to be %s%s, but it is:\n%s"):format(
      expect == "allow" and "allowed" or "denied", by and " by " .. by or "",
      explanation(self, asked)))
  end
  return answer
end


--- The request is allowed.
function Policy:allows(asked)
  return self:expect(asked, "allow")
end


--- The request is denied, by the check, rule, setting or reason code that is named, if one is.
function Policy:denies(asked, by)
  return self:expect(asked, "deny", by)
end


--- The policy does not deny the request by the rule or check that is named, whatever else it says.
function Policy:passes(asked, by)
  local answer = self:ask(asked)
  if answer.verdict == "allow" then
    record(self, line_of(self, asked), "allow")
  elseif is_found(answer, by) or #(answer.findings or {}) == 0 then
    fail(("expected the request to be judged, and not to be denied by %s, but it is:\n%s"):format(
      by, explanation(self, asked)))
  end
  return answer
end


local BUILDERS = {
  container_create = sockguard.create,
  container_update = function(body, options)
    return sockguard.update("example", body, options)
  end,
  exec_create = function(body, options)
    return sockguard.exec("example", body, options)
  end,
  exec_start = function(body, options)
    return sockguard.exec_start("example", body, options)
  end,
}


-- The request that an example of a rule stands for.
local function example_of(surface, example)
  if example.path then
    return sockguard.request(example)
  elseif surface == "image_pull" then
    return request("POST", "/v1.41/images/create", nil, example)
  elseif not BUILDERS[surface] then
    error("an example of a rule about " .. (surface or "a path") .. " needs a `path`", 0)
  end
  return BUILDERS[surface](example.body, example)
end


--- One `it` for each of the `allows` and `denies` of the rules in force.
function Policy:examples()
  local busted = require "busted"
  local described = sockguard.ask(self.config, { { id = 1, env = self.env } })[1]
  for _, check in ipairs(described.checks) do
    local examples = check.active and check.examples or {}
    for i, example in ipairs(examples.allows or {}) do
      busted.it(("%s allows its example %d"):format(check.id, i), function()
        self:passes(example_of(examples.surface, example), check.id)
      end)
    end
    for i, example in ipairs(examples.denies or {}) do
      busted.it(("%s denies its example %d"):format(check.id, i), function()
        self:denies(example_of(examples.surface, example), check.id)
      end)
    end
  end
end


--- One `it` for each row of a list: { "what it is", request, "allow" } or
-- { "what it is", request, "deny", by }.
function Policy:cases(rows)
  local busted = require "busted"
  for _, row in ipairs(rows) do
    busted.it(row[1], function()
      self:expect(row[2], row[3], row[4])
    end)
  end
end


return sockguard

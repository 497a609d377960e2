-- rules_e2e: operators' rules and waivers through the program: what they may say and do, and what
-- refuses to start.
require "support.text"
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"
local process = require "support.process"
local proxy = require "support.proxy"
local scratch = require "support.scratch"
local uv = require "luv"
local wait = require "support.wait"

local ABOUT = "title = 'x', reason = 'x', fix = 'x', "
local folder


-- A configuration with one rule file of that text.
local function config(rule, values)
  scratch.write(folder .. "/rule.lua", rule)
  return house.EVERYTHING .. ("lua: { rules: [%s/rule.lua], allow_waivers: true, values: {%s} }\n")
    :format(folder, values or "")
end


local function ask(text, fields)
  local line = { id = 1, config = text, method = "POST", target = "/v1.41/containers/create",
                 body = { Image = "nginx", Labels = { team = "web" } } }
  for name, value in pairs(fields or {}) do
    line[name] = value
  end
  local code, output = process.run(proxy.program(), {
    args = { "check", "--batch" }, stdin = cjson.encode(line) .. "\n",
  })
  assert.equal(0, code, output)
  return cjson.decode(output)
end


-- What the rule file is refused with.
local function refusal(rule, values)
  local answer = ask(config(rule, values))
  assert.equal("config_error", answer.verdict, rule)
  return (answer.error:gsub(folder:gsub("%p", "%%%0"), "DIR"))
end


local function rule(fields)
  return "return { id = 'x.y', " .. ABOUT .. fields .. " }"
end


setup(function()
  folder = scratch.new()
end)

teardown(function()
  scratch.remove(folder)
end)


describe("a rule file refuses to start, by place and field, when", function()
  local CHECK = "check = function() end"
  for what, each in pairs {
    ["it is no Lua"] = { "return {", "DIR/rule.lua:1:" },
    ["it fails"] = { "\nerror 'no'", "DIR/rule.lua:2: no" },
    ["it returns nothing"] = { "local x = 1", "a rule file returns a record" },
    ["an id is missing"] = { "return { " .. ABOUT .. CHECK .. " }", "has no `id`" },
    ["an id is odd"] = { "return { id = 'a b', surface = 'build', " .. ABOUT .. CHECK .. "}",
                         "`id` must be of at most 64" },
    ["an id is a check's"] = {
      "return { id = 'container_create.privileged', surface = 'build', " .. ABOUT .. CHECK .. "}",
      "the id is taken by a check of this program" },
    ["a field is unknown"] = { rule("chek = 1, surface = 'build', " .. CHECK),
                               "unknown field `chek`" },
    ["a field is of another type"] = { rule("surface = 5, " .. CHECK),
                                       "`surface` must be a string, and is a number" },
    ["there is no function"] = { rule "surface = 'build'", "has no `check`" },
    ["nothing says what it is about"] = { rule(CHECK), "needs either `surface` or `path`" },
    ["two things say what it is about"] = { rule("surface = 'build', path = '/x', " .. CHECK),
                                            "needs either `surface` or `path`" },
    ["a surface is unknown"] = { rule("surface = 'bild', " .. CHECK), "none named \"bild\"" },
    ["a method is unknown"] = { rule("method = 'FETCH', path = '/x', " .. CHECK),
                                "\"FETCH\" is no method" },
    ["it reads a member that is none"] = {
      rule("surface = 'container_create', reads = { 'HostConfig.Memry' }, " .. CHECK),
      "`reads`: HostConfig.Memry is no member of the create body" },
    ["it reads a body that nothing reads"] = {
      rule("surface = 'build', reads = { 'x' }, " .. CHECK),
      "this version does not read the body of build" },
    ["a record has a metatable"] = {
      "return setmetatable({ id = 'x' }, {})", "returns a record, or a list of records" },
    ["it counts"] = {
      "local n = 0\nreturn { id = 'x.y', surface = 'build', " .. ABOUT
        .. "check = function()\nn = n + 1 end }",
      "DIR/rule.lua:2: the function that begins here assigns to 'n'" },
    ["it keeps an object"] = {
      "local o = setmetatable({}, { __index = function() end })\n"
        .. rule "surface = 'build', check = function() return o.x end",
      "holds a table with a metatable" },
    ["it writes a global"] = { "x = 1", "write to a global: 'x'" },
    ["a waiver waives nothing that is"] = {
      "return { id = 'w', waives = { 'no.such' }, when = function() end, reason = 'x', "
        .. "approved_by = 'x', expires = '2030-01-01' }", "\"no.such\" is no check" },
    ["a waiver has no such day"] = {
      "return { id = 'w', waives = { 'x' }, when = function() end, reason = 'x', "
        .. "approved_by = 'x', expires = '2030-02-30' }", "`expires` must be a day" },
  } do
    it(what, function()
      local said = refusal(each[1])
      assert.is_truthy(said:find(each[2], 1, true), said)
      assert.is_truthy(said:find("DIR/rule.lua:%d+:"), said)
    end)
  end

  it("its value is of another kind, by the line of the configuration", function()
    local said = refusal("local shape = require 'core.shape' "
      .. rule("surface = 'build', value = shape.count(1, 1), " .. CHECK), " x.y: many ")
    assert.matches("config:%d+: lua.values.x.y: is of another kind; expected a whole number", said)
  end)

  it("it is not there", function()
    local answer = ask(house.EVERYTHING .. "lua: { rules: [" .. folder .. "/none.lua] }\n")
    assert.matches("lua.rules: .*/none.lua: No such file", answer.error)
  end)

  it("it never ends", function()
    assert.matches("loading took more than 200 ms", refusal "while true do end")
  end)
end)


describe("a rule", function()
  local function found(fields, request, values)
    local answer = ask(config(rule(fields), values), request)
    local finding = (answer.findings or {})[1]
    return finding and finding.found or answer.verdict .. " " .. answer.reason
  end

  it("is told what it reads, after its value", function()
    assert.equal("web 7 nginx", found([[surface = 'container_create',
      reads = { 'Labels', 'Image', 'HostConfig.Memory' },
      value = require('core.shape').count(7, 1), check = function(_, n, labels, image, memory)
        return labels.team .. " " .. n .. " " .. image .. (memory or "") end]]))
  end)

  it("sees members by their names, and records that are not there", function()
    assert.equal("nil web nil", found [[surface = 'container_create',
      reads = { 'HostConfig.RestartPolicy.Name', 'Labels', 'HostConfig.Memory' },
      check = function(req) return tostring(req.body.HostConfig.Memory) .. " "
        .. req.body.Labels.team .. " " .. tostring(req.body.HostConfig.RestartPolicy.Name) end]])
  end)

  it("sees the whole body", function()
    assert.equal("nginx web sh", found([[surface = 'container_create', reads = "all",
      check = function(req, _, all) return req.body.Image .. " " .. all.Labels.team .. " "
        .. all.Cmd[1] end]], { body = { Image = "nginx", Labels = { team = "web" },
                                        Cmd = { "sh" } } }))
  end)

  it("reads what a check reads more of, or less", function()
    assert.equal("always 2", found([[surface = 'container_create',
      reads = { 'HostConfig' }, check = function(req, _, host)
        return host.RestartPolicy.Name .. " " .. req.body.HostConfig.RestartPolicy.MaximumRetryCount
      end]],
      { body = { HostConfig = { RestartPolicy = { Name = "always", MaximumRetryCount = 2 } } } }))
  end)

  it("sees the request", function()
    assert.equal("POST /containers/create 1.41 create web (hidden) 7 container_create false",
      found([[surface = 'container_create', check = function(req)
        return table.concat({ req.method, req.path, req.version, req.parts[2], req.query.name,
          req.headers["x-registry-auth"], req.client.uid, req.surface,
          tostring(req.settings.request_body.container_create.allow_privileged) }, " ") end]],
        { target = "/v1.41/containers/create?name=web&name=other", client = { uid = 7 },
          headers = { ["X-Registry-Auth"] = "secret" } }))
  end)

  it("reads nothing that it does not name", function()
    assert.matches("rule x.y failed: .*'Image' is not in the rule's `reads`",
      found [[surface = 'container_create', check = function(req) return req.body.Image end]])
  end)

  it("is about any path, and a surface that nothing judges", function()
    assert.equal("GET json", found([[path = "/containers/**", method = "GET, HEAD",
      check = function(req) return req.method .. " " .. req.parts[2] end]],
      { method = "GET", target = "/containers/json", body = cjson.null }))
    assert.equal("no volumes", found([[surface = "volume",
      check = function() return "no volumes" end]], { target = "/v1.41/volumes/create" }))
  end)

  it("cannot allow what a check denies", function()
    local answer = ask(config(rule "surface = 'container_create', check = function() end"),
      { body = { HostConfig = { Privileged = true } } })
    assert.equal("container_create.privileged", answer.findings[1].id)
  end)

  it("finds in clean words, cut to size", function()
    local said = found [[surface = 'container_create',
      check = function() return "a\nb\27[2J\255" .. ("x"):rep(60000) end]]
    assert.equal("a?b?[2J?", said:sub(1, 8))
    assert.is_true(#said < 200)
  end)
end)


describe("a waiver", function()
  local function waiver(expires, more)
    return "return { id = 'w', waives = { 'container_create.privileged' }, when = function(req) "
      .. "return req.query.name == 'old' end, reason = 'x', approved_by = 'x', expires = '"
      .. expires .. "'" .. (more or "") .. " }"
  end
  local OLD = { target = "/v1.41/containers/create?name=old",
                body = { HostConfig = { Privileged = true } } }

  it("lifts what it names, and is named", function()
    local answer = ask(config(waiver "2999-12-31"), OLD)
    assert.equal("allow", answer.verdict)
    assert.equal("w", answer.waivers)
  end)

  it("lifts nothing else, and nothing for others", function()
    local body = { HostConfig = { Privileged = true, PidMode = "host" } }
    local answer = ask(config(waiver "2999-12-31"), { target = OLD.target, body = body })
    assert.equal("container_create.host_pid", answer.findings[1].id)
    assert.equal("deny", ask(config(waiver "2999-12-31"), { body = OLD.body }).verdict)
  end)

  it("has ended after its last day", function()
    assert.equal("deny", ask(config(waiver(os.date("!%Y-%m-%d", os.time() - 86400))), OLD).verdict)
    assert.equal("allow", ask(config(waiver(os.date "!%Y-%m-%d")), OLD).verdict)
  end)

  it("is off unless it is switched on", function()
    local text = config(waiver "2999-12-31"):gsub("allow_waivers: true", "allow_waivers: false")
    assert.equal("deny", ask(text, OLD).verdict)
  end)

  it("lifts no ambiguity", function()
    local answer = ask(config(waiver "2999-12-31"), { target = OLD.target,
      body = cjson.null, body_raw = '{"HostConfig":{"Privileged":true,"privileged":true}}' })
    assert.equal("request_body_ambiguous", answer.reason_code)
  end)
end)


-- Several requests to one policy, as a proxy has one.
local function ask_all(text, list)
  local lines = {}
  for i, fields in ipairs(list) do
    local line = { id = i, config = text, method = "POST", target = "/v1.41/containers/create" }
    for name, value in pairs(fields) do
      line[name] = value
    end
    lines[i] = cjson.encode(line)
  end
  local code, output = process.run(proxy.program(), {
    args = { "check", "--batch" }, stdin = table.concat(lines, "\n") .. "\n",
  })
  assert.equal(0, code, output)
  local out = {}
  for line in output:gmatch "[^\n]+" do
    out[#out + 1] = cjson.decode(line)
  end
  return out
end


describe("between requests and rules", function()
  it("a waiver is asked about its own surface only, and of no other request", function()
    local answers = ask_all(config [[return {
      { id = 'x.freeze', title = 't', reason = 'r', fix = 'f', path = '/**',
        method = 'POST, DELETE', check = function() return 'frozen' end },
      { id = 'x.backup', waives = { 'x.freeze' }, surface = 'container_create',
        reads = { 'Image' }, reason = 'r', approved_by = 'a', expires = '2999-12-31',
        when = function(req) return req.body.Image == 'backup' end } }]], {
      { body = { Image = "backup" } },
      { method = "DELETE", target = "/v1.41/containers/x" },
      { target = "/v1.41/containers/create" },
      { body = { Image = "other" } },
    })
    assert.equal("allow", answers[1].verdict)
    for i = 2, 4 do
      assert.equal("deny", answers[i].verdict, i)
    end
  end)

  it("nothing that is unpacked can be written", function()
    local text = config([[return {
      { id = 'x.writes', title = 't', reason = 'r', fix = 'f', surface = 'container_create',
        reads = { 'volumes_used' }, check = function(req)
          local use = table.unpack(req.readings.volumes_used.uses.v)
          use.read_only = true end } }]]) .. "request_body: { container_create: "
      .. "{ allowed_bind_mounts: ['/srv:/x:ro'] } }\n"
    local answer = ask_all(text, { { body = { Image = "a", HostConfig = { Binds = { "v:/x" } } },
      facts = { ["GET /volumes/v"] = { status = 200, body = cjson.encode {
        Name = "v", Driver = "local",
        Options = { type = "none", o = "bind", device = "/srv" } } } } } })[1]
    assert.equal("deny", answer.verdict)
    assert.matches("read%-only", answer.reason)
  end)

  it("no function that remembers is kept", function()
    assert.matches("holds an iterator of gmatch", refusal([[
      local it = ("xx"):gmatch "()x"
      return { id = 'x.y', title = 't', reason = 'r', fix = 'f', path = '/**',
               check = function() return tostring(it()) end }]]))
    local counting = config [[
      local shape = require "core.shape"
      local function make()
        local state = { n = 0 }
        return shape.names { normalise = function(s) state.n = state.n + 1 return s .. state.n end }
      end
      local box = make()
      return { id = 'x.y', title = 't', reason = 'r', fix = 'f', path = '/**',
               check = function() return next(box.compile { "a" }) end }]]
    local answers = ask_all(counting, { { body = {} }, { body = {} } })
    assert.equal("deny", answers[1].verdict)
    assert.equal(answers[1].reason, answers[2].reason)
  end)

  it("one rule's globs are not in another's way", function()
    local text = config [[return {
      { id = 'x.hoards', title = 't', reason = 'r', fix = 'f', path = '/**', check = function(req)
          if req.query.x then
            pcall(function() for _ = 1, 1e4 do text.glob(("*a"):rep(500)) end end)
          end end },
      { id = 'x.other', title = 't', reason = 'r', fix = 'f', path = '/**', check = function(req)
          return text.matches(text.glob "/containers/**", req.path) and "found" or nil end } }]]
    local answers = ask_all(text, { { body = {}, target = "/v1.41/containers/create?x=1" },
                                    { body = {} } })
    assert.equal("found", answers[2].findings[1].found)
  end)

  it("a list with a gap, a value of no rule and a waiver of no surface are refused", function()
    assert.matches("without gaps", refusal(rule
      "surface = 'container_create', reads = { 'Image', nil, 'Env' }, check = function() end"))
    assert.matches("there is no rule of that id", refusal(rule
      "path = '/**', check = function() end", "x.typo: 1"))
    assert.matches("there is none named", refusal [[return { id = 'w.x', waives = {
      'container_create.privileged' }, surface = 'container_creat', reason = 'r',
      approved_by = 'a', expires = '2999-12-31', when = function() return true end }]])
    assert.matches("must be a shape", refusal(rule
      "path = '/**', value = { a = require('core.shape').text }, check = function() end"))
  end)

  it("a waiver that fails is named", function()
    local answer = ask(config [[return { id = 'w.x', waives = { 'container_create.privileged' },
      reason = 'r', approved_by = 'a', expires = '2999-12-31', when = function() end }]],
      { body = { HostConfig = { Privileged = true } } })
    assert.equal("policy_fault", answer.reason_code)
    assert.matches("waiver w.x", answer.reason)
  end)
end)


describe("a proxy with a hostile rule", function()
  local h

  setup(function()
    h = house.start { config = config(rule [[surface = 'container_create',
      check = function(req) while req.query.name == "loop" do end print("hello\nworld") end]]) }
  end)

  teardown(function()
    h:stop()
  end)

  local function create(name)
    return http.request(h.address, { method = "POST", ms = 5000,
      target = "/v1.41/containers/create?name=" .. name,
      headers = { { "Content-Type", "application/json" } }, body = "{}" })
  end

  local function p99(between)
    local took = {}
    for i = 1, 1000 do
      if between and i % 250 == 0 then
        between()
      end
      local start = uv.hrtime() / 1e9
      assert.equal(200, http.request(h.address, { target = "/_ping" }).status)
      took[i] = uv.hrtime() / 1e9 - start
    end
    table.sort(took)
    return took[990]
  end

  it("denies, and says which rule keeps failing", function()
    for _ = 1, 10 * (tonumber(os.getenv "TEST_WORKERS") or 1) do -- each worker counts its own
      assert.equal(403, create("loop").status)
    end
    assert.is_truthy(wait.until_true(function()
      return h.guard:log_text():find "rule_keeps_failing"
    end, 3000))
    assert.matches('"in_a_row":10', h.guard:log_text())
  end)

  it("judges the next request as ever, and logs what rules print in one line", function()
    assert.equal(201, create("fine").status)
    assert.is_truthy(wait.until_true(function()
      return h.guard:log_text():find('"text":"hello?world"', 1, true)
    end, 3000))
  end)

  it("answers what the rule does not touch as fast as before", function()
    local before = p99()
    local after = p99(function()
      create "loop"
    end)
    assert.is_true(after < 3 * before + 0.005, ("p99 %f s, then %f s"):format(before, after))
  end)
end)

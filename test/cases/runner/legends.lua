-- runner.legends: the three forms that cases are written in, each turned into one request
-- (or one configuration) and one expectation.
--
-- A record with `config` is in the form of the platform specification, one with `query` in
-- that of the surfaces, any other in that of the inspection; test/cases/README.md has the
-- members of each.
--
-- A turned case: { id, surface, record, kind, config, env, method, target, headers, body,
-- raw, facts, expect, unfit }. kind is "request", "config" (is it accepted?) or "start" (the
-- same, the start-up guards included). config is YAML text, headers and facts are JSON text,
-- body and raw are bytes. unfit names why the case cannot be driven here.
--
-- expect: { verdict = "allow" | "deny" | "accepted" | "refused", and what else must hold:
-- status, check, code, rule, reason, normalized, matched, words, absent, reply, keys,
-- forward, lookups, stage, mentions, warns, settings; also = other verdicts that the case
-- calls acceptable }.
local cjson = require "cjson"
local raw = require "runner.raw"

local legends = {}

local ACKNOWLEDGED = { '"insecure_allow_body_blind_writes": true',
                       '"insecure_allow_read_exfiltration": true' }

-- What an inspection case without rules of its own may do.
local DEFAULT_RULES = {}
for _, path in ipairs {
  "/containers/create", "/containers/*/update", "/containers/*/exec", "/exec/*/start",
  "/libpod/containers/*/exec", "/libpod/exec/*/start", "/services/create", "/services/*/update",
} do
  DEFAULT_RULES[#DEFAULT_RULES + 1] = { method = "POST", path = path, action = "allow" }
end

local ANYTHING = { { method = "*", path = "/**", action = "allow" } }


local function rules_member(rules)
  local list = {}
  for _, rule in ipairs(rules) do
    local match = ('{"method": %s, "path": %s}'):format(raw.quote(rule.method),
                                                        raw.quote(rule.path))
    list[#list + 1] = ('{"match": %s, "action": %s, "reason": %s}')
      :format(match, raw.quote(rule.action), raw.quote(rule.reason or ""))
  end
  return '"rules": [' .. table.concat(list, ", ") .. "]"
end


-- A body that is described: a prefix, something repeated or nested, a suffix.
local function generate(g)
  local prefix, suffix = g.prefix or "", g.suffix or ""
  if g.open then
    return prefix .. g.open:rep(g.depth) .. (g.inner or "") .. g.close:rep(g.depth) .. suffix
  end
  local unit = type(g["repeat"]) == "table" and g["repeat"].text or g["repeat"]
  local count = g.count or (type(g["repeat"]) == "table" and g["repeat"].count)
    or (g.total - #prefix - #suffix) // #unit
  return prefix .. unit:rep(count) .. suffix
end


-- bytes, why they cannot be made
local function body_of(record, parts)
  if record.body_b64 then
    return require("support.base64").decode(record.body_b64)
  elseif record.body_gen then
    return generate(record.body_gen)
  elseif type(record.body_raw) == "table" then
    local text = record.body_raw["repeat"]
    if type(text) ~= "table" or not text.text then
      return nil, "a body of bytes that the runner cannot make"
    end
    return generate(record.body_raw)
  end
  return record.body_raw or parts.body or ""
end


local function headers_of(record, parts)
  local chunked = record.body_gen and record.body_gen.framing == "chunked"
  return raw.extend(parts.headers or "{}", chunked and { '"Transfer-Encoding": "chunked"' } or {})
end


-- The engine's answer to one look-up, as the program takes it.
local function fact(text)
  local members = raw.members(text)
  local fault = members.error and cjson.decode("[" .. members.error .. "]")[1]
  if fault == "bad_json" then
    return '{"status": 200, "body": "{"}'
  elseif fault then
    return '{"error": ' .. members.error .. "}"
  end
  local rest = {}
  for name, value in pairs(members) do
    if name ~= "status" then
      rest[#rest + 1] = raw.quote(name) .. ": " .. value
    end
  end
  return ('{"status": %s, "body": {%s}}'):format(members.status or "200", table.concat(rest, ", "))
end


-- `GET /exec/{id}/json` stands for the id in the case's own path.
local function facts_of(record, parts)
  if not parts.upstream then
    return nil
  end
  local id = record.path:match("/([^/?]+)/start") or record.path:match("/([^/?]+)/[^/]*$") or ""
  local list = {}
  for request, answer in pairs(raw.members(parts.upstream)) do
    local name = request:gsub("{id}", (id:gsub("%%", "%%%%")))
    list[#list + 1] = raw.quote(name) .. ": " .. fact(answer)
  end
  return "{" .. table.concat(list, ", ") .. "}"
end


-- A policy of a client: its mode softens what it denies.
local function profile_members(mode, members)
  local profile = raw.extend('{"name": "case", "mode": ' .. raw.quote(mode) .. "}", members)
  return { '"clients": {"default_profile": "case", "profiles": [' .. profile .. "]}" }
end


local STATUS = { deny = 403, reject_400 = 400, reject_409 = 409, reject_413 = 413,
                 reject_502 = 502 }

-- Reasons that are no check's.
local REASONS = {
  ["rule.no_match"] = { code = "no_matching_allow_rule" },
  ["rule.deny"] = { code = "matched_deny_rule" },
  ["http.bad_target"] = { code = "malformed_target" },
}


local function inspection_expect(record)
  local expect = { also = {} }
  for _, word in ipairs(record.also_ok or {}) do
    expect.also[word] = true
  end
  if record.expect == "config_ok" or record.expect == "config_error" then
    expect.verdict = record.expect == "config_ok" and "accepted" or "refused"
    return expect
  end
  expect.verdict = STATUS[record.expect] and "deny" or record.expect
  expect.status = STATUS[record.expect]
  if expect.verdict == "deny" and record.reason then
    local special = REASONS[record.reason]
    expect.code = special and special.code
    expect.check = not special and record.reason or nil
  end
  expect.words = record.reason_arg and { record.reason_arg }
  expect.absent = record.must_not_contain
  expect.keys = record.reply_keys
  expect.forward = expect.verdict == "allow" and record.forward == "raw"
  expect.lookups = record.expect_no_lookup and 0 or nil
  return expect
end


local function inspection(record, parts)
  local rules = rules_member(record.rules or DEFAULT_RULES)
  local case = { kind = "request", expect = inspection_expect(record) }
  local members = { rules }
  if record.rollout then
    members = profile_members(record.rollout, members)
  end
  case.config = raw.extend(parts.knobs, members)
  if record.surface == "config_validation" then
    -- Without rules the case is about the settings alone.
    case.kind = record.rules and "start" or "config"
    return case
  end
  case.method, case.target = record.method, record.path
  case.headers = headers_of(record, parts)
  case.body, case.unfit = body_of(record, parts)
  case.facts = facts_of(record, parts)
  case.unfit = case.unfit or (record.slow_body and "a body that stalls")
    or (record.body_error and "a body that breaks off")
  return case
end


local function surfaces_expect(record)
  local given = record.hardening or record.expect
  local expect = { verdict = given.verdict, also = {} }
  if not record.hardening then
    expect.status, expect.code = given.status, given.reason_code
    expect.check = given.deny and given.deny.check
    expect.words = given.deny and given.deny.args
    expect.forward = given.forward == "unchanged"
  end
  return expect
end


local function surfaces(record, parts)
  local case = { kind = "request", method = record.method }
  case.target = record.path .. (record.query ~= "" and "?" .. record.query or "")
  local body_groups, members = {}, {}
  for name, text in pairs(raw.members(parts.knobs)) do
    local list = name == "ownership" and members or body_groups
    list[#list + 1] = raw.quote(name) .. ": " .. text
  end
  members[#members + 1] = '"request_body": {' .. table.concat(body_groups, ", ") .. "}"
  members[#members + 1] = rules_member(ANYTHING)
  if record.scope == "profile" or record.profile_mode then
    members = profile_members(record.profile_mode or "enforce", members)
  end
  case.config = raw.extend("{}", members)
  case.headers = headers_of(record, parts)
  case.body, case.unfit = body_of(record, parts)
  case.facts = facts_of(record, parts)
  case.unfit = case.unfit or (record.raw_wire and "a body that is not as long as announced")
  case.expect = surfaces_expect(record)
  return case
end


local function start_expect(given)
  local expect = { verdict = given.start == "refuse" and "refused" or "accepted", also = {} }
  expect.stage, expect.mentions, expect.warns = given.stage, given.mentions, given.warns
  for _, exposed in ipairs(given.exposed or {}) do
    expect.mentions = expect.mentions or {}
    table.insert(expect.mentions, exposed)
  end
  expect.settings = {}
  for key, value in pairs(given) do
    if key:find(".", 1, true) then
      expect.settings[key] = value
    end
  end
  expect.default_rules = given.effective_rules == "defaults"
  return expect
end


-- The cases about bytes on the wire describe them in words; these are the bytes.
local WIRE = {
  ["http-pri"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ["http-http2-get"] = "GET /_ping HTTP/2.0\r\nHost: docker\r\n\r\n",
  ["http-te-unknown"] = "POST /x HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: gzip\r\n\r\n",
  ["http-cl-te"] = "POST /x HTTP/1.1\r\nHost: docker\r\nContent-Length: 5\r\n"
    .. "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ["http-abs-form"] = "GET http://docker/_ping HTTP/1.1\r\nHost: docker\r\n\r\n",
}


local platform = {}


function platform.config(record, case)
  case.kind, case.config, case.env = "config", record.config, case.parts.env
  case.expect = start_expect(record.expect)
end


platform.env = platform.config


local GUARDS = {
  body_blind = "insecure_allow_body_blind_writes", read_exfil = "insecure_allow_read_exfiltration",
  buildkit_tunnel = "insecure_accept_opaque_buildkit_tunnels",
}


function platform.startup_guard(record, case)
  record.expect.mentions = { GUARDS[record.expect.guard] }
  platform.config(record, case)
  case.kind = "start"
end


function platform.normalize(record, case)
  case.method = "GET"
  case.target = raw.percent(record.path)
  case.expect.normalized = record.expect.normalized
end


function platform.normalize_wire(record, case)
  case.expect.normalized = record.expect.normalized
end


function platform.glob(record, case)
  case.target = raw.percent(record.path)
  case.config = raw.extend("{}", { rules_member(record.config) })
  case.expect.matched = record.expect.match
end


function platform.rules(record, case)
  local given = record.expect
  local members = { rules_member(record.config), table.unpack(ACKNOWLEDGED) }
  case.config = raw.extend("{}", members)
  case.expect = { verdict = given.decision, rule = given.rule_index, code = given.reason_code,
                  normalized = given.normalized, reason = given.reason, also = {} }
end


function platform.deny_body(record, case)
  case.config = record.config
  case.expect = { verdict = "deny", status = record.expect.status, reply = record.expect.body,
                  also = {} }
end


function platform.http(record, case)
  case.raw = WIRE[record.id]
  local status = record.expect.status or tonumber(record.expect.result:match("^%d+"))
  case.expect = { verdict = status == 200 and "allow" or status and "deny", status = status,
                  also = {} }
  if record.expect.result and record.expect.result:find("400 is acceptable", 1, true) then
    case.expect.verdict, case.expect.also = "allow", { reject_400 = true }
  end
  if not case.raw and type(record.method) ~= "string" then
    case.unfit = "bytes that are described in words"
  end
end


local function platform_case(record, parts)
  local turn = platform[record.surface]
  local case = { kind = "request", parts = parts, expect = { also = {} } }
  case.method, case.target = record.method, record.path
  case.config = raw.extend("{}", { rules_member(ANYTHING) })
  if type(case.target) == "string" then
    case.headers = headers_of(record, parts)
    case.body, case.unfit = body_of(record, parts)
  end
  if turn then
    turn(record, case)
  else
    case.unfit = "cases of " .. record.surface
  end
  return case
end


--- The case in one line of a file. unseen: set of the cases' surfaces that `check` does not
-- show.
function legends.read(line, unseen)
  local record, parts = cjson.decode(line), raw.members(line)
  if unseen[record.surface] then
    return { id = record.id, surface = record.surface, record = record, expect = {},
             unfit = "cases of " .. record.surface }
  end
  local turn = inspection
  if parts.config then
    turn = platform_case
  elseif parts.query then
    turn = surfaces
  end
  local case = turn(record, parts)
  case.id, case.surface, case.record = record.id, record.surface, record
  return case
end


return legends

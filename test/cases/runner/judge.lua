-- runner.judge: what was answered against what a case expects.
local cjson = require "cjson"
local base64 = require "support.base64"

local judge = {}

-- What a verbose denial has beyond the members that the specification names.
local OURS = { knob = true, cis = true, bench = true, fix = true }


local function show(value)
  if type(value) == "table" then
    return cjson.encode(value)
  elseif type(value) == "number" then
    return ("%.14g"):format(value)
  end
  return tostring(value)
end


local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end


local function found_texts(answer)
  local texts = { answer.reason or "" }
  for _, finding in ipairs(answer.findings or {}) do
    texts[#texts + 1] = finding.found
  end
  return table.concat(texts, "\n")
end


local function missing_word(words, text)
  for _, word in ipairs(words or {}) do
    if not text:find(word, 1, true) then
      return word
    end
  end
end


-- Members that are compared one to one: of the expectation, of the answer.
local PLAIN = {
  { "status", "status" }, { "code", "reason_code" }, { "check", "check" }, { "rule", "rule" },
  { "reason", "reason" }, { "normalized", "normalized_path" },
}


local function plain_difference(expect, answer)
  if expect.verdict and expect.verdict ~= answer.verdict then
    return expect.verdict .. (expect.check and " by " .. expect.check or ""),
      answer.verdict .. " by " .. tostring(answer.check or answer.reason_code)
  end
  for _, pair in ipairs(PLAIN) do
    local want, got = expect[pair[1]], answer[pair[2]]
    if want ~= nil and want ~= got then
      return pair[1] .. " " .. show(want), show(got)
    end
  end
end


local function reply_difference(expect, answer)
  if not expect.reply and not expect.keys then
    return nil
  end
  local reply = answer.reply or {}
  for name, value in pairs(expect.reply or {}) do
    if reply[name] ~= value then
      return "reply with " .. name .. " " .. show(value), show(reply[name])
    end
  end
  local named = {}
  for _, name in ipairs(expect.keys or {}) do
    named[name] = true
    if reply[name] == nil then
      return "reply with " .. name, "none"
    end
  end
  for name in pairs(expect.reply or {}) do
    named[name] = true
  end
  for name in pairs(reply) do
    if not named[name] and not (named.reason and OURS[name]) then
      return "reply without " .. name, show(reply[name])
    end
  end
end


local function forward_difference(case, answer)
  local bytes = base64.decode(answer.forward_b64 or "")
  local body = bytes:match("\r\n\r\n(.*)$")
  if body ~= case.body then
    return "the body forwarded as it is", body and #body .. " other bytes" or "nothing forwarded"
  end
end


local function request_difference(case, answer, line)
  local expect = case.expect
  local want, got = plain_difference(expect, answer)
  if want then
    return want, got
  end
  if expect.matched ~= nil and expect.matched ~= (answer.rule == 0) then
    return "match " .. show(expect.matched), "rule " .. show(answer.rule)
  end
  if expect.lookups and #(answer.lookups or {}) ~= expect.lookups then
    return expect.lookups .. " look-ups", show(answer.lookups)
  end
  local word = missing_word(expect.words, found_texts(answer))
  if word then
    return "a finding that names " .. word, found_texts(answer)
  end
  for _, secret in ipairs(expect.absent or {}) do
    if line:find(secret, 1, true) then
      return "an answer without " .. secret, line
    end
  end
  want, got = reply_difference(expect, answer)
  if not want and expect.forward then
    want, got = forward_difference(case, answer)
  end
  return want, got
end


-- What holds where nobody wrote rules, as `action method path`.
local DEFAULT_RULES = {
  "allow GET /_ping", "allow HEAD /_ping", "allow GET /version", "allow GET /events", "deny * /**",
}


local function rule_lines(settings)
  local lines = {}
  for _, rule in ipairs(settings and settings.rules or {}) do
    lines[#lines + 1] = rule.action .. " " .. rule.match.method .. " " .. rule.match.path
  end
  return lines
end


local function config_difference(case, answer)
  local expect = case.expect
  local verdict = answer.verdict == "config_error" and "refused" or "accepted"
  if verdict ~= expect.verdict then
    return expect.verdict, verdict .. ": " .. tostring(answer.error)
  end
  if expect.stage and expect.stage ~= answer.start_stage then
    return "refused by " .. expect.stage, answer.start_stage .. ": " .. answer.error
  end
  local word = missing_word(expect.mentions, answer.error or "")
  if word then
    return "a report that names " .. word, answer.error
  end
  if expect.warns and #(answer.warnings or {}) == 0 then
    return "a warning", "none"
  end
  if expect.default_rules and not same(DEFAULT_RULES, rule_lines(answer.settings)) then
    return "the default rules", show(rule_lines(answer.settings))
  end
  for key, value in pairs(expect.settings or {}) do
    if not same(value, (answer.settings or {})[key]) then
      return key .. " = " .. show(value), show((answer.settings or {})[key])
    end
  end
end


--- What was expected and what came instead, in words; nil when the answer is right.
-- line: the answer as it was printed.
function judge.difference(case, answer, line)
  if answer.error and not answer.verdict then
    return "an answer", answer.error
  end
  if case.kind == "request" then
    return request_difference(case, answer, line)
  end
  return config_difference(case, answer)
end


local NOT_BUILT = "known, but this version does not have it yet"


-- The settings that one fault of a report names as not built.
local function unbuilt_key(fault)
  if not fault:find(NOT_BUILT, 1, true) then
    return nil
  elseif fault:find("environment ", 1, true) then
    return "compat"
  end
  local before = fault:match("^(.-): " .. NOT_BUILT) or fault:match("^(.-): [^:]*" .. NOT_BUILT)
  return before and before:match("([%w_.%[%]]+)$") or "?"
end


--- Splits a report: the settings that it refuses because they are not built, and what else
-- it says, which is "" when those are all.
function judge.split_report(report)
  local keys, rest, is_fault = {}, {}, false
  for line in report:gmatch("[^\n]+") do
    local key = unbuilt_key(line)
    if key then
      keys[#keys + 1] = key
    else
      rest[#rest + 1] = line
      is_fault = is_fault or line:find("^ *%- ") ~= nil
    end
  end
  return keys, (is_fault or #keys == 0) and table.concat(rest, "\n") or ""
end


--- True when the case itself calls this answer acceptable.
function judge.is_also_fine(case, answer)
  if answer.verdict ~= "deny" then
    return false
  end
  local also = case.expect.also
  return also[("reject_%d"):format(answer.status)] == true
    or (also.deny == true and answer.status == 403)
end


--- True when the answer refuses what the case lets through, or refuses for another reason.
function judge.is_no_softer(case, answer)
  return answer.verdict == "config_error" or (case.kind == "request" and answer.verdict == "deny")
end


return judge

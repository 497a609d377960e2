-- config.rules: the rule list as written, or the one that holds without any.
local rules = {
  COUNT_MAX = 4096,
  PATTERN_MAX = 1024,
  CATCH_ALL_REASON = "no matching allow rule",
}

-- Liveness and version only: what a client needs to find out that it may do nothing else.
local DEFAULTS = {
  { methods = "GET", path = "/_ping", allow = true, reason = "" },
  { methods = "HEAD", path = "/_ping", allow = true, reason = "" },
  { methods = "GET", path = "/version", allow = true, reason = "" },
  { methods = "GET", path = "/events", allow = true, reason = "" },
  { methods = "*", path = "/**", allow = false, reason = rules.CATCH_ALL_REASON },
}

local METHODS = {
  GET = true, HEAD = true, POST = true, PUT = true, DELETE = true, PATCH = true,
  OPTIONS = true, CONNECT = true, TRACE = true,
}


local function fault(report, i, field, what, expect)
  report:fault {
    key = "rules[" .. i - 1 .. "]." .. field, label = "rule " .. i .. ": " .. field,
    what = what, expect = expect,
  }
end


local function check_path(report, i, path)
  if not path or path == "" then
    fault(report, i, "match.path", "is missing", "a path pattern such as /containers/*/json")
  elseif path:find("%", 1, true) then
    fault(report, i, "match.path", "holds a % sign", "the path as decoded")
  elseif #path > rules.PATTERN_MAX then
    fault(report, i, "match.path", "is longer than " .. rules.PATTERN_MAX .. " bytes",
          "a shorter pattern")
  end
end


local function check_rule(report, i, rule)
  local match = rule.match or {}
  if not match.method or match.method == "" then
    fault(report, i, "match.method", "is missing", "a method, several with commas, or *")
  end
  check_path(report, i, match.path)
  if rule.action ~= "allow" and rule.action ~= "deny" then
    fault(report, i, "action", rule.action and "is " .. text.quote(rule.action) or "is missing",
          "allow or deny")
  end
end


-- Rules that can never match anything: said, not refused.
local function warn_dead(report, i, rule)
  local place = (report:place("rules[" .. i - 1 .. "]") or "rules") .. ": rule " .. i .. ": "
  if rule.path:match("^/v%d+%.?%d*%.?%d*/") then
    report:warn(place .. rule.path .. " begins with a version; paths are matched without it, "
                .. "so this rule matches nothing")
  elseif rule.path ~= "/" and not rule.path:find("*", 1, true)
         and (rule.path:match("/$") or not rule.path:match("^/")) then
    report:warn(place .. rule.path .. " is no path as a request has it (no slash in front, or "
                .. "one at the end), so this rule matches nothing")
  end
  for _, method in ipairs(text.split(rule.methods, ",")) do
    local name = text.upper(text.trim(method))
    if name ~= "" and name ~= "*" and not METHODS[name] then
      report:warn(place .. name .. " is a method that is always refused")
    end
  end
end


local function written(settings)
  local out = {}
  for i, rule in ipairs(settings.values.rules) do
    local match = rule.match or {}
    check_rule(settings.report, i, rule)
    out[i] = {
      methods = match.method or "", path = match.path or "", allow = rule.action == "allow",
      reason = rule.reason or "",
    }
    warn_dead(settings.report, i, out[i])
  end
  return out
end


--- The rules for C: { methods, path, allow, reason }. An absent or empty list is the
-- default one.
function rules.judge(settings)
  local list = settings.values.rules
  if list == nil or #list == 0 then
    return DEFAULTS
  elseif #list > rules.COUNT_MAX then
    settings.report:fault { key = "rules", what = "has " .. #list .. " entries",
                            expect = "at most " .. rules.COUNT_MAX }
    return {}
  end
  return written(settings)
end


--- Whether a list says just what the default one says, wherever it is from.
function rules.are_default(list)
  if #list ~= #DEFAULTS then
    return false
  end
  for i, rule in ipairs(list) do
    for field, value in pairs(DEFAULTS[i]) do
      if rule[field] ~= value then
        return false
      end
    end
  end
  return true
end


return rules

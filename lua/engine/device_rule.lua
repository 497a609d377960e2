-- engine.device_rule: DeviceCgroupRules, as the kernel's device cgroup reads them:
-- `type major:minor access`.
local shape = require "core.shape"

local device_rule = {}

local TYPES = { a = true, b = true, c = true }


local function is_number(part)
  return part == "*" or text.digits(part)
end


-- rwm in this order, each once; nil when there is another letter or none.
local function access_of(letters)
  local has = {}
  for i = 1, #letters do
    has[string.sub(letters, i, i)] = true
  end
  local known = (has.r and "r" or "") .. (has.w and "w" or "") .. (has.m and "m" or "")
  for letter in pairs(has) do
    if not text.find("rwm", letter) then
      return nil
    end
  end
  return known ~= "" and known or nil
end


--- { kind, major, minor, access }, or nil when the rule cannot be read.
function device_rule.parse(rule)
  local parts = text.fields(rule)
  if #parts ~= 3 or not TYPES[parts[1]] then
    return nil
  end
  local major, minor = text.cut(parts[2], ":")
  local access = access_of(parts[3])
  if not minor or not is_number(major) or not is_number(minor) or not access then
    return nil
  end
  return { kind = parts[1], major = major, minor = minor, access = access }
end


local function covers(allowed, asked)
  return allowed == "*" or allowed == asked
end


--- True when an entry of the list admits the rule. Access must be the same: a part of what
-- is listed is another rule.
function device_rule.is_allowed(rule, entries)
  for _, entry in ipairs(entries) do
    if entry.kind == rule.kind and entry.access == rule.access
        and covers(entry.major, rule.major) and covers(entry.minor, rule.minor) then
      return true
    end
  end
  return false
end


--- The setting allowed_device_cgroup_rules. What cannot be read is dropped, as the reference
-- does.
function device_rule.shape()
  return shape.entries {
    expect = "a list of rules such as \"c 226:* rwm\"",
    compile = function(entries)
      local out = {}
      for _, entry in ipairs(entries) do
        out[#out + 1] = device_rule.parse(entry)
      end
      return out
    end,
  }
end


return device_rule

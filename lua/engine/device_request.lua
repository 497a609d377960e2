-- engine.device_request: DeviceRequests (GPUs and the like) and the list that admits them.
--
-- Capabilities is a list of alternatives, each a list that must hold together. Count is a
-- number of devices, -1 for all; DeviceIDs name single ones instead and count as many.
local shape = require "core.shape"

local device_request = {}


-- { [name] = true } of the trimmed, lower-cased, non-blank names; whether there are any.
local function name_set(names)
  local set, any = {}, false
  for _, name in ipairs(names) do
    local clean = text.lower(text.trim(name))
    if clean ~= "" then
      set[clean], any = true, true
    end
  end
  return set, any
end


local function is_subset(set, of)
  for name in pairs(set) do
    if not of[name] then
      return false
    end
  end
  return true
end


local function covered(set, allowed)
  for _, candidate in ipairs(allowed) do
    if is_subset(set, candidate) then
      return true
    end
  end
  return false
end


local function count_fits(request, most)
  local count = request.Count or 0
  if not most then
    return true
  end
  if count == -1 or most == -1 then
    return count == most
  end
  return count >= 0 and count <= most and #(request.DeviceIDs or {}) <= most
end


local function capabilities_fit(request, allowed)
  local any_set = false
  for _, names in ipairs(request.Capabilities or {}) do
    local set, any = name_set(names)
    if any then
      any_set = true
      if not covered(set, allowed) then
        return false
      end
    end
  end
  return any_set or #allowed == 0
end


--- True when an entry of the compiled list admits the request.
function device_request.is_allowed(request, driver, entries)
  for _, entry in ipairs(entries) do
    if driver == entry.driver and count_fits(request, entry.max_count)
        and capabilities_fit(request, entry.capabilities) then
      return true
    end
  end
  return false
end


local function compile(entries)
  local out = {}
  for _, entry in ipairs(entries) do
    local driver = text.lower(text.trim(entry.driver or ""))
    if driver ~= "" then
      local sets = {}
      for _, names in ipairs(entry.allowed_capabilities or {}) do
        sets[#sets + 1] = name_set(names)
      end
      out[#out + 1] = { driver = driver, capabilities = sets, max_count = entry.max_count }
    end
  end
  return out
end


local function valid_entry(entry)
  if text.trim(entry.driver or "") == "" then
    return nil, "has no driver"
  end
  for _, names in ipairs(entry.allowed_capabilities or {}) do
    if #names == 0 then
      return nil, "has an empty capability set"
    end
  end
  if entry.max_count and entry.max_count < -1 then
    return nil, "has a max_count below -1"
  end
  return true
end


--- The setting allowed_device_requests.
function device_request.shape()
  return shape.records {
    expect = "a list of { driver, allowed_capabilities, max_count }",
    fields = {
      driver = shape.text(), allowed_capabilities = shape.lists {
        expect = "a list of lists of capabilities",
      },
      max_count = shape.count(nil, -1),
    },
    valid = function(entries)
      for i, entry in ipairs(entries) do
        local ok, why = valid_entry(entry)
        if not ok then
          return nil, "entry " .. i .. " " .. why
        end
      end
      return true
    end,
    compile = compile,
  }
end


return device_request

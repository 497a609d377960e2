-- knobs.container_devices: the ways to a device that are not HostConfig.Devices.
local device_request = require "engine.device_request"
local device_rule = require "engine.device_rule"
local example = require "core.example"
local record = require "core.record"
local shape = require "core.shape"

local SURFACE = "container_create"


local function device_requests(requests, knobs)
  local allowed = knobs.allowed_device_requests
  if #requests > 0 and #allowed == 0 then
    return "device requests are not allowed (HostConfig.DeviceRequests)", "cc.devreq_none"
  end
  for i, request in ipairs(requests) do
    local driver = text.lower(text.trim(request.Driver or ""))
    if driver == "" then
      return "device request " .. i .. " names no driver", "cc.devreq_empty_driver"
    end
    if not device_request.is_allowed(request, driver, allowed) then
      return "device request " .. i .. " (driver " .. text.quote(request.Driver)
        .. ") is not in allowed_device_requests"
    end
  end
end


local function device_cgroup_rules(rules, knobs)
  local allowed = knobs.allowed_device_cgroup_rules
  if #rules > 0 and #allowed == 0 then
    return "device cgroup rules are not allowed (HostConfig.DeviceCgroupRules)", "cc.cgrule_none"
  end
  for _, entry in ipairs(rules) do
    local rule = device_rule.parse(entry)
    if not rule then
      return "device cgroup rule " .. text.quote(entry) .. " cannot be read", "cc.cgrule_malformed"
    end
    if not device_rule.is_allowed(rule, allowed) then
      return "device cgroup rule " .. text.quote(entry) .. " is not in allowed_device_cgroup_rules"
    end
  end
end


local GPU = { { driver = "nvidia", allowed_capabilities = { { "gpu", "utility" } },
                max_count = 1 } }

local checks = {
  record.check {
    id = "container_create.device_requests", code = "cc.devreq_not_allowed", surface = SURFACE,
    order = 19,
    controls = { { cis = "5.17", bench = "5.18" } },
    title = "Only listed device requests",
    reads = { "HostConfig.DeviceRequests" },
    knobs = { allow_device_requests = shape.flag(false),
              allowed_device_requests = device_request.shape() },
    knob = "allowed_device_requests",
    active = record.unless "allow_device_requests", check = device_requests,
    reason = "a device driver puts host devices and files into the container",
    fix = "drop --gpus, or have the request listed",
    allows = { example.create { DeviceRequests = record.NO_ITEMS },
               example.create({ DeviceRequests = {
                 { Driver = "nvidia", Count = 1, Capabilities = { { "gpu" } } } } },
                 { allowed_device_requests = GPU }) },
    denies = { example.create { DeviceRequests = { { Count = -1, Capabilities = { { "gpu" } } } } },
               example.create({ DeviceRequests = {
                 { Driver = "nvidia", Count = -5, Capabilities = { { "gpu" } } } } },
                 { allowed_device_requests = GPU }),
               example.create({ DeviceRequests = {
                 { Driver = "nvidia", DeviceIDs = { "0", "1" }, Capabilities = { { "gpu" } } } } },
                 { allowed_device_requests = GPU }) },
  },
  record.check {
    id = "container_create.device_cgroup_rules", code = "cc.cgrule_not_allowed", surface = SURFACE,
    order = 20,
    controls = { { cis = "5.17", bench = "5.18" } },
    title = "Only listed device cgroup rules",
    reads = { "HostConfig.DeviceCgroupRules" },
    knobs = { allow_device_cgroup_rules = shape.flag(false),
              allowed_device_cgroup_rules = device_rule.shape() },
    knob = "allowed_device_cgroup_rules",
    active = record.unless "allow_device_cgroup_rules", check = device_cgroup_rules,
    reason = "a rule opens a device of the host that the container can then make for itself",
    fix = "drop --device-cgroup-rule, or have the rule listed",
    allows = { example.create { DeviceCgroupRules = record.NO_ITEMS },
               example.create({ DeviceCgroupRules = { "c 226:128 mrw" } },
                 { allowed_device_cgroup_rules = { "c 226:* rwm" } }) },
    denies = { example.create { DeviceCgroupRules = { "a *:* rwm" } },
               example.create({ DeviceCgroupRules = { "c 226:128 rwx" } },
                 { allowed_device_cgroup_rules = { "c 226:* rwm" } }),
               example.create({ DeviceCgroupRules = { "c 1:1 rwm" } },
                 { allowed_device_cgroup_rules = { "c 226:* rwm" } }) },
  },
}

return { checks = checks }

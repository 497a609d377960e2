-- knobs.container_update: what may change on a container that exists, and which limits must
-- still hold afterwards.
local example = require "core.example"
local limits = require "engine.limits"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"

local SURFACE = "container_update"

local LIMITS = { "memory", "cpu", "cpu_hard", "pids" }
local NUMBERS = { "Memory", "NanoCpus", "CpuQuota", "CpuPeriod", "CpuShares", "PidsLimit" }


-- The first of the names that the body gives: at its root, or in a wrapper of a create body.
local function given(body, names)
  local host = body.HostConfig or nil
  for _, group in ipairs { body, host or false, body.Resources or false,
                           host and host.Resources or false } do
    for _, name in ipairs(group and names or {}) do
      if group[name] ~= nil then
        return name
      end
    end
  end
end


-- A check that finds any of the names. fields: what a record has beside that.
local function no_change(fields, names)
  local list = text.fields(names)
  fields.surface = SURFACE
  fields.reads = { "body" }
  fields.active = record.unless(fields.knob)
  fields.knobs = { [fields.knob] = shape.flag(false) }
  fields.check = function(body)
    local name = given(body, list)
    if name then
      return "changing " .. name .. " is not allowed"
    end
  end
  return record.check(fields)
end


local function guard_knobs()
  local knobs = { allow_resource_updates = shape.flag(false) }
  for _, limit in ipairs(LIMITS) do
    local name = limit == "cpu_hard" and "require_cpu_limit_hard" or "require_" .. limit .. "_limit"
    knobs[name] = shape.flag(false)
  end
  return knobs
end


-- Whoever may change limits must leave those in force that are required.
local function is_guarding(knobs)
  return knobs.allow_resource_updates
    and (knobs.require_memory_limit or knobs.require_cpu_limit or knobs.require_cpu_limit_hard
         or knobs.require_pids_limit)
end


local function guards(name)
  return function(knobs)
    return knobs.allow_resource_updates and knobs[name]
  end
end


local function body_required(body)
  if body == nil then
    return "the change is empty, so nothing says which limits will hold"
  end
end


local function unreadable(body)
  for _, name in ipairs(NUMBERS) do
    if body[name] == true then
      return name .. " is no 64-bit integer"
    end
  end
end


-- A limit after the change: to the engine 0, null and nothing all leave it as it is.
local function after(change, held)
  if math.type(change) == "integer" and change ~= 0 then
    return change
  end
  return held
end


local function memory(body, held)
  if not limits.memory(after(body.Memory, held)) then
    return "the container would have no memory limit"
  end
end


local function cpu(body, nano, quota, period, shares)
  if not limits.cpu_soft(after(body.NanoCpus, nano), after(body.CpuQuota, quota),
                         after(body.CpuPeriod, period), after(body.CpuShares, shares)) then
    return "the container would have no CPU limit"
  end
end


local function cpu_hard(body, nano, quota, period)
  if not limits.cpu_hard(after(body.NanoCpus, nano), after(body.CpuQuota, quota),
                         after(body.CpuPeriod, period)) then
    return "the container would have no hard CPU limit"
  end
end


-- Here 0 is a value, which lifts the limit.
local function pids(body, held)
  local change = body.PidsLimit
  if math.type(change) == "integer" then
    held = change
  end
  if not limits.pids(held) then
    return "the container would have no process limit"
  end
end


-- The settings of an example that asks for one limit.
local function asking(name)
  return { allow_resource_updates = true, [name] = true }
end


-- A check of what the change leaves. fields: knob, reads beside the body, allows, denies ...
local function keeps(fields)
  table.insert(fields.reads, 1, "body")
  fields.surface, fields.always = SURFACE, true
  fields.refusal = "resource_limit_policy_denied"
  fields.knobs = { allow_resource_updates = shape.flag(false), [fields.knob] = shape.flag(false) }
  fields.active = guards(fields.knob)
  fields.reason = "a limit that is lifted later holds nothing"
  return record.check(fields)
end


local STRICT = { allow_resource_updates = true, unknown_fields = "deny" }

local checks = {
  no_change({
    id = "container_update.privileged", code = "cu.privileged", order = 1,
    controls = { { cis = "5.4", bench = "5.5" } }, knob = "allow_privileged",
    title = "No change to privileged mode",
    reason = "a privileged container holds every capability and every device of the host",
    fix = "leave Privileged out; engines do not change it on a container that exists",
    allows = { example.update {} },
    denies = { example.update { Privileged = false },
               example.update { HostConfig = { Privileged = true } } },
  }, "Privileged"),
  no_change({
    id = "container_update.devices", code = "cu.devices", order = 2,
    controls = { { cis = "5.17", bench = "5.18" } }, knob = "allow_all_devices",
    title = "No change to devices",
    reason = "a device of the host is a way around every file permission",
    fix = "leave the devices out; create the container with those it needs",
    allows = { example.update({ Devices = record.NO_ITEMS }, { allow_all_devices = true }) },
    denies = { example.update { DeviceCgroupRules = { "a *:* rwm" } } },
  }, "Devices DeviceCgroupRules DeviceRequests"),
  no_change({
    id = "container_update.capabilities", code = "cu.capabilities", order = 3,
    controls = { { cis = "5.3", bench = "5.4" }, { cis = "5.25", bench = "5.26" } },
    knob = "allow_capabilities",
    title = "No change to capabilities or security options",
    reason = "they are what keeps root in a container from being root on the host",
    fix = "leave them out; create the container with those it needs",
    allows = { example.update({ CapDrop = { "ALL" } }, { allow_capabilities = true }) },
    denies = { example.update { CapAdd = { "SYS_ADMIN" } },
               example.update { SecurityOpt = record.NO_ITEMS } },
  }, "CapAdd CapDrop Capabilities NoNewPrivileges SecurityOpt"),
  no_change({
    id = "container_update.restart_policy", code = "cu.restart", order = 4,
    controls = { { cis = "5.14", bench = "5.15" } }, knob = "allow_restart_policy",
    title = "No change to the restart policy",
    reason = "a container that always restarts comes back after every stop and every crash",
    fix = "drop --restart from docker update",
    allows = { example.update({ RestartPolicy = { Name = "no" } },
                 { allow_restart_policy = true }) },
    denies = { example.update { RestartPolicy = { Name = "always" } } },
  }, "RestartPolicy"),
  no_change({
    id = "container_update.resources", code = "cu.resources", order = 5,
    controls = { { cis = "5.10", bench = "5.11" }, { cis = "5.11", bench = "5.12" },
                 { cis = "5.28", bench = "5.29" } },
    knob = "allow_resource_updates",
    title = "No change to resource limits",
    reason = "a limit that is lifted later holds nothing",
    fix = "create the container with the limits that it needs",
    allows = { example.update({ Memory = 67108864 }, { allow_resource_updates = true }) },
    denies = { example.update { Memory = 0 }, example.update { Resources = {} },
               example.update { HostConfig = { Resources = { PidsLimit = -1 } } } },
  }, [[BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeight
    BlkioWeightDevice CgroupParent CgroupnsMode CpuCount CpuPercent CpuPeriod CpuQuota
    CpuRealtimePeriod CpuRealtimeRuntime CpuShares CpusetCpus CpusetMems IOMaximumBandwidth
    IOMaximumIOps KernelMemory KernelMemoryTCP Memory MemoryReservation MemorySwap
    MemorySwappiness NanoCpus OomKillDisable PidsLimit Resources Ulimits]]),
  record.check {
    id = "container_update.limits_said", code = "rg.body_required", surface = SURFACE, order = 10,
    title = "The change says something",
    reads = { "body" }, knobs = guard_knobs(), knob = "allow_resource_updates",
    active = is_guarding, always = true, judges_empty = true, check = body_required,
    refusal = "resource_limit_request_invalid",
    reason = "what is not said cannot be judged",
    fix = "send an object with the limits to change",
    allows = { example.update({ Memory = 67108864 }, asking "require_memory_limit") },
    denies = { { knobs = asking "require_memory_limit" } },
  },
  record.check {
    id = "container_update.limits_numbers", code = "rg.undecodable", surface = SURFACE, order = 11,
    title = "Limits are numbers",
    reads = { "body" }, knobs = guard_knobs(), knob = "allow_resource_updates",
    active = is_guarding, check = unreadable, refusal = "resource_limit_request_invalid",
    reason = "the engine refuses a limit that it cannot read",
    fix = "give each limit as a whole number",
    allows = { example.update({ NanoCpus = 500000000 }, asking "require_cpu_limit") },
    denies = { example.update({ Memory = true }, asking "require_memory_limit") },
  },
  keeps {
    id = "container_update.memory_limit", code = "rg.memory", order = 12,
    controls = { { cis = "5.10", bench = "5.11" } },
    title = "Memory stays limited", knob = "require_memory_limit",
    reads = { "container.HostConfig.Memory" }, check = memory,
    fix = "add --memory to docker update",
    allows = { example.update({ CpuShares = 512 }, asking "require_memory_limit",
                 { Memory = 67108864 }),
               example.update({ Memory = 67108864 }, asking "require_memory_limit", {}) },
    denies = { example.update({ CpuShares = 512 }, asking "require_memory_limit", {}),
               example.update({ Memory = -1 }, asking "require_memory_limit",
                 { Memory = 67108864 }) },
  },
  keeps {
    id = "container_update.cpu_limit", code = "rg.cpu", order = 13,
    controls = { { cis = "5.11", bench = "5.12" } },
    title = "CPU time stays weighed or limited", knob = "require_cpu_limit",
    reads = { "container.HostConfig.NanoCpus", "container.HostConfig.CpuQuota",
              "container.HostConfig.CpuPeriod", "container.HostConfig.CpuShares" },
    check = cpu,
    fix = "add --cpus or --cpu-shares to docker update",
    allows = { example.update({ Memory = 67108864 }, asking "require_cpu_limit",
                 { CpuShares = 512 }) },
    denies = { example.update({ Memory = 67108864 }, asking "require_cpu_limit", {}) },
  },
  keeps {
    id = "container_update.cpu_limit_hard", code = "rg.cpu_hard", order = 14,
    controls = { { cis = "5.11", bench = "5.12" } },
    title = "CPU time stays limited", knob = "require_cpu_limit_hard",
    reads = { "container.HostConfig.NanoCpus", "container.HostConfig.CpuQuota",
              "container.HostConfig.CpuPeriod" },
    check = cpu_hard,
    fix = "add --cpus to docker update",
    allows = { example.update({ NanoCpus = 500000000 }, asking "require_cpu_limit_hard", {}) },
    denies = { example.update({ CpuQuota = -1 }, asking "require_cpu_limit_hard",
                 { CpuQuota = 50000 }) },
  },
  keeps {
    id = "container_update.pids_limit", code = "rg.pids", order = 15,
    controls = { { cis = "5.28", bench = "5.29" } },
    title = "Processes stay limited", knob = "require_pids_limit",
    reads = { "container.HostConfig.PidsLimit" }, check = pids,
    fix = "add --pids-limit to docker update",
    allows = { example.update({ Memory = 67108864 }, asking "require_pids_limit",
                 { PidsLimit = 100 }) },
    denies = { example.update({ PidsLimit = 0 }, asking "require_pids_limit",
                 { PidsLimit = 100 }) },
  },
  unknown.check {
    surface = SURFACE, code = "cu.unknown_field",
    allows = { example.update({ Memory = 67108864, Future = 0 }, STRICT) },
    denies = { example.update({ Future = 1 }, STRICT) },
  },
}

return { checks = checks }

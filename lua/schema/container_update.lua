-- schema.container_update: the body of POST /containers/{id}/update. The engine reads resource
-- limits and a restart policy at the root. What counts here is which members are named, there
-- and in the wrappers of a create body, whatever their values are.
local s = require "core.schema"

local NAMES = [[
  Privileged Devices DeviceCgroupRules DeviceRequests CapAdd CapDrop Capabilities
  NoNewPrivileges SecurityOpt RestartPolicy BlkioDeviceReadBps BlkioDeviceReadIOps
  BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeight BlkioWeightDevice CgroupParent
  CgroupnsMode CpuCount CpuPercent CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime
  CpuShares CpusetCpus CpusetMems IOMaximumBandwidth IOMaximumIOps KernelMemory
  KernelMemoryTCP Memory MemoryReservation MemorySwap MemorySwappiness NanoCpus
  OomKillDisable PidsLimit Ulimits
]]


-- The members that any of the wrappers may hold, and those that only this one does.
local function members(...)
  local list = { ... }
  for _, name in ipairs(text.fields(NAMES)) do
    list[#list + 1] = s.presence(name)
  end
  return list
end


local LOOSE = { loose = true }

local limits = s.record("HostConfig", {
  s.int "Memory", s.int "NanoCpus", s.int "CpuQuota", s.int "CpuPeriod", s.int "CpuShares",
  s.int "PidsLimit",
})

return {
  surface = "container_update", group = "container_update", prefix = "cu",
  subject = "container update", body_max = 1048576,
  document = s.document { name = "update body", members = members(
    s.record("Resources", members(), LOOSE),
    s.record("HostConfig", members(s.record("Resources", members(), LOOSE)), LOOSE)) },
  facts = {
    { name = "container", path = "/containers/{id}/json", code = "rg.lookup",
      refusal = "resource_limit_policy_lookup_failed",
      document = s.document { name = "container inspect", members = { limits },
                              lenient = true } },
  },
}

-- rules: 100 operators' rules for the bench, 20 of them always. What they do is what real ones do:
-- compare a text, bound a number, look into a list or a map. The 80 others read 40 members, two
-- rules each, of which create.json has 14: 28 of them run, and with the 20 that always do 48.
local shape = require "core.shape"

local pairs = pairs -- a local is cheaper than what is looked up in the sandbox

-- The first twenty are those that the rules read which always run.
local MEMBERS = text.fields [[
  Image User Labels HostConfig.Memory HostConfig.NanoCpus HostConfig.PidsLimit
  HostConfig.NetworkMode HostConfig.PidMode HostConfig.IpcMode HostConfig.UTSMode
  HostConfig.UsernsMode HostConfig.Runtime HostConfig.Binds HostConfig.CapDrop
  HostConfig.CgroupParent HostConfig.VolumeDriver MacAddress HostConfig.CpuQuota
  HostConfig.OomScoreAdj HostConfig.ReadonlyRootfs
  HostConfig.CapAdd HostConfig.SecurityOpt HostConfig.Privileged HostConfig.Devices
  HostConfig.ExtraHosts HostConfig.Sysctls HostConfig.Links Entrypoint Cmd
  HostConfig.CgroupnsMode HostConfig.CpuPeriod HostConfig.CpuShares
  HostConfig.DeviceCgroupRules HostConfig.GroupAdd HostConfig.MaskedPaths
  HostConfig.MemoryReservation HostConfig.ReadonlyPaths HostConfig.Tmpfs
  HostConfig.VolumesFrom HostConfig.Annotations ]]

local JOBS = {
  text = function(_, known, value)
    return known[value or ""] and "listed" or nil
  end,
  number = function(_, _, value)
    return value and value > 1 << 40 and "too much" or nil
  end,
  list = function(_, known, value)
    if not value then
      return nil
    end
    for i = 1, #value do
      if known[value[i]] then
        return "listed"
      end
    end
  end,
  map = function(_, known, value)
    if not value then
      return nil
    end
    for key in pairs(value) do
      if known[key] then
        return "listed"
      end
    end
  end,
}

local KINDS = {
  list = text.fields [[ Binds CapAdd CapDrop SecurityOpt Devices ExtraHosts Links
    DeviceCgroupRules GroupAdd MaskedPaths ReadonlyPaths VolumesFrom Entrypoint Cmd ]],
  map = text.fields "Labels Sysctls Tmpfs Annotations",
  number = text.fields [[ Memory NanoCpus PidsLimit CpuPeriod CpuQuota CpuShares
    MemoryReservation OomScoreAdj ]],
}


local function job_of(member)
  local name = string.match(member, "[^.]+$")
  for kind, names in pairs(KINDS) do
    for _, other in ipairs(names) do
      if other == name then
        return JOBS[kind]
      end
    end
  end
  return JOBS.text
end


local rules = {}
for i = 1, 100 do
  local member = MEMBERS[(i - 1) % #MEMBERS + 1]
  rules[i] = {
    id = "bench.rule" .. i, title = "rule " .. i, surface = "container_create",
    reads = { member }, always = i > 80, value = shape.names(), check = job_of(member),
    reason = "for the bench", fix = "none",
  }
end
return rules

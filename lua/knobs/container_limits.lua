-- knobs.container_limits: ceilings on a container's share of the host.
local example = require "core.example"
local limits = require "engine.limits"
local record = require "core.record"
local shape = require "core.shape"
local unknown = require "knobs.unknown"

local SURFACE = "container_create"
local STRICT = { unknown_fields = "deny" }


local function max_memory(bytes, knobs)
  if not limits.memory(bytes) or bytes > knobs.max_memory then
    return "memory is not limited to max_memory or less (HostConfig.Memory)"
  end
end


local function max_pids(limit, knobs)
  if not limits.pids(limit) or limit > knobs.max_pids then
    return "processes are not limited to max_pids or fewer (HostConfig.PidsLimit)"
  end
end


local function max_cpus(nano, quota, period, knobs)
  if not limits.cpus_within(nano, quota, period, knobs.max_cpus) then
    return "CPU time is not limited to max_cpus or fewer (HostConfig.NanoCpus or CpuQuota)"
  end
end


local function oom_score(score, knobs)
  if score < (knobs.min_oom_score_adj or 0) then
    return "the container would outlive others when memory is short (HostConfig.OomScoreAdj)"
  end
end


local checks = {
  record.check {
    id = "container_create.max_memory", code = "cc.max_memory", surface = SURFACE, order = 50,
    controls = { { cis = "5.10", bench = "5.11" } },
    title = "Memory stays within the site's ceiling",
    reads = { "HostConfig.Memory" },
    knobs = { max_memory = shape.count(nil, 1) },
    active = record.when "max_memory", always = true, check = max_memory,
    reason = "a limit above the machine's memory limits nothing",
    fix = "add --memory with at most the ceiling (max_memory, in bytes)",
    allows = { example.create({ Memory = 67108864 }, { max_memory = 1073741824 }) },
    denies = { example.create({}, { max_memory = 1073741824 }),
               example.create({ Memory = 2147483648 }, { max_memory = 1073741824 }) },
  },
  record.check {
    id = "container_create.max_cpus", code = "cc.max_cpus", surface = SURFACE, order = 51,
    controls = { { cis = "5.11", bench = "5.12" } },
    title = "CPU time stays within the site's ceiling",
    reads = { "HostConfig.NanoCpus", "HostConfig.CpuQuota", "HostConfig.CpuPeriod" },
    knobs = { max_cpus = shape.count(nil, 1) },
    active = record.when "max_cpus", always = true, check = max_cpus,
    reason = "a limit above the machine's CPUs limits nothing",
    fix = "add --cpus with at most the ceiling (max_cpus)",
    allows = { example.create({ NanoCpus = 2000000000 }, { max_cpus = 2 }),
               example.create({ CpuQuota = 20000, CpuPeriod = 10000 }, { max_cpus = 2 }) },
    denies = { example.create({ CpuShares = 512 }, { max_cpus = 2 }),
               example.create({ CpuQuota = 300000 }, { max_cpus = 2 }) },
  },
  record.check {
    id = "container_create.max_pids", code = "cc.max_pids", surface = SURFACE, order = 52,
    controls = { { cis = "5.28", bench = "5.29" } },
    title = "Processes stay within the site's ceiling",
    reads = { "HostConfig.PidsLimit" },
    knobs = { max_pids = shape.count(nil, 1) },
    active = record.when "max_pids", always = true, check = max_pids,
    reason = "a limit above what the host can run limits nothing",
    fix = "add --pids-limit with at most the ceiling (max_pids)",
    allows = { example.create({ PidsLimit = 100 }, { max_pids = 1000 }) },
    denies = { example.create({ PidsLimit = 0 }, { max_pids = 1000 }),
               example.create({ PidsLimit = 2000 }, { max_pids = 1000 }) },
  },
  record.check {
    id = "container_create.oom_score", code = "cc.oom_score", surface = SURFACE, order = 62,
    title = "No shelter from the out-of-memory killer",
    reads = { "HostConfig.OomScoreAdj" },
    knobs = { min_oom_score_adj = shape.count(nil, -1000), unknown_fields = unknown.shape },
    knob = "min_oom_score_adj",
    active = unknown.set_or_strict "min_oom_score_adj", check = oom_score,
    reason = "the kernel would kill other programs of the host in its place",
    fix = "drop --oom-score-adj, or raise it",
    allows = { example.create({ OomScoreAdj = 500 }, STRICT),
               example.create({ OomScoreAdj = -100 }, { min_oom_score_adj = -100 }) },
    denies = { example.create({ OomScoreAdj = -1 }, STRICT),
               example.create({ OomScoreAdj = -500 }, { min_oom_score_adj = -100 }) },
  },
}

return { checks = checks }

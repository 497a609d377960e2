-- engine.limits: which resource limits hold anything.
--
-- To the engine 0 means unlimited, and so does -1 for processes. It also accepts numbers
-- that no machine can reach; those are no limit either.
local limits = {}

local MEMORY_MAX = 1 << 60         -- bytes: 1 EiB
local PIDS_MAX = 4194304           -- Linux's own ceiling on process numbers
local CPUS_MAX = 65536
local NANO = 1000000000
local NANO_CPUS_MAX = CPUS_MAX * NANO
local PERIOD = 100000              -- microseconds: the engine's default CpuPeriod


-- What most requests pass through says the same in its own words, for calling this costs more
-- than the comparisons.
local function is_between(value, most)
  return value ~= nil and value > 0 and value <= most
end


--- Memory, in bytes.
function limits.memory(value)
  return value ~= nil and value > 0 and value <= MEMORY_MAX
end


--- PidsLimit.
function limits.pids(value)
  return value ~= nil and value > 0 and value <= PIDS_MAX
end


--- NanoCpus (a billionth of a CPU) or CpuQuota (microseconds of every period) bound the
-- time that a container gets. Returns true when one of them does.
function limits.cpu_hard(nano, quota, period)
  if nano ~= nil and nano > 0 and nano <= NANO_CPUS_MAX then
    return true
  end
  local length = is_between(period, 1000000) and period or PERIOD
  return is_between(quota, CPUS_MAX * length)
end


--- Any CPU setting: also CpuShares and CpuPeriod, which only weigh.
function limits.cpu_soft(nano, quota, period, shares)
  return limits.cpu_hard(nano, quota, period) or is_between(period, 1000000)
    or is_between(shares, 1 << 60)
end


--- True when the CPU time is bounded to at most `most` CPUs.
function limits.cpus_within(nano, quota, period, most)
  if is_between(nano, most * NANO) then
    return true
  end
  local length = is_between(period, 1000000) and period or PERIOD
  return is_between(quota, most * length)
end


return limits

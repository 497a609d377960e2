-- config.guards: refuses to serve rules that open what nobody acknowledged.
--
-- Each probe is a request with a made-up id, put to the compiled rules; only their verdict
-- counts. Where answers carry data out, a rule that leaves the made-up id out is also asked about
-- one that it does not leave out (config.meet).
local meet = require "config.meet"

local ID = "sockguard-test"

local guards = {}


local function probes(words)
  local list = {}
  for _, word in ipairs(text.fields(words)) do
    local method, path = text.cut(word, ":")
    list[#list + 1] = { method = method, path = (path:gsub("{}", ID)), shape = path }
  end
  return list
end


local function is_set(key)
  return function(settings)
    local value = settings.values[key]
    return type(value) == "table" and #value > 0
  end
end


local function never()
  return false
end


-- Bodies that only a list of permitted values makes judged.
local BLIND = {
  { covered = is_set("request_body.exec.allowed_commands"), probes = probes [[
      POST:/containers/{}/exec POST:/exec/{}/start
      POST:/libpod/containers/{}/exec POST:/libpod/exec/{}/start]] },
  { covered = is_set("request_body.swarm.allowed_join_remote_addrs"), probes = probes [[
      POST:/swarm/join]] },
  { covered = is_set("request_body.plugin.allowed_set_env_prefixes"), probes = probes [[
      POST:/plugins/{}/set]] },
  { covered = never, probes = probes [[
      POST:/libpod/play/kube POST:/libpod/kube/play POST:/libpod/kube/apply
      POST:/libpod/manifests/create POST:/libpod/manifests/{} PUT:/libpod/manifests/{}]] },
}

-- Answers that carry files, memory, images or output out.
local READS = {
  { any_id = true, covered = never, probes = probes [[
      GET:/containers/{}/archive GET:/containers/{}/export GET:/containers/{}/logs
      GET:/containers/{}/attach/ws POST:/containers/{}/copy GET:/services/{}/logs GET:/tasks/{}/logs
      POST:/containers/{}/attach GET:/images/get GET:/images/{}/get POST:/images/{}/push
      POST:/plugins/{}/push GET:/libpod/containers/{}/archive
      GET:/libpod/containers/{}/export GET:/libpod/containers/{}/logs
      POST:/libpod/containers/{}/attach GET:/libpod/images/export
      GET:/libpod/images/{}/get POST:/libpod/images/{}/push GET:/libpod/generate/kube
      GET:/libpod/generate/{}/systemd GET:/libpod/secrets/{}/json GET:/libpod/volumes/{}/export
      GET:/debug/pprof/heap
      POST:/libpod/manifests/{}/registry/{} POST:/libpod/manifests/{}/push]] },
}


-- Any switch on or list filled under request_body.buildkit; caps do not count.
local function buildkit_is_set(settings)
  for key, value in pairs(settings.values) do
    if text.starts(key, "request_body.buildkit.")
       and (value == true or (type(value) == "table" and #value > 0)) then
      return true
    end
  end
  return false
end


local TUNNELS = {
  { covered = buildkit_is_set, probes = probes [[
      POST:/session POST:/grpc POST:/moby.buildkit.v1.Control/Solve]] },
}

local GUARDS = {
  { key = "insecure_allow_body_blind_writes", groups = BLIND,
    what = "is off, and the rules allow requests whose bodies nothing judges: " },
  { key = "insecure_allow_read_exfiltration", groups = READS,
    what = "is off, and the rules allow requests whose answers carry data out: " },
  { key = "insecure_accept_opaque_buildkit_tunnels", groups = TUNNELS,
    what = "is off, and the rules allow tunnels that nothing looks into: " },
}


local function has_method(rule, method)
  for _, name in ipairs(text.split(rule.methods, ",")) do
    name = text.trim(name)
    if name == "*" or name:upper() == method then
      return true
    end
  end
  return false
end


-- The path that the rules open of a probe's shape, and the number of the rule that does; nil.
local function open_path(group, probe, allows, rules)
  local open, number = allows(probe.method, probe.path)
  if open then
    return probe.path, number
  end
  local before = {}
  for i, rule in ipairs(group.any_id and rules or {}) do
    if has_method(rule, probe.method) then
      local path = rule.allow and meet(rule.path, probe.shape, before)
      if path or (path == false and rule.allow) then
        return path or rule.path, i - 1
      end
      before[#before + 1] = rule.path
    end
  end
end


-- What is open, and the number of the rule that opens the first of it.
local function exposed(settings, groups, allows, rules)
  local found, first = {}, nil
  for _, group in ipairs(groups) do
    if not group.covered(settings) then
      for _, probe in ipairs(group.probes) do
        local path, rule = open_path(group, probe, allows, rules)
        if path then
          first = first or rule
          found[#found + 1] = probe.method .. " " .. path
        end
      end
    end
  end
  return found, first
end


--- Reports the first guard that stands against the rules, at the place of the rule.
-- allows(method, path): what the compiled rules say, and which rule says so. rules: as they were
-- compiled.
function guards.judge(settings, allows, rules)
  for _, guard in ipairs(GUARDS) do
    if not settings.values[guard.key] then
      local found, rule = exposed(settings, guard.groups, allows, rules)
      if #found > 0 then
        settings.report:fault {
          place = rule and settings.report:place("rules[" .. rule .. "]"),
          key = guard.key, what = guard.what .. table.concat(found, ", "),
          expect = "narrower rules, or " .. guard.key .. ": true",
        }
        return
      end
    end
  end
end


return guards

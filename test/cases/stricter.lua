-- stricter: where we refuse more than the reference on purpose. An entry explains an answer
-- only if the answer has its code (a reason code, a check's code, or "config_error"), and
-- `when` holds for the case; and only ever a refusal. section: of design.md, unless it names
-- another file.
--
-- when(case, answer): case as in runner/legends.lua.
local base64 = require "support.base64"
local ambiguous = require "runner.ambiguous"
local raw = require "runner.raw"

local KNOWN_METHODS = {}
for method in ("GET HEAD POST PUT DELETE PATCH OPTIONS TRACE"):gmatch "%S+" do
  KNOWN_METHODS[method] = true
end

-- Members of HostConfig that the engine's old form of a create body has at the top.
local HOST_MEMBERS = {}
for name in ([[binds capadd capdrop cgroupnsmode cgroupparent cpuquota cpushares devices
  extrahosts groupadd ipcmode links logconfig maskedpaths memory mounts nanocpus networkmode
  oomscoreadj pidmode pidslimit portbindings privileged publishallports readonlypaths
  readonlyrootfs restartpolicy runtime securityopt sysctls tmpfs usernsmode utsmode
  volumedriver volumesfrom]]):gmatch "%S+" do
  HOST_MEMBERS[name] = true
end


local function body_has(pattern)
  return function(case)
    return case.body ~= nil and case.body:find(pattern) ~= nil
  end
end


local function target_has(pattern)
  return function(case)
    return case.target:find(pattern) ~= nil
  end
end


local function header(case, name)
  for member, text in pairs(raw.members(case.headers or "{}")) do
    if member:lower() == name then
      return text:match('^"(.*)"$')
    end
  end
end


local function is_ambiguous(case)
  return ambiguous(case.body)
end


local function has_ambiguous_credentials(case)
  return ambiguous(base64.decode(header(case, "x-registry-auth") or ""))
end


local function has_other_type(case)
  local type = header(case, "content-type")
  return #case.body > 0 and type ~= nil
    and type:lower():match("^%s*([^;]-)%s*$") ~= "application/json"
end


local function has_body(case)
  return #case.body > 0
end


local function has_old_version(case)
  local minor = case.target:match("^/v0*1%.(%d+)/")
  return case.target:find("^/v0*[01]/") ~= nil or (minor ~= nil and tonumber(minor) < 24)
end


local function has_no_path(case)
  return (case.raw or ""):find("^%u+ http://") ~= nil
end


local function has_no_target(case)
  return case.target == ""
end


local function has_other_method(case)
  return not KNOWN_METHODS[case.method or case.raw:match("^%S+")]
end


local function has_host_member_on_top(case)
  local is_object, members = pcall(raw.members, case.body)
  for name in pairs(is_object and members or {}) do
    if HOST_MEMBERS[name:lower()] then
      return true
    end
  end
  return false
end


local function says_new_privileges_twice(case)
  local _, n = case.body:gsub("no%-new%-privileges", "")
  return n > 1
end


-- A limit of nineteen digits is 2^63 or close to it.
local function has_endless_limit(case)
  return case.body:find(":%s*" .. ("%d"):rep(19)) ~= nil
end


-- 0 with a sign, in other digits, behind nothing, or too large.
local function has_odd_user(case)
  local user = case.body:match('"User"%s*:%s*"([^"]*)"') or ""
  local name = user:match("^[^:]*")
  return user:find("^:") ~= nil or name:find("^[+-]%d") ~= nil or name:find("^0%d") ~= nil
    or (name:find("^%d+$") ~= nil and #name > 9)
end


local function is_refused_at_start(case, answer)
  return case.record.engine_only == true
    or (case.config:find("://", 1, true) ~= nil
        and answer.error:find("allowed_registries", 1, true) ~= nil)
end


return {
  { code = "request_body_ambiguous", section = "3, Bodies", when = is_ambiguous },
  { code = "auth-json", section = "3, Bodies", when = has_ambiguous_credentials },
  { code = "malformed_request", section = "3, The head", when = has_other_method },
  { code = "malformed_request", section = "3, The head", when = has_no_target },
  { code = "malformed_target", section = "3, The head", when = has_no_path },
  { code = "malformed_target", section = "3, The head", when = target_has("%%00") },
  { code = "cc.volume_options", section = "4, H1", when = body_has('"DriverConfig"') },
  { code = "cc.ambiguous", section = "4, H2", when = has_host_member_on_top },
  { code = "api_version_refused", section = "4, H3", when = has_old_version },
  { code = "cc.nnp", section = "4, H4", when = says_new_privileges_twice },
  { code = "cc.memory", section = "4, H5", when = has_endless_limit },
  { code = "cc.cpu", section = "4, H5", when = has_endless_limit },
  { code = "cc.cpu_hard", section = "4, H5", when = has_endless_limit },
  { code = "cc.pids", section = "4, H5", when = has_endless_limit },
  { code = "request_path_ambiguous", section = "4, H6", when = target_has("^/v[%d.]+/") },
  { code = "request_path_ambiguous", section = "4, H6", when = target_has("/[^/]+/[^/]+/%l+$") },
  { code = "cc.mount_type", section = "4, H6", when = body_has('"Type"%s*:%s*"[^"]*[%u%s]') },
  { code = "cc.tmpfs_priv", section = "4, H7", when = body_has('"Tmpfs"') },
  { code = "cc.devreq_not_allowed", section = "4, H7", when = body_has('"DeviceIDs"') },
  { code = "cc.devreq_not_allowed", section = "4, H7", when = body_has('"Count"%s*:%s*%-') },
  { code = "request_content_type_refused", section = "4, H9", when = has_other_type },
  { code = "request_body_unexpected", section = "4, H9", when = has_body },
  { code = "cc.maskedpaths", section = "4, H11", when = body_has('"MaskedPaths"%s*:%s*%[') },
  { code = "cc.readonlypaths", section = "4, H11", when = body_has('"ReadonlyPaths"%s*:%s*%[') },
  { code = "cc.systempaths", section = "4, H11", when = body_has('"systempaths') },
  { code = "cc.seccomp_inline", section = "4, H14", when = body_has('"seccomp[=:]%s*{') },
  { code = "cc.volume_driver", section = "4, H15", when = body_has('"VolumeDriver"') },
  { code = "registry", section = "4, H18", when = target_has("[?&]fromImage=%u") },
  { code = "cc.selinux_disable", section = "4, H19", when = body_has('"disable"') },
  { code = "cc.cgroup_parent", section = "docs/engine.md, Values",
    when = body_has('"CgroupParent"%s*:%s*"%s+"') },
  { code = "cc.nonroot", section = "4, H20", when = has_odd_user },
  { code = "ex.root", section = "4, H20", when = has_odd_user },
  { code = "cc.writable_cgroups", section = "4, H21", when = body_has('"writable%-cgroups') },
  { code = "config_error", section = "inspection.md 12, surfaces.md 1.9: refused at start",
    when = is_refused_at_start },
}

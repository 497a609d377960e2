-- container_create_spec: which id, control and words a create body's finding carries.
require "support.text"
local example = require "core.example"
local record = require "core.record"
local values = require "support.values"


local function decide(request, settings)
  return values.decide("container_create", { request_body = settings or {} }, request)
end


local function host(config, knobs)
  return decide(example.create(config), { container_create = knobs })
end


-- The id of the first finding.
local function code(config, knobs)
  local found = host(config, knobs)
  return found[1] and found[1].code
end


local function endpoint_code(endpoints, network)
  local request = example.config { NetworkingConfig = { EndpointsConfig = endpoints } }
  local found = decide(request, { network = network })
  return found[1] and found[1].code
end


describe("a bind", function()
  it("breaks the control on host folders, or the one on the engine's socket", function()
    for source, cis in pairs {
      ["/etc"] = "5.5", ["/"] = "5.5", ["/var/run/docker.sock"] = "5.31",
      ["/run/../run/docker.sock"] = "5.31", ["/run"] = "5.31", ["/var/run/"] = "5.31",
    } do
      local found = host { Binds = { source .. ":/x" } }
      assert.equal(cis, found[1].control.cis, source)
    end
  end)

  it("is quoted, so that no control character reaches a log", function()
    local found = host { Binds = { "/a\nb\27[31m:/x" } }
    assert.truthy(found[1].found:find([["/a\nb\x1b[31m"]], 1, true))
  end)

  it("of an inline volume is judged even where such volumes are allowed", function()
    local mount = { Type = "volume", Target = "/v", VolumeOptions = {
      DriverConfig = { Options = { type = "none", o = "bind", device = "/etc" } } } }
    assert.equal("cc.bind", code({ Mounts = { mount } }, { allow_inline_volume_options = true }))
    assert.is_nil(code({ Mounts = { mount } },
      { allow_inline_volume_options = true, allowed_bind_mounts = { "/etc" } }))
  end)
end)


describe("several violations", function()
  it("are all found, in the specification's order", function()
    local codes = {}
    for i, finding in ipairs(host({
      CapAdd = { "SYS_ADMIN" }, Binds = { "/:/h" }, Privileged = true, NetworkMode = "host",
      Devices = { { PathOnHost = "/dev/kvm" } }, DeviceRequests = { {} },
      SecurityOpt = { "seccomp=unconfined" },
    }, { deny_unconfined_seccomp = true, require_no_new_privileges = true })) do
      codes[i] = finding.code
    end
    assert.same({ "cc.privileged", "cc.host_network", "cc.devreq_none", "cc.device", "cc.bind",
                  "cc.seccomp_unconfined", "cc.cap_add", "cc.nnp" }, codes)
  end)
end)


describe("a device request", function()
  local gpu = { { driver = "nvidia", allowed_capabilities = { { "gpu" } } } }

  it("is refused with an id of its own for each reason", function()
    assert.equal("cc.devreq_none", code { DeviceRequests = { { Driver = "nvidia" } } })
    assert.equal("cc.devreq_empty_driver",
      code({ DeviceRequests = { { Driver = " " } } }, { allowed_device_requests = gpu }))
    assert.equal("cc.devreq_not_allowed",
      code({ DeviceRequests = { { Driver = "amd" } } }, { allowed_device_requests = gpu }))
  end)

  it("is not covered by allow_all_devices", function()
    assert.equal("cc.devreq_none", code({ DeviceRequests = { {} } }, { allow_all_devices = true }))
    assert.equal("cc.cgrule_none",
      code({ DeviceCgroupRules = { "c 1:3 r" } }, { allow_all_devices = true }))
  end)
end)


describe("a device cgroup rule", function()
  it("is refused with an id of its own for each reason", function()
    local listed = { allowed_device_cgroup_rules = { "c 1:3 rwm" } }
    assert.equal("cc.cgrule_none", code { DeviceCgroupRules = { "c 1:3 rwm" } })
    assert.equal("cc.cgrule_malformed", code({ DeviceCgroupRules = { "z" } }, listed))
    assert.equal("cc.cgrule_not_allowed", code({ DeviceCgroupRules = { "c 1:4 rwm" } }, listed))
    assert.is_nil(code({ DeviceCgroupRules = { "z" } }, { allow_device_cgroup_rules = true }))
  end)
end)


describe("a namespace to be joined", function()
  local listed = { restrict_namespace_sharing = true,
                   allowed_namespace_sharing_containers = { "web" } }

  it("is looked for in five modes", function()
    for _, name in ipairs { "NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode" } do
      local config = { [name] = "container:db" }
      assert.equal("cc.ns_share_none", code(config, { restrict_namespace_sharing = true }), name)
      assert.equal("cc.ns_share_target", code(config, listed), name)
      assert.is_nil(code({ [name] = "container:web" }, listed), name)
    end
  end)

  it("is named exactly as listed", function()
    assert.equal("cc.ns_share_target", code({ NetworkMode = "container:Web" }, listed))
    assert.equal("cc.ns_share_target", code({ NetworkMode = "container:/web" }, listed))
  end)
end)


describe("a seccomp option", function()
  local strict = { deny_unconfined_seccomp = true }

  it("is refused with an id of its own for each reason", function()
    local listed = { deny_unconfined_seccomp = true,
                     allowed_seccomp_profiles = { "site", "unconfined" } }
    assert.equal("cc.seccomp_unconfined", code({ SecurityOpt = { "seccomp=unconfined" } }, listed))
    assert.equal("cc.seccomp_profile", code({ SecurityOpt = { "seccomp=other" } }, listed))
    assert.equal("cc.seccomp_required", code({}, listed))
    assert.equal("cc.seccomp_inline", code({ SecurityOpt = { "seccomp= null" } }, strict))
    assert.is_nil(code({ SecurityOpt = { "seccomp=builtin" } }, strict))
  end)

  it("cannot hide behind another", function()
    assert.equal("cc.seccomp_unconfined",
      code({ SecurityOpt = { "seccomp=unconfined", "seccomp=builtin" } }, strict))
  end)

  it("may carry a profile of the caller's own when that very text is listed", function()
    local profile = '{"defaultAction":"SCMP_ACT_ERRNO"}'
    assert.is_nil(code({ SecurityOpt = { "seccomp=" .. profile } },
      { deny_unconfined_seccomp = true, allowed_seccomp_profiles = { profile } }))
  end)
end)


describe("an AppArmor option", function()
  it("is refused with an id of its own for each reason", function()
    local listed = { allowed_apparmor_profiles = { "site" } }
    assert.equal("cc.apparmor_profile", code({ SecurityOpt = { "apparmor=other" } }, listed))
    assert.equal("cc.apparmor_required", code({}, listed))
    assert.is_nil(code({}, { allowed_apparmor_profiles = { "runtime/default" } }))
  end)

  it("names the engine's own profile or a listed one where unconfined is denied", function()
    local strict = { deny_unconfined_apparmor = true }
    assert.is_nil(code({ SecurityOpt = { "apparmor=docker-default" } }, strict))
    assert.is_nil(code({ SecurityOpt = { "apparmor=" } }, strict))
    assert.equal("cc.apparmor_profile", code({ SecurityOpt = { "apparmor=site" } }, strict))
    assert.equal("cc.apparmor_unconfined",
      code({ SecurityOpt = { "apparmor=UNCONFINED" } }, strict))
  end)
end)


describe("masked and read-only paths", function()
  it("are refused when a default is missing, however long the list", function()
    local list = {}
    for i = 1, 100 do
      list[i] = "/x" .. i
    end
    assert.equal("cc.maskedpaths", code { MaskedPaths = list })
    assert.equal("cc.readonlypaths", code { ReadonlyPaths = { "" } })
    assert.equal("cc.maskedpaths", code { MaskedPaths = record.NO_ITEMS })
  end)
end)


describe("a tmpfs", function()
  local function modern(options)
    return { Mounts = { { Type = "tmpfs", Target = "/t", TmpfsOptions = { Options = options } } } }
  end

  it("is refused with an id of its own for each reason", function()
    for _, option in ipairs { "exec", " DEV ", "suid", "mode=1777,exec" } do
      assert.equal("cc.tmpfs_priv", code(modern { { option } }), option)
      assert.equal("cc.tmpfs_priv", code { Tmpfs = { ["/t"] = "size=1m," .. option } }, option)
    end
    for _, option in ipairs { record.NO_ITEMS, { " " }, { "a", "b", "c" } } do
      assert.equal("cc.tmpfs_malformed",
        code(modern { option }, { allow_tmpfs_privileged_options = true }))
    end
  end)

  it("may have the settings that the engine gives it anyway", function()
    assert.is_nil(code { Tmpfs = { ["/t"] = "", ["/u"] = "noexec,nosuid,nodev,size=64m" } })
  end)
end)


describe("an endpoint", function()
  it("is refused with an id of its own for each aspect", function()
    for id, endpoint in pairs {
      ["cc.ep_static"] = { GlobalIPv6PrefixLen = -1 },
      ["cc.ep_linklocal"] = { IPAMConfig = { LinkLocalIPs = { "169.254.1.1" } } },
      ["cc.ep_mac"] = { MacAddress = "02:42:ac:1e:00:0a" },
      ["cc.ep_links"] = { Links = { "a:b" } },
      ["cc.ep_driveropts"] = { DriverOpts = { a = true } },
      ["cc.ep_gwprio"] = { GwPriority = -1 },
    } do
      assert.equal(id, endpoint_code { one = endpoint })
      assert.equal(id, endpoint_code { a = false, one = endpoint })
      assert.is_nil(endpoint_code({ one = endpoint }, { allow_endpoint_config = true }))
    end
    assert.equal("cc.ep_aliases", endpoint_code({ one = { Aliases = { "x" } } },
      { endpoint_config = { allow_aliases = false } }))
  end)

  it("is visited in the order of the networks' names", function()
    assert.equal("cc.ep_mac", endpoint_code {
      b = { IPAddress = "192.0.2.1" }, a = { MacAddress = "02:42:ac:1e:00:0a" },
    })
  end)

  it("given as null or empty asks for nothing", function()
    assert.is_nil(endpoint_code { one = false })
    assert.is_nil(endpoint_code { one = {} })
    assert.is_nil(endpoint_code {})
  end)
end)


describe("what the reference does not look at", function()
  local risky = { Links = { "a:b" }, Annotations = { a = "b" }, OomScoreAdj = -1000,
                  LogConfig = { Type = "syslog" } }

  it("passes by default and is denied where unknown members are", function()
    assert.is_nil(code(risky))
    local codes = {}
    for i, finding in ipairs(host(risky, { unknown_fields = "deny" })) do
      codes[i] = finding.code
    end
    assert.same({ "cc.annotations", "cc.log_driver", "cc.oom_score", "cc.links" }, codes)
  end)
end)


describe("labels", function()
  it("are asked for in the order of the setting", function()
    local found = decide(example.config { Labels = { b = "v" } },
      { container_create = { required_labels = { "a", "b", "c" } } })
    assert.truthy(found[1].found:find('"a"', 1, true))
  end)
end)

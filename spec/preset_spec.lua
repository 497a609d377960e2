-- preset_spec: the presets load, say everything they decide, and open no more than they say.
local config = require "support.config"
local registry = require "core.registry"

-- Every request that the CIS preset's rules allow (inspection.md 5).
local CIS_ALLOWS = {
  "GET /_ping", "HEAD /_ping", "GET /version", "GET /info", "GET /events",
  "GET /containers/json", "GET /containers/*/json", "GET /containers/*/stats",
  "GET /containers/*/top", "GET /containers/*/changes", "GET /images/json",
  "GET /images/**/json", "GET /images/**/history", "GET /networks", "GET /networks/*",
  "GET /volumes", "GET /volumes/*", "POST /containers/create", "POST /containers/*/start",
  "POST /containers/*/stop", "POST /containers/*/restart", "POST /containers/*/kill",
  "POST /containers/*/wait", "DELETE /containers/*", "POST /images/create",
  "DELETE /images/**",
}

-- What the CIS preset sets away from the defaults, for the page's controls ...
local CIS_DEMANDS = {
  "require_drop_all_capabilities", "require_no_new_privileges", "require_readonly_rootfs",
  "require_memory_limit", "require_cpu_limit", "require_pids_limit", "deny_unconfined_seccomp",
  "deny_unconfined_apparmor",
}

-- ... and beside them, because what they leave open would undo the controls.
local CIS_TIGHTENINGS = { "restrict_namespace_sharing", "deny_namespace_path_mode" }


local function read(path)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  return source
end


local function never()
  return false
end


local function load_preset(path, yaml)
  local result = config.load(yaml or read(path), { serving = true, allows = never })
  assert.is_nil(result.error)
  return result
end


local function allowed(rules)
  local out = {}
  for _, rule in ipairs(rules) do
    if rule.allow then
      out[#out + 1] = rule.methods .. " " .. rule.path
    end
  end
  table.sort(out)
  return out
end


local function differences(result)
  local out, defaults = {}, config.leaves("")
  for _, leaf in ipairs(result.leaves) do
    if leaf.value ~= defaults[leaf.key].value then
      out[leaf.key] = leaf.value
    end
  end
  return out
end


describe("the preset cis-docker-benchmark", function()
  local PATH = "presets/cis-docker-benchmark.yaml"

  it("allows the requests of its page and denies all others in words of its own", function()
    local rules = load_preset(PATH).rules
    local want = { table.unpack(CIS_ALLOWS) }
    table.sort(want)
    assert.same(want, allowed(rules))
    assert.same({ methods = "*", path = "/**", allow = false,
                  reason = "not opened by the CIS Docker Benchmark preset" }, rules[#rules])
  end)

  it("differs from the defaults in its demands and nothing else", function()
    local want = { ["request_body.container_create.unknown_fields"] = "\"deny\"",
                   ["request_body.container_update.unknown_fields"] = "\"deny\"",
                   ["request_body.exec.unknown_fields"] = "\"deny\"" }
    for _, names in ipairs { CIS_DEMANDS, CIS_TIGHTENINGS } do
      for _, name in ipairs(names) do
        want["request_body.container_create." .. name] = "true"
      end
    end
    local found = differences(load_preset(PATH))
    found.rules = nil
    assert.same(want, found)
  end)

  it("writes every setting of the requests it opens, defaults included", function()
    local source = read(PATH)
    for _, knob in ipairs(registry.knobs) do
      local name = knob.key:match("[^.]+$")
      assert.is_truthy(source:find("\n *" .. name .. ":"), knob.key)
    end
  end)

  it("names every control that has a check, by both numbers", function()
    local source = read(PATH)
    for _, check in ipairs(registry.checks) do
      for _, control in ipairs(check.controls) do
        local words = control.cis .. " (docker-bench-security " .. control.bench .. ")"
        assert.is_truthy(source:find(words, 1, true), words)
      end
    end
  end)

  it("warns of nothing", function()
    assert.same({}, load_preset(PATH).warnings)
  end)
end)


describe("the preset cis-docker-benchmark-strict", function()
  local PATH = "presets/cis-docker-benchmark-strict.yaml"

  it("is cis-docker-benchmark with every control on that a request shows", function()
    local group = "request_body.container_create."
    local plain = differences(load_preset("presets/cis-docker-benchmark.yaml"))
    local want = { ["max_memory"] = "17179869184", ["max_cpus"] = "8", ["max_pids"] = "4096",
                   ["min_host_port"] = "1024", ["max_restart_retries"] = "5" }
    for _, name in ipairs {
      "require_cpu_limit_hard", "require_non_root_user", "deny_selinux_disable",
      "require_apparmor_profile", "deny_sshd", "restrict_published_ports", "require_port_address",
      "require_ulimits", "deny_shared_propagation", "require_healthcheck", "require_image_tag",
      "deny_default_bridge", "deny_engine_socket",
    } do
      want[name] = "true"
    end
    for name, value in pairs(want) do
      plain[group .. name] = value
    end
    local strict = differences(load_preset(PATH))
    plain.rules, strict.rules = nil, nil
    assert.same(plain, strict)
  end)

  it("has every strict control active, but for SELinux, which a host asks for", function()
    local nested = load_preset(PATH).nested
    local active = {}
    for _, check in ipairs(require "core.compile"(nested).surfaces.container_create.checks) do
      active[registry.checks[check.index].id] = true
    end
    for _, check in ipairs(require("cis-docker-benchmark-strict").checks) do
      assert.equal(check.id ~= "container_create.selinux_named", active[check.id] or false,
        check.id)
    end
  end)

  it("opens the same requests", function()
    assert.same(allowed(load_preset("presets/cis-docker-benchmark.yaml").rules),
                allowed(load_preset(PATH).rules))
  end)
end)


describe("the preset sockguard", function()
  it("is the defaults written out", function()
    local found = load_preset("presets/sockguard.yaml")
    assert.same({}, differences(found))
    assert.same(config.load("").rules, found.rules)
  end)
end)


describe("a CIS preset with the reference's keys alone", function()
  it("loads as it is, and asks for the same as ours but for our own tightenings", function()
    local reference = differences(load_preset("test/config/reference-cis.yaml"))
    local ours = differences(load_preset("presets/cis-docker-benchmark.yaml"))
    for _, name in ipairs(CIS_TIGHTENINGS) do
      ours["request_body.container_create." .. name] = nil
    end
    ours["request_body.container_create.unknown_fields"] = nil
    ours["request_body.container_update.unknown_fields"] = nil
    ours["request_body.exec.unknown_fields"] = nil
    reference.rules, ours.rules = nil, nil
    assert.same(ours, reference)
  end)

  it("allows the same requests", function()
    assert.same(allowed(load_preset("presets/cis-docker-benchmark.yaml").rules),
                allowed(load_preset("test/config/reference-cis.yaml").rules))
  end)
end)

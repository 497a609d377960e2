-- values_spec: how the engine reads users, capabilities, modes, limits and paths.
require "support.text"
local capabilities = require "engine.capabilities"
local limits = require "engine.limits"
local mode = require "engine.mode"
local path = require "engine.path"
local subpath = require "engine.subpath"
local user = require "engine.user"

local MAX = math.maxinteger


describe("a user", function()
  it("is root when the engine could make it uid 0", function()
    for _, name in ipairs {
      "", " ", "root", "ROOT", " root : x", "0", "00:1000", "+0", "-0", "+5", "-1", ":0", ":1000",
      "000000000000000000000", "4294967296", "2147483648", "99999999999999999999",
    } do
      assert.is_true(user.is_root(name), name)
    end
    assert.is_true(user.is_root(nil))
  end)

  it("is not root with another name or a plain number that fits", function()
    for _, name in ipairs {
      "1", "01", "1000:0", "2147483647", "app", "app:root", "0x0", "rooty", "+", "+a",
      "0000000000000000001",
    } do
      assert.is_false(user.is_root(name), name)
    end
  end)
end)


describe("a capability", function()
  it("is the same in any case, with or without one prefix", function()
    assert.equal("NET_ADMIN", capabilities.name " cap_net_admin ")
    assert.equal("NET_ADMIN", capabilities.name "Net_Admin")
    assert.equal("CAP_NET_ADMIN", capabilities.name "CAP_CAP_NET_ADMIN")
    assert.equal("", capabilities.name "CAP_")
  end)

  it("is left out of the reading when it names nothing", function()
    assert.is_nil(capabilities.reading.read { "", " ", "CAP_" })
    assert.same({ "ALL" }, capabilities.reading.read { "", "all" })
  end)
end)


describe("a mode", function()
  it("is the host's in any case and padding, and in no longer word", function()
    for _, value in ipairs { "host", " \tHOST \n", "ho\u{17F}t" } do
      assert.is_true(mode.is_host(value), value)
    end
    for _, value in ipairs { "", "hos", "hostess", "host:x", "container:host", "private" } do
      assert.is_false(mode.is_host(value), value)
    end
  end)

  it("names a container only where a name follows", function()
    assert.equal("web", mode.container " Container: web ")
    assert.equal("/web", mode.container "container:/web")
    for _, value in ipairs { "", "container", "container:", "container:   ", "x:container:y" } do
      assert.is_nil(mode.container(value), value)
    end
  end)

  it("is a path after ns:, even an empty one", function()
    assert.is_true(mode.is_path " NS:/proc/1/ns/net")
    assert.is_true(mode.is_path "ns:")
    assert.is_false(mode.is_path "bridge")
    assert.is_false(mode.is_path "container:ns:")
  end)
end)


describe("a limit", function()
  it("is one only between zero and what a machine can reach", function()
    for _, holds in ipairs { limits.memory, limits.pids } do
      assert.is_true(holds(100))
      for _, value in ipairs { 0, -1, MAX, MAX - 1, math.mininteger } do
        assert.is_false(holds(value))
      end
      assert.is_false(holds(nil))
    end
  end)

  it("on CPU time is hard by NanoCpus or CpuQuota, soft by any", function()
    assert.is_true(limits.cpu_hard(500000000))
    assert.is_true(limits.cpu_hard(nil, 50000))
    assert.is_false(limits.cpu_hard(MAX, MAX, 100000))
    assert.is_false(limits.cpu_hard(nil, nil, 100000))
    assert.is_true(limits.cpu_soft(nil, nil, 100000))
    assert.is_true(limits.cpu_soft(nil, nil, nil, 512))
    assert.is_false(limits.cpu_soft(0, -1, 0, 0))
  end)

  it("on CPU time is measured by its own period", function()
    assert.is_true(limits.cpus_within(nil, 20000, 10000, 2))
    assert.is_false(limits.cpus_within(nil, 20001, 10000, 2))
    assert.is_true(limits.cpus_within(nil, 200000, 0, 2))
    assert.is_false(limits.cpus_within(2000000001, nil, nil, 2))
    assert.is_false(limits.cpus_within(nil, -1, nil, 2))
  end)
end)


describe("a path", function()
  it("lies under another only at a slash", function()
    assert.is_true(path.under("/a/b", "/a"))
    assert.is_true(path.under("/a", "/a"))
    assert.is_true(path.under("/a", "/"))
    assert.is_false(path.under("/ab", "/a"))
    assert.is_false(path.under("/", "/a"))
    assert.is_false(path.under_any("/a", {}))
  end)

  it("inside a volume stays there", function()
    for _, value in ipairs { "", "a", "a/../b", "..foo", ".", "a/.." } do
      assert.is_true(subpath.is_inside(value), value)
    end
    for _, value in ipairs { "..", "../x", "a/../../b", "/a", "./.." } do
      assert.is_false(subpath.is_inside(value), value)
    end
  end)
end)

-- device_spec: which device requests and device cgroup rules a list admits.
require "support.text"
local device_request = require "engine.device_request"
local device_rule = require "engine.device_rule"


describe("a device cgroup rule", function()
  local shape = device_rule.shape()

  local function allows(entry, rule)
    return device_rule.is_allowed(device_rule.parse(rule), shape.compile { entry })
  end

  it("is read with any white space and its letters in any order", function()
    assert.same({ kind = "c", major = "1", minor = "3", access = "rwm" },
      device_rule.parse "  c\t1:3   mwrr ")
    for _, rule in ipairs { "", "c 1:3", "C 1:3 rwm", "c 1 rwm", "c 1:3 rwx", "c 1:x rwm",
                            "c -1:3 r", "d 1:3 r", "c 1:3 rwm x", "c :3 r" } do
      assert.is_nil(device_rule.parse(rule), rule)
    end
  end)

  it("is admitted by the same kind and access, numbers by a star", function()
    assert.is_true(allows("c 226:* rwm", "c 226:128 rwm"))
    assert.is_true(allows("c 226:* rwm", "c 226:* rwm"))
    assert.is_false(allows("c 226:1 rwm", "c 226:* rwm"))
    assert.is_false(allows("a *:* rwm", "c 1:3 rwm"))
    assert.is_false(allows("c 1:3 rwm", "c 1:3 rw"))
    assert.is_false(allows("c 1:3 rwm", "c 01:3 rwm"))
  end)

  it("is dropped from the list when it cannot be read", function()
    assert.same({}, shape.compile { "z bad" })
  end)
end)


describe("a device request", function()
  local shape = device_request.shape()

  local function allows(entry, request)
    return device_request.is_allowed(request, "nvidia", shape.compile { entry })
  end

  local function gpu(most)
    return { driver = " NVIDIA ", max_count = most,
             allowed_capabilities = { { "GPU", "utility" } } }
  end

  it("needs every capability in one listed set", function()
    assert.is_true(allows(gpu(), { Capabilities = { { " gpu ", "gpu" } } }))
    assert.is_true(allows(gpu(), { Capabilities = { { "gpu" }, { "utility" } } }))
    assert.is_false(allows(gpu(), { Capabilities = { { "gpu", "compute" } } }))
    assert.is_false(allows(gpu(), { Capabilities = { { "" } } }))
    assert.is_false(allows(gpu(), {}))
    assert.is_false(allows({ driver = "nvidia" }, { Capabilities = { { "gpu" } } }))
    assert.is_true(allows({ driver = "nvidia" }, {}))
  end)

  it("is counted by Count and by DeviceIDs", function()
    local function counted(most, count, ids)
      return allows(gpu(most), { Count = count, DeviceIDs = ids, Capabilities = { { "gpu" } } })
    end
    assert.is_true(counted(2, 2))
    assert.is_false(counted(2, 3))
    assert.is_false(counted(2, -1))
    assert.is_false(counted(2, -7))
    assert.is_true(counted(2, 0, { "0", "1" }))
    assert.is_false(counted(2, 0, { "0", "1", "2" }))
    assert.is_true(counted(-1, -1))
    assert.is_false(counted(-1, 1))
    assert.is_true(counted(nil, -1))
  end)

  it("has a list whose entries name a driver, sets and a count", function()
    assert.is_true(shape.valid { gpu(-1) })
    for _, entry in ipairs { {}, { driver = " " }, { driver = "x", max_count = -2 },
                             { driver = "x", allowed_capabilities = { {} } } } do
      assert.is_nil(shape.valid { entry })
    end
  end)
end)

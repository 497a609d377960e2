-- library_spec: what operators' rules may use beside the engine's readings.
require "support.text"
local image = require "engine.image"
local ip = require "engine.ip"
local set = require "engine.set"
local units = require "engine.units"
local version = require "engine.version"


describe("sizes", function()
  it("are read as the docker CLI reads them", function()
    for given, bytes in pairs {
      ["0"] = 0, ["1024"] = 1024, ["10b"] = 10, ["1k"] = 1024, ["1K"] = 1024, ["1kb"] = 1024,
      ["1KiB"] = 1024, ["256m"] = 268435456, ["64MiB"] = 67108864, ["1.5g"] = 1610612736,
      [" 2 GB "] = 2147483648, ["1t"] = 1099511627776,
    } do
      assert.equal(bytes, units.size(given), given)
    end
  end)

  it("that are none are nil", function()
    for _, given in ipairs {
      "", "m", "-1", "1x", "1ib", "1 2", "1..2", "9999999p", "0x10", "1e3",
    } do
      assert.is_nil(units.size(given), given)
    end
  end)
end)


describe("durations", function()
  it("are read as the engine reads them", function()
    for given, seconds in pairs {
      ["0"] = 0, ["30s"] = 30, ["1h30m"] = 5400, ["500ms"] = 0.5, ["2.5s"] = 2.5, ["-1m"] = -60,
      ["1m1s1ms"] = 61.001,
    } do
      assert.is_true(math.abs(seconds - units.duration(given)) < 1e-9, given)
    end
  end)

  it("that are none are nil", function()
    for _, given in ipairs { "", "5", "s", "5x", "5 s", "1h-5m", "+" } do
      assert.is_nil(units.duration(given), given)
    end
  end)
end)


describe("versions", function()
  it("are compared by numbers", function()
    assert.equal(1, version.compare("1.41", "1.5"))
    assert.equal(0, version.compare("1.41", "1.41.0"))
    assert.equal(-1, version.compare("1.9.9", "1.10"))
    assert.is_true(version.at_least("1.41", "1.24"))
    assert.is_false(version.at_least("1.9", "1.24"))
  end)

  it("that are none compare to nothing", function()
    assert.is_nil(version.compare("1.x", "1"))
    assert.is_nil(version.compare("", "1"))
    assert.is_nil(version.at_least("1", "1."))
  end)
end)


describe("addresses", function()
  it("are in the networks that hold them", function()
    assert.is_true(ip.within("10.1.2.3", "10.0.0.0/8"))
    assert.is_false(ip.within("11.1.2.3", "10.0.0.0/8"))
    assert.is_true(ip.within("192.168.1.129", "192.168.1.128/25"))
    assert.is_false(ip.within("192.168.1.127", "192.168.1.128/25"))
    assert.is_true(ip.within("::ffff:10.0.0.1", "10.0.0.0/24"))
    assert.is_true(ip.within("fd12::1", "fd00::/8"))
    assert.is_false(ip.within("10.0.0.1", "fd00::/8"))
    assert.is_true(ip.within("10.0.0.1", "10.0.0.1"))
    assert.is_true(ip.within("1.2.3.4", "0.0.0.0/0"))
  end)

  it("that cannot be read are in none", function()
    assert.is_nil(ip.within("localhost", "10.0.0.0/8"))
    assert.is_nil(ip.within("10.0.0.1", "10.0.0.0/33"))
    assert.is_nil(ip.within("10.0.0.1", "10.0.0.0/x"))
  end)
end)


describe("image references", function()
  it("come apart", function()
    assert.same(
      { registry = "ghcr.io", repository = "acme/app", tag = "1.2", digest = "sha256:ab" },
      image.read "ghcr.io/acme/app:1.2@sha256:ab")
    assert.same({ registry = "docker.io", repository = "alpine" }, image.read "alpine")
    assert.same({ registry = "localhost:5000", repository = "x", tag = "y" },
      image.read "localhost:5000/x:y")
    assert.is_nil(image.read "a//b")
  end)
end)


describe("sets", function()
  it("know what is outside of them", function()
    assert.equal("c", set.first_outside({ "a", "c" }, set.of { "a", "b" }))
    assert.is_nil(set.first_outside(nil, set.of(nil)))
  end)
end)

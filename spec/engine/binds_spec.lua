-- binds_spec: what of Binds and Mounts is a host path.
require "support.text"
local binds = require "engine.binds"


local function sources(entries, mounts)
  local out = {}
  for i, bind in ipairs(binds.reading.read(entries, mounts) or {}) do
    out[i] = bind.source
  end
  return out
end


local function volume(options)
  return { { Type = "volume", Target = "/v",
             VolumeOptions = { DriverConfig = { Name = "local", Options = options } } } }
end


describe("the reading of binds", function()
  it("takes the text before the first colon, cleaned", function()
    assert.same({ "/etc" }, sources { "/srv/../etc//:/e:ro" })
    assert.same({ "/" }, sources { "/../..:/e" })
  end)

  it("leaves out volume names and anonymous volumes", function()
    assert.same({}, sources { "cache:/c", "/data", "", "./x:/c", "~/x:/c", "C:\\x:/c", " /etc:/e" })
    assert.is_nil(binds.reading.read({ "cache:/c" }, nil))
  end)

  it("keeps target and mode apart", function()
    local bind = binds.reading.read({ "/a:/b:ro,z" }, nil)[1]
    assert.same({ "/b", "ro,z" }, { bind.target, bind.mode })
    assert.is_true(binds.is_read_only(bind))
    assert.is_false(binds.is_read_only(binds.reading.read({ "/a:/b:rw,rslave" }, nil)[1]))
    assert.is_false(binds.is_read_only(binds.reading.read({ "/a:/ro" }, nil)[1]))
  end)

  it("takes a mount for a bind whatever the spelling of its type", function()
    for _, kind in ipairs { "bind", "BIND", " bind", "Bind\t" } do
      assert.same({ "/etc" }, sources(nil, { { Type = kind, Source = "/etc" } }))
    end
    assert.same({}, sources(nil, { { Type = "volume", Source = "/etc" }, {}, { Type = "bind" } }))
  end)

  it("sees the device of an inline volume", function()
    assert.same({ "/etc" }, sources(nil, volume { type = "none", o = "bind", device = "/etc" }))
    assert.same({ "/dev/sda1" }, sources(nil, volume { type = "ext4", device = "/dev/sda1" }))
    assert.same({}, sources(nil, volume { type = "nfs", o = "addr=192.0.2.1", device = ":/x" }))
    assert.same({}, sources(nil, volume { type = "tmpfs", device = "tmpfs", o = "size=1m" }))
  end)

  it("takes a relative device of a bind from the root", function()
    assert.same({ "/etc" }, sources(nil, volume { o = "ro, RBIND", device = "etc" }))
    assert.same({ "/" }, sources(nil, volume { o = "bind" }))
  end)

  it("sees the layers of an overlay", function()
    assert.same({ "/etc", "/usr", "/tmp/u" },
      sources(nil, volume { type = "overlay", device = "overlay",
                            o = "lowerdir=/etc:/usr,upperdir=/tmp/u" }))
  end)
end)


describe("allowed_bind_mounts", function()
  local shape = binds.shape()

  local function allows(entry, bind)
    return binds.is_allowed(binds.reading.read({ bind }, nil)[1], shape.compile { entry })
  end

  it("covers a folder and what is below, not its neighbours", function()
    assert.is_true(allows("/srv/data", "/srv/data:/d"))
    assert.is_true(allows("/srv/data/", "/srv/data/x/../y:/d"))
    assert.is_true(allows("/", "/anything:/d"))
    assert.is_false(allows("/srv/data", "/srv/database:/d"))
    assert.is_false(allows("/srv/data", "/srv:/d"))
    assert.is_false(allows("/srv/data", "/srv/data/../../etc:/d"))
  end)

  it("holds target and mode where they are given", function()
    assert.is_true(allows("/srv:/d", "/srv:/d/"))
    assert.is_false(allows("/srv:/d", "/srv:/e"))
    assert.is_true(allows("/srv:/d:ro", "/srv:/d:z,ro"))
    assert.is_false(allows("/srv:/d:ro", "/srv:/d"))
  end)

  it("refuses entries that are no paths", function()
    assert.is_true(shape.valid { "/a", "/a/../b", "/a:/b", "/a:/b:ro" })
    for _, entry in ipairs { "", "srv", "/a:b", "/a:/b:rw", "/a:" } do
      local ok, why = shape.valid { entry }
      assert.is_nil(ok)
      assert.truthy(why:find("^entry 1 "))
    end
  end)

  it("drops what is no path when it is compiled all the same", function()
    assert.same({}, shape.compile { "relative", "", "  " })
  end)
end)

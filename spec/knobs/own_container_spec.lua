-- own_container_spec: what no example of the check can show: volumes, and nothing known.
require "support.text"
local registry = require "core.registry"
local values = require "support.values"

local CHECK = registry.by_id["container_create.own_container"]


local function found(host, own)
  local settings = values.settings(CHECK, { self_container = "guard" })
  local findings = values.decide("container_create", settings,
    { body = { Image = "x", HostConfig = host }, own = own })
  return findings[1] and findings[1].id
end


describe("the check of sockguard's own container", function()
  local self = { given = "guard", id = ("a"):rep(64), name = "renamed", volumes = { run = true } }

  it("finds its volumes, as binds and as mounts", function()
    assert.equal(CHECK.id, found({ Binds = { "data:/d", "run:/r:ro" } }, self))
    assert.equal(CHECK.id,
      found({ Mounts = { { Type = "volume", Source = "run", Target = "/r" } } }, self))
    assert.is_nil(found({ Binds = { "running:/r", "/run" } }, self))
    assert.is_nil(found({ Binds = { "run:/r" } }, { given = "guard" }))
  end)

  it("finds each of its names", function()
    for _, name in ipairs { "guard", "renamed", "a", "aaaa" } do
      assert.equal(CHECK.id, found({ VolumesFrom = { name } }, self), name)
    end
  end)

  it("finds nothing while no container is known to be ours", function()
    assert.is_nil(found { PidMode = "container:guard" })
  end)
end)

-- oracle_spec: a short run of the oracle (docs/oracle.md); `make oracle` has the long ones.
local dockerd = require "support.dockerd"
local oracle = require "oracle.main"
local proxy = require "support.proxy"

local SEED = 20261127

-- A site's own list, which the recorded honest requests of the strict preset publish from.
local PORTS = "SOCKGUARD_REQUEST_BODY_CONTAINER_CREATE_ALLOWED_PUBLISHED_PORTS"


describe("the oracle on a real dockerd", function()
  local engine

  setup(function()
    engine = dockerd.start()
  end)

  teardown(function()
    if engine then
      engine:clear()
      engine:stop()
    end
  end)

  local function through(preset, from, count)
    local guard = proxy.start { config_file = "presets/" .. preset .. ".yaml",
                                upstream = engine.path, env = { [PORTS] = "8080" } }
    local ok, counted, good = pcall(oracle.run, {
      engine = engine.path, proxy = guard.address, preset = preset, seed = SEED, from = from,
      count = count, start_every = 10,
    })
    guard:stop()
    assert(ok, counted)
    return counted, good
  end

  for preset, range in pairs { ["cis-docker-benchmark"] = { 1, 350 },
                               ["cis-docker-benchmark-strict"] = { 351, 150 } } do
    it("finds nothing that breaks a control through " .. preset, function()
      local counted, good = through(preset, table.unpack(range))
      assert.equal(0, counted.violation or 0)
      assert.equal(0, counted.honest_refused or 0)
      assert.is_true(good)
      assert.is_true(counted.honest > 0 and counted.refused > 0 and counted.looked_inside > 0)
    end)
  end

  it("finds a quarter of the same requests to break one on the engine itself", function()
    local counted, good = oracle.run { engine = engine.path, preset = "cis-docker-benchmark",
                                       seed = SEED, from = 1, count = 150, start_every = 50 }
    assert.is_true(good, ("%d of 150"):format(counted.violation or 0))
  end)
end)

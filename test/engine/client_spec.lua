-- client_spec: the docker command line through the preset, as the README shows it.
local dockerd = require "support.dockerd"
local proxy = require "support.proxy"
local shell = require "support.shell"

local COMPLIANT = "run -d --read-only --memory 256m --cpus 0.5 --pids-limit 100"
  .. " --cap-drop ALL --security-opt no-new-privileges:true alpine sleep 60"


-- Debian's own client: a machine may have another one first in its PATH.
local function docker(address, args)
  local env = { DOCKER_HOST = "unix://" .. address }
  return shell.run("exec /usr/bin/docker " .. args, { env = env })
end


describe("the docker command line", function()
  local engine, guard

  setup(function()
    engine = dockerd.start()
    guard = proxy.start { config_file = "presets/cis-docker-benchmark.yaml",
                          upstream = engine.path }
  end)

  teardown(function()
    engine:clear()
    guard:stop()
    engine:stop()
  end)

  it("runs the compliant container of the README, lists, inspects and removes it", function()
    local code, output = docker(guard.address, COMPLIANT)
    assert.equal(0, code, output)
    local id = output:match("%x+")
    code, output = docker(guard.address, "ps --no-trunc -q")
    assert.equal(0, code, output)
    assert.matches(id, output, 1, true)
    code, output = docker(guard.address, "inspect -f '{{.State.Running}}' " .. id)
    assert.equal(0, code, output)
    assert.matches("true", output)
    code, output = docker(guard.address, "rm -f " .. id)
    assert.equal(0, code, output)
  end)

  it("is told when a plain run is refused", function()
    local code, output = docker(guard.address, "run alpine true")
    assert.are_not.equal(0, code)
    assert.matches("request denied by sockguard policy", output, 1, true)
  end)
end)

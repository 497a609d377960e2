-- image_spec: the image, built from this tree without a registry and run on a real dockerd.
local dockerd = require "support.dockerd"
local http = require "support.http"
local page = require "support.page"
local shell = require "support.shell"
local wait = require "support.wait"

local CREATE = "/v1.41/containers/create"
local PRESET = " sockguard serve -c /etc/sockguard/cis-docker-benchmark.yaml"


describe("the image", function()
  local engine

  -- Runs the docker command on the engine itself; returns what it prints, without the last newline.
  local function docker(args, ms)
    local code, output = shell.run("exec /usr/bin/docker " .. args, {
      env = { DOCKER_HOST = "unix://" .. engine.path, DOCKER_BUILDKIT = "0" }, ms = ms,
    })
    assert.equal(0, code, args .. ": " .. output)
    return (output:gsub("\n$", ""))
  end

  -- Starts a container of the image; returns the path of its socket, once it is healthy.
  local function start(name, options)
    docker(("run -d --name %s -v %s:/var/run/docker.sock -v %s:/run/sockguard %s%s"):format(
      name, engine.path, name, options, PRESET))
    local healthy = wait.until_true(function()
      return docker("inspect -f {{.State.Health.Status}} " .. name) == "healthy"
    end, 40000)
    assert.is_truthy(healthy, docker("logs " .. name))
    return docker("volume inspect -f {{.Mountpoint}} " .. name) .. "/sockguard.sock"
  end

  -- A line of /proc/1/status, as another container sees it.
  local function status(name, field)
    local text = docker("run --rm --pid container:" .. name .. " alpine cat /proc/1/status")
    return text:match("\n" .. field .. ":%s*([^\n]*)")
  end

  local function verify(socket)
    assert.equal(201, http.post(socket, CREATE, page.POSITIVE).status)
    assert.equal(403, http.post(socket, CREATE, page.NEGATIVE).status)
  end

  local function is_confined(name)
    assert.matches(("65532\t"):rep(3), status(name, "Uid"))
    assert.matches("^0+$", status(name, "CapEff"))
    assert.equal("2", status(name, "Seccomp"))
    assert.equal("1", status(name, "NoNewPrivs"))
    assert.matches("landlock,seccomp", docker("logs " .. name))
  end

  setup(function()
    engine = dockerd.start()
    local code, base = shell.run("scripts/base-image 2>/dev/null", { ms = 600000 })
    assert.equal(0, code, base)
    docker("import " .. base:match "([^\n]+)\n*$" .. " debian:12", 300000)
    assert.matches("the image holds [%d.]+ MiB", docker("build -t sockguard .", 600000))
  end)

  teardown(function()
    if engine then
      engine:clear()
      engine:stop()
    end
  end)

  it("has no shell and no package manager", function()
    local code = shell.run("exec /usr/bin/docker run --rm --entrypoint /bin/sh sockguard -c true",
                           { env = { DOCKER_HOST = "unix://" .. engine.path } })
    assert.are_not.equal(0, code)
    local names = docker "run --rm sockguard version"
    assert.matches("sockguard", names)
  end)

  it("runs as the quick start says: healthy, and guarding", function()
    local socket = start("quick", "")
    verify(socket)
    is_confined "quick"
    assert.matches(",user,", docker "logs quick")
  end)

  it("runs without any privilege, as a user from outside", function()
    local group = select(2, shell.run("stat -c %g " .. engine.path)):match "%d+"
    local socket = start("least", "--read-only --cap-drop ALL --security-opt no-new-privileges "
      .. "--user 65532:" .. group)
    verify(socket)
    is_confined "least"
  end)

  it("says which group is missing", function()
    docker(("run -d --name lost -v %s:/var/run/docker.sock --user 65532:65532%s"):format(
      engine.path, PRESET))
    assert.equal("1", docker "wait lost")
    assert.matches("is of group %d+, which user 65532 is not in", docker "logs lost")
  end)

  it("refuses a workload that reaches for it, by any name", function()
    local socket = start("held", "")
    local id = docker "inspect -f {{.Id}} held"
    for _, name in ipairs { "held", id, id:sub(1, 12), "%68eld" } do
      for _, request in ipairs {
        { "POST", "/v1.41/containers/" .. name .. "/stop" },
        { "POST", "/v1.41/containers/" .. name .. "/kill" },
        { "DELETE", "/v1.41/containers/" .. name .. "?force=1" },
      } do
        local response = http.request(socket, { method = request[1], target = request[2] })
        assert.equal(403, response.status, request[2])
      end
    end
    assert.equal(403, http.post(socket, CREATE, page.with { PidMode = "container:held" }).status)
    assert.equal("true", docker "inspect -f {{.State.Running}} held")
  end)
end)

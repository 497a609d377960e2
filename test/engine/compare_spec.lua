-- compare_spec: each of test/engine/steps.lua, once directly and once through sockguard, on a
-- real dockerd; output, its order and the exit code must be the same.
--
-- Put aside before comparing, and nothing else:
--   ids        each 12 or 64 hexadecimal digits become ID1, ID2 … in the order of their first use
--   times      a date with a time of day becomes TIME; "3 seconds", "About a minute" … become AGO,
--              and a run of spaces one, for columns are as wide as what they hold
--   a race     of the docker CLI with itself: it may say, as it ends, that its wait was canceled
--   numbers    only in steps marked `numbers`, whose numbers are measurements: NUMBER, and their
--              units NUMBERB
--
-- DOCKER_CLI names the docker command to use (default: Debian's, /usr/bin/docker).
local dockerd = require "support.dockerd"
local house = require "support.house"
local modules = require "support.modules"
local proxy = require "support.proxy"
local scratch = require "support.scratch"
local shell = require "support.shell"
local uv = require "luv"

local STEPS = dofile "test/engine/steps.lua"

-- Deadlines so short that the steps which wait outlast every one of them.
local QUIET = 3 -- seconds
local CONFIG = [[
response:
  redact_container_env: false
  redact_mount_paths: false
  redact_network_topology: false
  redact_sensitive_data: false
upstream: { request_timeout: 2s }
timeouts: { head: 1s, body: 2s, keep_alive: 1s, connect: 2s, lookup: 2s }
request_body:
  container_update:
    { allow_all_devices: true, allow_resource_updates: true, allow_restart_policy: true }
  exec: { allow_privileged: true, allow_root_user: true }
  image_pull: { allow_all_registries: true, allow_imports: true }
]] .. house.EVERYTHING

local DOCKERFILE = [[
FROM alpine
COPY file /copied
RUN cat /copied >/made && echo built
CMD ["cat", "/made"]
]]

local COMPOSE = [[
version: "2.4"
services:
  back:
    image: alpine
    command: sh -c 'echo back is up; exec sleep 600'
  front:
    image: alpine
    depends_on: [back]
    command: sh -c 'ping -c 1 -W 2 back >/dev/null && echo reached back; exec sleep 600'
]]

-- Waits for both sizes of a terminal, then reads what to exit with.
local AWAIT_SIZE = [[
for size in "24 80" "40 100"; do
  until [ "$(stty size 2>/dev/null)" = "$size" ]; do sleep 0.1; done
  echo "$size"
done
read -r code
exit "$code"
]]

-- What a step prints that did not do what it is for, whatever it is compared with.
local BROKEN = { "exit code nil", "never printed", "Traceback", "not found", "Cannot connect",
                 "is too old", "is too new" }

local MONTHS = {
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
}
local UNITS = { "second", "minute", "hour" }


local function without_times(text)
  text = text:gsub("%d%d%d%d%-%d%d%-%d%d[T ][%d:.]+[Z%d+:-]*", "TIME")
  for _, month in ipairs(MONTHS) do
    text = text:gsub("%u%l%l " .. month .. " [ %d]%d [%d:]+ %d%d%d%d", "TIME")
  end
  for _, unit in ipairs(UNITS) do
    text = text:gsub("Less than an? " .. unit, "AGO"):gsub("About an? " .. unit, "AGO")
    text = text:gsub("%d+ " .. unit .. "s?", "AGO")
  end
  return (text:gsub(" +", " "))
end


local function is_id(digits)
  return (#digits == 12 or #digits == 64) and not digits:find("^%d+$")
end


local function with_numbered_ids(text)
  local numbers, count = {}, 0
  return (text:gsub("%f[%w]%x+%f[%W]", function(digits)
    if not is_id(digits) then
      return nil
    end
    local id = digits:sub(1, 12)
    if not numbers[id] then
      count = count + 1
      numbers[id] = "ID" .. count
    end
    return numbers[id]
  end))
end


local function normalised(text, numbers)
  text = with_numbered_ids(without_times(text))
  text = text:gsub("[^\n]*error waiting for container: context canceled\n", "")
  if numbers then
    text = text:gsub("%x%x:%x%x:%x%x:%x%x:%x%x:%x%x", "MAC"):gsub("%d[%d.]*", "NUMBER")
    text = text:gsub("NUMBER[kKMGT]i?B", "NUMBERB")
  end
  return text
end


describe("compared with the engine itself", function()
  local engine, guard, folder, env
  local direct = {}

  -- What a step prints, with its exit code, through the socket.
  local function outcome(step, socket)
    env.DOCKER_HOST = "unix://" .. socket
    local code, output = shell.run(step[2], { env = env, dir = folder, ms = step.ms or 30000 })
    return normalised(output, step.numbers) .. "\nexit code " .. tostring(code)
  end

  local function forget_everything()
    env.DOCKER_HOST = "unix://" .. engine.path
    shell.run([[
      docker ps -aq | xargs -r docker rm -f
      docker volume ls -q | xargs -r docker volume rm
      docker network prune -f
      docker images --format '{{.Repository}}:{{.Tag}}' | grep -v '^alpine:' |
        xargs -r docker rmi -f
      docker image prune -f]], { env = env })
  end

  setup(function()
    local node_modules = modules.install()
    engine = dockerd.start()
    guard = proxy.start { config = CONFIG, upstream = engine.path }
    folder = scratch.new()
    assert(uv.fs_mkdir(folder .. "/context", 493)) -- 0755
    scratch.write(folder .. "/context/Dockerfile", DOCKERFILE)
    scratch.write(folder .. "/context/file", ("fedcba9876543210"):rep(1000))
    scratch.write(folder .. "/docker-compose.yml", COMPOSE)
    scratch.write(folder .. "/file", ("0123456789abcdef"):rep(100000))
    shell.run([[mkdir bin; ln -s "$CLI" bin/docker; ln -s /usr/bin/docker-compose bin/]],
              { dir = folder, env = { CLI = os.getenv "DOCKER_CLI" or "/usr/bin/docker" } })
    local clients = uv.cwd() .. "/test/engine/clients"
    env = {
      PATH = folder .. "/bin:" .. os.getenv "PATH", HOME = folder, LANG = "C.UTF-8", TERM = "xterm",
      CLIENTS = clients, TERMINAL = clients .. "/terminal.py", NODE_PATH = node_modules,
      QUIET = tostring(QUIET), AWAIT_SIZE = AWAIT_SIZE,
      DOCKER_BUILDKIT = "0", COMPOSE_DOCKER_CLI_BUILD = "0", COMPOSE_API_VERSION = "1.41",
    }
    forget_everything()
    env.DOCKER_HOST = "unix://" .. engine.path
    local code, output = shell.run("docker run --rm alpine true", { env = env, dir = folder })
    assert(code == 0, "this engine runs no containers: " .. output)
    for i, step in ipairs(STEPS) do
      direct[i] = outcome(step, engine.path)
    end
    forget_everything()
  end)

  teardown(function()
    guard:stop()
    engine:stop()
    scratch.remove(folder)
  end)

  for i, step in ipairs(STEPS) do
    it("the same: " .. step[1], function()
      for _, sign in ipairs(BROKEN) do
        assert.is_nil(direct[i]:find(sign, 1, true), direct[i])
      end
      assert.equal(direct[i], outcome(step, guard.address))
    end)
  end
end)

-- redaction_spec: what a real dockerd tells of secrets, host folders and addresses that were
-- planted in it, and that a client behind sockguard gets none of it, in no byte of any answer.
--
-- Values end in "-geheim", addresses are of networks that nothing else here has.
local dockerd = require "support.dockerd"
local house = require "support.house"
local http = require "support.http"
local modules = require "support.modules"
local proxy = require "support.proxy"
local shell = require "support.shell"
local wait = require "support.wait"

local CLI = os.getenv "DOCKER_CLI" or "/usr/bin/docker"

local CONFIG = house.EVERYTHING .. [[
response: { redact_host_topology: true }
]]

local CONTAINER = [[{
  "Image": "alpine", "Cmd": ["sleep", "600"], "Env": ["PASSWORD=env-geheim"],
  "HostConfig": {
    "Binds": ["/tmp/path-geheim:/a:ro"],
    "Mounts": [{ "Type": "volume", "Source": "planted", "Target": "/b" }],
    "Dns": ["203.0.113.53"], "ExtraHosts": ["db:203.0.113.54"], "NetworkMode": "net",
    "PortBindings": { "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "18080" }] },
    "LogConfig": { "Type": "json-file", "Config": { "labels": "log-geheim" } }
  },
  "NetworkingConfig": { "EndpointsConfig": { "net": {
    "IPAMConfig": { "IPv4Address": "198.51.100.7" } } } }
}]]

local SERVICE = [[{
  "Name": "svc", "Mode": { "Replicated": { "Replicas": 0 } },
  "TaskTemplate": { "ContainerSpec": {
    "Image": "alpine", "Env": ["TOKEN=service-geheim"], "Hosts": ["203.0.113.55 db"],
    "DNSConfig": { "Nameservers": ["203.0.113.56"] },
    "Mounts": [{ "Type": "bind", "Source": "/tmp/path-geheim", "Target": "/m" }],
    "Secrets": [{ "SecretID": "%s", "SecretName": "pass",
                  "File": { "Name": "s", "UID": "0", "GID": "0", "Mode": 292 } }] } }
}]]

-- What may be nowhere, and how it shows that it was planted.
local PLANTED = {
  "env-geheim", "path-geheim", "log-geheim", "device-geheim", "image-geheim", "exec-geheim",
  "203.0.113.53", "203.0.113.54", "198.51.100.", "service-geheim", "203.0.113.55",
  "203.0.113.56", "Y29uZmlnLWdlaGVpbQ==", "SWMTKN-",
}


local function read(path, address)
  local response = http.request(address, { target = path, ms = 30000 })
  assert(response, path .. ": no answer")
  return response
end


describe("a real dockerd's answers", function()
  local engine, guard, ids, swarm

  local function make(method, path, json, status)
    local got, value = engine:ask(method, path, json)
    assert.equal(status, got, path .. ": " .. tostring(type(value) == "table" and value.message))
    return value
  end

  local function plant()
    ids = {}
    make("POST", "/networks/create", '{"Name":"net","IPAM":{"Config":[{"Subnet":"198.51.100.0/24"}]},'
      .. '"Options":{"com.docker.network.bridge.host_binding_ipv4":"127.0.0.1"}}', 201)
    make("POST", "/volumes/create", '{"Name":"planted","DriverOpts":{"type":"none","o":"bind",'
      .. '"device":"/tmp/path-geheim/device-geheim"}}', 201)
    local maker = make("POST", "/containers/create", '{"Image":"alpine","HostConfig":{"Binds":'
      .. '["/tmp/path-geheim/device-geheim:/a"]}}', 201).Id -- the engine makes the folder
    make("POST", "/containers/" .. maker .. "/start", nil, 204)
    make("DELETE", "/containers/" .. maker .. "?force=1", nil, 204)
    ids.container = make("POST", "/containers/create?name=planted", CONTAINER, 201).Id
    make("POST", "/containers/" .. ids.container .. "/start", nil, 204)
    make("POST", "/commit?container=planted&repo=planted&changes=ENV%20KEY%3Dimage-geheim", "{}", 201)
    ids.exec = make("POST", "/containers/planted/exec",
      '{"Cmd":["true","exec-geheim"],"Env":["A=env-geheim"]}', 201).Id
  end

  -- Swarm needs more of a machine than the rest; where it does not start, its routes say so.
  local function plant_swarm()
    local status, value = engine:ask("POST", "/swarm/init",
      '{"ListenAddr":"127.0.0.1:2377","AdvertiseAddr":"127.0.0.1"}')
    local why = type(value) == "table" and value.message or value
    swarm = status == 200
    print(swarm and "" or "this engine makes no swarm here: " .. tostring(why))
    if not swarm then
      return
    end
    make("POST", "/secrets/create", '{"Name":"pass","Data":"Z2VoZWlt"}', 201)
    make("POST", "/configs/create", '{"Name":"cfg","Data":"Y29uZmlnLWdlaGVpbQ=="}', 201)
    local _, secrets = engine:ask("GET", "/secrets")
    ids.service = make("POST", "/services/create", SERVICE:format(secrets[1].ID), 201).ID
  end

  setup(function()
    engine = dockerd.start()
    guard = proxy.start { config = CONFIG, upstream = engine.path }
    plant()
    plant_swarm()
  end)

  teardown(function()
    if engine then
      if swarm then
        engine:ask("POST", "/swarm/leave?force=1")
      end
      engine:clear()
      engine:ask("DELETE", "/volumes/planted")
      engine:ask("DELETE", "/networks/net")
      engine:ask("DELETE", "/images/planted")
    end
    if guard then
      guard:stop()
    end
    if engine then
      engine:stop()
    end
    shell.run "rm -rf /tmp/path-geheim"
  end)

  local function routes()
    local list = {
      "/containers/json?all=1", "/containers/planted/json", "/containers/planted/json?size=1",
      "/containers/planted/stats?stream=false", "/containers/planted/top", "/exec/" .. ids.exec .. "/json",
      "/images/json", "/images/planted/json", "/images/planted/history", "/networks",
      "/networks/net", "/networks/net?verbose=1", "/volumes", "/volumes/planted", "/info",
      "/system/df", "/version", "/plugins", "/events?since=1&until=" .. os.time() + 1,
    }
    for _, path in ipairs(swarm and {
      "/swarm", "/nodes", "/services", "/services/" .. ids.service, "/tasks", "/secrets", "/configs",
      "/swarm/unlockkey",
    } or {}) do
      list[#list + 1] = path
    end
    return list
  end

  it("tell all that was planted, and not behind sockguard", function()
    local found = {}
    for _, path in ipairs(routes()) do
      local direct, through = read(path, engine.path), read(path, guard.address)
      assert.equal(direct.status, through.status, path .. ": " .. through.body:sub(1, 200))
      for _, value in ipairs(PLANTED) do
        found[value] = found[value] or direct.body:find(value, 1, true) ~= nil
        assert.is_nil(through.body:find(value, 1, true), value .. " in " .. path)
      end
    end
    for _, value in ipairs(PLANTED) do
      local of_swarm = value:find "service" or value:find "%.5[56]" or value:find "^%u.*[-=]$"
      if swarm or not of_swarm then
        assert.is_true(found[value], value .. " was not planted")
      end
    end
  end)

  it("tell no folder of the engine's and no id of a network, of its version or the newest", function()
    local _, info = engine:ask("GET", "/info")
    local _, net = engine:ask("GET", "/networks/net")
    local _, container = engine:ask("GET", "/containers/planted/json")
    local secret = { info.DockerRootDir, container.NetworkSettings.SandboxKey,
                     container.NetworkSettings.Networks.net.MacAddress }
    for _, version in ipairs { "", "/v1.41", "/v1.24" } do
      for _, path in ipairs(routes()) do
        local body = read(version .. path, guard.address).body
        for _, value in ipairs(secret) do
          assert.is_nil(body:find(value, 1, true), value .. " in " .. version .. path)
        end
        if not path:find "^/networks" and not path:find "^/events" then
          assert.is_nil(body:find(net.Id, 1, true), net.Id .. " in " .. version .. path)
        end
      end
    end
  end)

  it("of a stream of events tell no command of an exec", function()
    local connection = http.connect(guard.address)
    connection:send(http.bytes { target = "/v1.41/events" })
    wait.until_true(function()
      return connection:bytes():find("\r\n\r\n", 1, true)
    end, 5000)
    local _, exec = engine:ask("POST", "/containers/planted/exec", '{"Cmd":["echo","exec-geheim"]}')
    engine:ask("POST", "/exec/" .. exec.Id .. "/start", '{"Detach":true}')
    assert.is_truthy(wait.until_true(function()
      return connection:bytes():find("exec_start", 1, true)
    end, 5000))
    assert.is_nil(connection:bytes():find("geheim", 1, true))
    connection:close()
  end)

  it("are read by the docker command without an error", function()
    local commands = {
      "ps -a", "ps -a --no-trunc --format json", "inspect planted", "images", "image inspect planted",
      "history planted", "network ls", "network inspect net", "volume ls",
      "volume inspect planted", "system df", "system df -v", "info", "port planted",
    }
    local of_swarm = { "service inspect svc", "config inspect cfg", "node ls", "secret ls" }
    table.move(of_swarm, 1, swarm and #of_swarm or 0, #commands + 1, commands)
    for _, words in ipairs(commands) do
      local exit, output = shell.run(CLI .. " " .. words,
                                     { env = { DOCKER_HOST = "unix://" .. guard.address } })
      assert.equal(0, exit, words .. ": " .. tostring(output))
      assert.is_nil(output:find("geheim", 1, true), output)
    end
  end)

  it("are read by python3-docker and dockerode without an error", function()
    for script, command in pairs { ["read_all.py"] = "/usr/bin/python3", ["read_all.js"] = "node" } do
      local exit, output = shell.run(command .. " test/engine/clients/" .. script, {
        env = { DOCKER_HOST = "unix://" .. guard.address, NODE_PATH = modules.install() },
        ms = 120000,
      })
      assert.equal(0, exit, output)
      assert.matches("<redacted>", output)
      assert.is_nil(output:find("path%-geheim") or output:find "env%-geheim", output)
    end
  end)
end)

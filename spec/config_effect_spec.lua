-- config_effect_spec: what a configuration comes to: rules, places to listen, guards.
local meet = require "config.meet"
local config = require "support.config"

local ACKS = "insecure_allow_plain_tcp: true\n  insecure_allow_unauthenticated_clients: true"


describe("the default rules", function()
  it("hold when the list is absent or empty", function()
    for _, yaml in ipairs { "", "rules: []", "rules:" } do
      local rules = config.load(yaml).rules
      assert.equal(5, #rules)
      assert.same({ methods = "*", path = "/**", allow = false,
                    reason = "no matching allow rule" }, rules[5])
    end
  end)

  it("let foreign variables pass once the list is another one", function()
    local yaml = "rules: [{match: {method: GET, path: /_ping}, action: allow}]"
    assert.is_nil(config.load(yaml, { env = { CONTAINERS = "1" } }).error)
  end)
end)


describe("listening", function()
  local function place(yaml, options)
    local result = config.load(yaml, options)
    assert.is_nil(result.error)
    return result.c.listeners[1]
  end

  it("is on our own unix socket when nothing is said about it", function()
    assert.same({ name = "default", socket = "/run/sockguard/sockguard.sock", address = "",
                  host = "", port = 0, mode = 384, uid = -1, gid = -1 }, place(""))
    assert.equal("/run/sockguard/sockguard.sock", place("listen: {host_names: [p]}").socket)
  end)

  it("is on the reference's address once any of its keys is set", function()
    assert.equal("127.0.0.1:2375", place("listen: {socket_mode: \"0600\"}").address)
    assert.equal("127.0.0.1:2375",
                 place("", { env = { SOCKGUARD_LISTEN_SOCKET_MODE = "0600" } }).address)
  end)

  it("takes the socket before the address, and group zero as a group", function()
    assert.same({ name = "default", socket = "/s", address = "", host = "", port = 0, mode = 432,
                  uid = -1, gid = 0 },
                place("listen: {socket: /s, address: \"0.0.0.0:1\", socket_mode: \" 0660 \", " ..
                      "socket_gid: 0}"))
  end)

  it("takes several places, without defaults", function()
    local result = config.load([[
listeners:
  - {name: ci, socket: /ci, socket_mode: "0600", socket_uid: 5, allowed_profiles: ["*"]}
  - {name: tcp, address: "127.0.0.1:1", allowed_profiles: "*"}
]])
    assert.same({
      { name = "ci", socket = "/ci", address = "", host = "", port = 0, mode = 384, uid = 5,
        gid = -1 },
      { name = "tcp", socket = "", address = "127.0.0.1:1", host = "127.0.0.1", port = 1,
        mode = 384, uid = -1, gid = -1 },
    }, result.c.listeners)
  end)

  it("is open to others only with both acknowledgements", function()
    assert.equal(":2375", place("listen:\n  address: \":2375\"\n  " .. ACKS).address)
  end)
end)


describe("the start-up guards", function()
  local function guarded(yaml, allowed)
    local result = config.load(yaml, { serving = true, allows = function(method, path)
      return allowed[method .. " " .. path] or false
    end })
    return result.error
  end

  local EXEC = { ["POST /containers/sockguard-test/exec"] = true,
                 ["POST /exec/sockguard-test/start"] = true }
  local LOGS = { ["GET /containers/sockguard-test/logs"] = true }
  local GRPC = { ["POST /grpc"] = true }

  it("refuse bodies that nothing judges, and name each probe", function()
    assert.equal("config validation failed:\n  - insecure_allow_body_blind_writes: is off, and " ..
                 "the rules allow requests whose bodies nothing judges: " ..
                 "POST /containers/sockguard-test/exec, POST /exec/sockguard-test/start; " ..
                 "expected narrower rules, or insecure_allow_body_blind_writes: true",
                 guarded("", EXEC))
  end)

  it("accept exec once commands are listed, or when acknowledged", function()
    assert.is_nil(guarded("request_body: {exec: {allowed_commands: [[ls]]}}", EXEC))
    assert.is_nil(guarded("insecure_allow_body_blind_writes: true", EXEC))
  end)

  it("refuse answers that carry data out", function()
    assert.matches("insecure_allow_read_exfiltration: is off, .* data out: " ..
                   "GET /containers/sockguard%-test/logs; ", guarded("", LOGS))
    assert.is_nil(guarded("insecure_allow_read_exfiltration: true", LOGS))
  end)

  it("refuse tunnels", function()
    assert.matches("looks into: POST /grpc; ", guarded("", GRPC))
    assert.is_nil(guarded("insecure_accept_opaque_buildkit_tunnels: true", GRPC))
  end)

  it("see a rule that opens such a route for one certain id, whatever its spelling", function()
    local function exposed(path)
      local result = config.load(
        "rules: [{match: {method: \"get, head\", path: '" .. path .. "'}, action: allow}]",
        { serving = true, allows = function(method, asked)
          return method == "GET" and meet(path, asked) ~= nil
        end })
      return result.error and result.error:match "data out: (.-);"
    end
    for path, found in pairs {
      ["/containers/web/logs"] = "GET /containers/web/logs",
      ["/containers/we*/l*"] = "GET /containers/we/logs",
      ["/containers/web/**"] = "GET /containers/web/archive, GET /containers/web/export, "
        .. "GET /containers/web/logs, GET /containers/web/attach/ws",
      ["/**/logs"] = "GET /containers/sockguard-test/logs, "
        .. "GET /services/sockguard-test/logs, GET /tasks/sockguard-test/logs, "
        .. "GET /libpod/containers/sockguard-test/logs",
      ["/containers/a/b/export"] = "GET /containers/a/b/export",
      ["/images/acme/app/get"] = "GET /images/acme/app/get",
    } do
      assert.equal(found, exposed(path))
    end
    for _, path in ipairs { "/containers/json", "/containers/*/json", "/containers/*/log",
                            "/images/get2", "/images/**/json" } do
      assert.is_nil(exposed(path))
    end
  end)

  it("are not fooled by a rule before that takes the plainest path away", function()
    local function exposed(rules)
      local list = {}
      for i, rule in ipairs(rules) do
        list[i] = ("{match: {method: '%s', path: '%s'}, action: %s}"):format(
          rule[1], rule[2], rule[3])
      end
      local result = config.load("rules: [" .. table.concat(list, ", ") .. "]",
        { serving = true, allows = function() return false end })
      return result.error and result.error:match "data out: (.-);"
    end
    assert.matches("^GET /containers/web%-*x*/logs$", exposed {
      { "GET", "/containers/web/logs", "deny" }, { "GET", "/containers/web*/logs", "allow" } })
    assert.matches("^GET /containers/web[^/]+/logs$", exposed {
      { "*", "/containers/web/**", "deny" }, { "GET", "/containers/web*/logs", "allow" } })
    assert.is_nil(exposed {
      { "*", "/containers/web*/logs", "deny" }, { "GET", "/containers/web-*/logs", "allow" } })
    assert.is_nil(exposed {
      { "GET", "/containers/*/logs", "deny" }, { "GET", "/containers/*/archive", "deny" },
      { "GET", "/containers/*/export", "deny" }, { "GET", "/containers/*/attach/ws", "deny" },
      { "GET", "/containers/web*/*", "allow" } })
    assert.matches("GET /containers/web", exposed { { " * ", "/containers/web-*/logs", "allow" } })
    assert.matches("POST /containers/web/attach",
                   exposed { { "GET, *", "/containers/web/attach", "allow" } })
    assert.matches("GET /containers/web%-1/logs", exposed { { "GET", "*/web-1/logs", "allow" } })
    assert.matches("POST /containers/web/copy", exposed {
      { "post", "/containers/web/copy", "allow" } })
  end)

  it("report the first that stands against the rules", function()
    local both = { ["POST /swarm/join"] = true, ["GET /images/get"] = true }
    local whole = guarded("", both)
    assert.matches("POST /swarm/join", whole, 1, true)
    assert.not_matches("/images/get", whole, 1, true)
  end)

  it("are about serving only", function()
    assert.is_nil(config.load("", { allows = function() return true end }).error)
  end)
end)


describe("what the policy is given", function()
  it("is every setting nested by its key, but for rules and listeners", function()
    local nested = config.load("request_body: {exec: {allowed_commands: [[a, b]]}}").nested
    assert.same({ { "a", "b" } }, nested.request_body.exec.allowed_commands)
    assert.is_false(nested.request_body.container_create.allow_privileged)
    assert.equal("1.24", nested.api_versions.min)
    assert.is_nil(nested.rules)
    assert.is_nil(nested.listeners)
  end)
end)

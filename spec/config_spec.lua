-- config_spec: where settings come from, and what is said when they are wrong.
local config = require "support.config"
local json = require "config.json"
local load_settings = require "config.load"
local schema = require "config.schema"
local typed = require "config.typed"


-- A value in words, other than the default, that a setting's type takes.
local function other_text(entry)
  local words = {
    bool = entry.default and "false" or "true", int = "7", string = "other", duration = "7s",
    size = "7MiB", version = "1.30", list = "a,b",
  }
  return words[entry.type]
end


local OTHER_JSON = {
  int = "7", string = "\"other\"", duration = "\"7s\"", size = "\"7MiB\"",
  version = "\"1.30\"", list = "[\"a\",\"b\"]",
}


local function load_only(source)
  return load_settings {
    text = source.text, name = "c.yaml", env = source.env or {}, flags = source.flags or {},
  }
end


describe("the sources of a setting", function()
  it("are, strongest first, flag, variable, alias, file and default", function()
    local yaml = "log:\n  level: debug\n"
    local env = { LOG_LEVEL = "warning", SOCKGUARD_LOG_LEVEL = "error" }
    local leaf = function(options)
      return config.leaves(options.yaml, options)["log.level"]
    end
    assert.same({ value = "\"info\"", origin = "default" }, leaf { yaml = "" })
    assert.same({ value = "\"debug\"", origin = "c.yaml:2" }, leaf { yaml = yaml })
    assert.same({ value = "\"warn\"", origin = "environment LOG_LEVEL" },
                leaf { yaml = yaml, env = { LOG_LEVEL = "warning" } })
    assert.same({ value = "\"error\"", origin = "environment SOCKGUARD_LOG_LEVEL" },
                leaf { yaml = yaml, env = env })
    assert.same({ value = "\"info\"", origin = "flag --log-level" },
                leaf { yaml = yaml, env = env, flags = { "log.level=info" } })
  end)

  it("name the flags as people write them", function()
    local leaves = config.leaves("", { flags = {
      "listen.socket=/s", "upstream.socket=/u", "response.deny_verbosity=verbose",
    } })
    assert.equal("flag --listen-socket", leaves["listen.socket"].origin)
    assert.equal("flag --upstream-socket", leaves["upstream.socket"].origin)
    assert.equal("flag --deny-verbosity", leaves["response.deny_verbosity"].origin)
  end)

  it("include a variable for every leaf that has a form in one line", function()
    for _, entry in ipairs(schema.list) do
      if typed.has_text(entry) then
        local name = schema.env_of(entry.key)
        local settings = load_only { env = { [name] = other_text(entry) } }
        local want = OTHER_JSON[entry.type] or tostring(not entry.default)
        assert.equal(want, json(settings.values[entry.key]), entry.key)
        assert.equal("environment " .. name, settings.origins[entry.key])
        assert.is_nil(settings.report:text("load"))
      end
    end
  end)

  it("have a variable of its own for each setting", function()
    local seen = {}
    for _, entry in ipairs(schema.list) do
      local name = schema.env_of(entry.key)
      assert.is_nil(seen[name], name)
      seen[name] = true
    end
  end)

  it("leave out an empty variable, but not an empty value in the file", function()
    local env = { SOCKGUARD_UPSTREAM_REQUEST_TIMEOUT = "" }
    assert.equal("\"60s\"", config.leaves("", { env = env })["upstream.request_timeout"].value)
    local yaml = "upstream: {request_timeout: \"\"}"
    assert.equal("\"\"", config.leaves(yaml)["upstream.request_timeout"].value)
    assert.equal(0, config.load(yaml).c.request)
  end)

  it("let an empty SOCKGUARD_ variable silence its alias", function()
    local env = { SOCKET_PATH = " /alias.sock ", SOCKGUARD_UPSTREAM_SOCKET = "" }
    assert.equal("default", config.leaves("", { env = env })["upstream.socket"].origin)
    env.SOCKGUARD_UPSTREAM_SOCKET = nil
    assert.same({ value = "\"/alias.sock\"", origin = "environment SOCKET_PATH" },
                config.leaves("", { env = env })["upstream.socket"])
  end)

  it("treat null as not set", function()
    for _, null in ipairs { "", "~", "null", "NULL" } do
      assert.equal("default", config.leaves("log: {level: " .. null .. "}")["log.level"].origin)
    end
  end)

  it("give the whole default configuration to an empty file, a comment or no file", function()
    for _, yaml in ipairs { "", "# nothing\n", "---\n", false } do
      for _, leaf in pairs(config.leaves(yaml or nil)) do
        assert.equal("default", leaf.origin)
      end
    end
  end)

  it("give leaves in the order of their keys", function()
    local last = ""
    for _, leaf in ipairs(config.load("").leaves) do
      assert.is_true(last < leaf.key)
      last = leaf.key
    end
  end)

  it("may hold what only looks like a NUL byte", function()
    assert.equal("[\"\\\\0\"]",
                 config.leaves("request_body: {image_pull: {allowed_registries: '\\0'}}")
                 ["request_body.image_pull.allowed_registries"].value)
    assert.equal("\"\\\\0\"", config.leaves("log: {output: \"\\\\0\"}")["log.output"].value)
  end)

  it("know keys in any case", function()
    assert.equal("\"debug\"", config.leaves("LOG: {Level: debug}")["log.level"].value)
  end)

  it("take keys from anchors and merges, with what is written going first", function()
    local leaves = config.leaves("log: &a {level: debug, format: text}\n" ..
                                 "response:\n  deny_verbosity: verbose\n")
    assert.equal("\"text\"", leaves["log.format"].value)
    local settings = load_only { text = "timeouts:\n  <<: [{head: 1s}, {head: 2s, body: 3s}]\n" ..
                                        "  body: 4s\n" }
    assert.equal("1s", settings.values["timeouts.head"])
    assert.equal("4s", settings.values["timeouts.body"])
  end)
end)


-- YAML, the only fault, and options where it takes some.
local LOAD_FAULTS = {
  { "log: {level: [debug]}",
    "c.yaml:1: log.level: is a list; expected debug, info, warn or error" },
  { "health: {enabled: yes}", "c.yaml:1: health.enabled: is \"yes\"; expected true or false" },
  { "health: {enabled: {}}", "c.yaml:1: health.enabled: is a mapping; expected true or false" },
  { "limits:\n  connections: many",
    "c.yaml:2: limits.connections: is \"many\"; expected a whole number from 1 to 1000000" },
  { "listen: {socket_gid: 1.5}",
    "c.yaml:1: listen.socket_gid: is \"1.5\"; expected a whole number" },
  { "listen: {socket_gid: \"\"}",
    "c.yaml:1: listen.socket_gid: is \"\"; expected a whole number" },
  { "listen: {host_names: {a: b}}",
    "c.yaml:1: listen.host_names: is a mapping; expected host names without ports" },
  { "listen: {host_names: [a, [b]]}",
    "c.yaml:1: listen.host_names[1]: is a list; expected text" },
  { "listen: {host_names: [a, ~]}", "c.yaml:1: listen.host_names[1]: is \"~\"; expected text" },
  { "listeners: 7", "c.yaml:1: listeners: is \"7\"; expected a list of listeners" },
  { "rules: [7]", "c.yaml:1: rules[0]: is \"7\"; expected a mapping" },
  { "request_body: {exec: {allowed_commands: ls}}",
    "c.yaml:1: request_body.exec.allowed_commands: is \"ls\"; " ..
    "expected a list of commands, each a list of words" },
  { "log: 3", "c.yaml:1: log: is no mapping; expected settings, one a line, as name: value" },
  { "- a", "c.yaml:1: is no mapping; expected settings, one a line, as name: value" },
  { "log: {output: \"a\\0b\"}", "c.yaml:1: holds a NUL byte" },
  { "log: {output: \"a\n\\x00b\"}", "c.yaml:2: holds a NUL byte" },
  { "log: {output: \"\\u0000\"}", "c.yaml:1: holds a NUL byte" },
  { "log: {output: \"\\U00000000\"}", "c.yaml:1: holds a NUL byte" },
  { "", "environment SOCKGUARD_LOG_OUTPUT: log.output: is not UTF-8; expected text",
    { env = { SOCKGUARD_LOG_OUTPUT = "a\xff" } } },
  { "", "environment SOCKGUARD_HEALTH_ENABLED: health.enabled: is \"on\"; " ..
        "expected true or false", { env = { SOCKGUARD_HEALTH_ENABLED = "on" } } },
  { "log:\n  levl: debug",
    "c.yaml:2: log.levl: is no known setting; did you mean level?" },
  { "allow_privileged: true", "c.yaml:1: allow_privileged: is no known setting; " ..
    "did you mean request_body.container_create.allow_privileged?" },
  { "zzzzzzzz: 1", "c.yaml:1: zzzzzzzz: is no known setting" },
  { "rules:\n  - match: {method: GET, pth: /}\n    action: allow",
    "c.yaml:2: rules[0].match.pth: is no known setting; did you mean path?" },
  { "log: {level: info}\nrules: []\nlog: {}",
    "c.yaml:3: has the key log again; it is already in line 1" },
  { "log: {level: info, Level: info}",
    "c.yaml:1: has the key Level again; it is already in line 1" },
  { "? [a]\n: b", "c.yaml:1: has a key that is no plain word" },
  { "log: *a", "c.yaml:1: uses the alias *a, which nothing before it defines" },
  { "log: &a [*a]", "c.yaml:1: uses the alias *a inside of what it names" },
  { "log:\n  <<: 3", "c.yaml:2: merges (<<) something else than mappings" },
  { "log: !secret x", "c.yaml:1: has the tag !secret; expected plain values" },
  { "rules: [\n", "c.yaml:2: is not YAML: did not find expected node content" },
  { "\tlog: {}", "c.yaml:1: is not YAML: found character that cannot start any token" },
  { "log: {}\na: \xff", "c.yaml:2: is not UTF-8" },
}


describe("a fault of the load stage", function()
  for _, case in ipairs(LOAD_FAULTS) do
    it("reads: " .. case[2]:gsub("%c", "."), function()
      local _, stage = config.refusal(case[1], case[3])
      assert.equal("load", stage)
      assert.equal(case[2], config.fault(case[1], case[3]))
    end)
  end

  it("stands with all others of its stage, and those of the next are not looked for", function()
    assert.equal("config load failed:\n" ..
                 "  - c.yaml:1: a: is no known setting\n" ..
                 "  - c.yaml:2: b: is no known setting",
                 config.refusal("a: 1\nb: 1\nworkers: 0\n"))
  end)

  it("does not fill the report past what is printed", function()
    local lines = {}
    for i = 1, 500 do
      lines[i] = "some_unknown_name_" .. i .. ": 1"
    end
    local whole = config.refusal(table.concat(lines, "\n"))
    assert.is_true(#whole < 4096)
    local shown = select(2, whole:gsub("\n  %- ", ""))
    assert.equal("  and " .. 500 - shown .. " more", whole:match("[^\n]*$"))
  end)

  it("is a warning for an unknown name where strict_config is off, and only for that", function()
    local result = config.load("strict_config: false\nfoo: 1\n")
    assert.is_nil(result.error)
    assert.equal("c.yaml:2: foo: is no known setting (strict_config is off)",
                 result.warnings[1])
    assert.equal("c.yaml:2: log.level: is a list; expected debug, info, warn or error",
                 config.fault("strict_config: false\nlog: {level: []}\n"))
    local env = { SOCKGUARD_STRICT_CONFIG = "0" }
    assert.is_nil(config.load("foo: 1\n", { env = env }).error)
  end)

  it("bounds nesting and aliases", function()
    assert.matches("is no mapping", config.fault("log: " .. ("["):rep(63) .. ("]"):rep(63)))
    assert.equal("c.yaml:1: is nested deeper than 64 levels",
                 config.fault("log: " .. ("["):rep(64) .. ("]"):rep(64)))
    local laughs = { "a: &a0 [x, x, x, x, x, x, x, x, x, x]" }
    for i = 1, 6 do
      laughs[#laughs + 1] = ("b%d: &a%d [%s]"):format(i, i, ("*a" .. i - 1 .. ","):rep(10))
    end
    assert.equal("c.yaml:5: holds more than 100000 values, aliases written out",
                 config.fault(table.concat(laughs, "\n")))
    assert.equal("c.yaml:2: is nested deeper than 64 levels",
                 config.fault("a: &a " .. ("["):rep(40) .. ("]"):rep(40) .. "\nb: " ..
                              ("["):rep(30) .. "*a" .. ("]"):rep(30)))
  end)
end)


local ACKS = "insecure_allow_plain_tcp: true\n  insecure_allow_unauthenticated_clients: true"
local ACKS_WANTED = "which others than this machine may reach, without encryption and " ..
  "without knowing who asks; expected a loopback address, a unix socket, or the " ..
  "acknowledgement listen.insecure_allow_plain_tcp: true and " ..
  "listen.insecure_allow_unauthenticated_clients: true"
local MODE_WANTED = "; expected \"0600\", or \"0660\" with socket_gid, in quotes " ..
                    "(0600 without is octal)"
local TIME_WANTED = "; expected a length of time above 0, at most 24h, such as 30s"
local NAME_WANTED = "; expected a lower-case letter, then up to 62 letters, digits or hyphens"


local function listener(fields)
  return "listeners:\n  - {" .. fields .. "}"
end


local VALIDATE_FAULTS = {
  { "log: {level: INFO}",
    "c.yaml:1: log.level: is \"INFO\"; expected debug, info, warn or error" },
  { "log: {format: xml}", "c.yaml:1: log.format: is \"xml\"; expected json or text" },
  { "log: {output: \"\"}", "c.yaml:1: log.output: is \"\"; expected stderr, stdout or a path" },
  { "response: {deny_verbosity: loud}",
    "c.yaml:1: response.deny_verbosity: is \"loud\"; expected minimal or verbose" },
  { "health: {path: health}",
    "c.yaml:1: health.path: is \"health\"; expected a path that begins with /" },
  { "workers: 0",
    "c.yaml:1: workers: is \"0\"; expected auto, or a whole number from 1 to 32" },
  { "workers: 33",
    "c.yaml:1: workers: is \"33\"; expected auto, or a whole number from 1 to 32" },
  { "workers: many",
    "c.yaml:1: workers: is \"many\"; expected auto, or a whole number from 1 to 32" },
  { "api_versions: {min: 1}",
    "c.yaml:1: api_versions.min: is \"1\"; expected a version such as \"1.24\"" },
  { "timeouts: {head: 0s}", "c.yaml:1: timeouts.head: is \"0s\"" .. TIME_WANTED },
  { "timeouts: {body: 5}", "c.yaml:1: timeouts.body: is \"5\"" .. TIME_WANTED },
  { "timeouts: {drain: 25h}", "c.yaml:1: timeouts.drain: is \"25h\"" .. TIME_WANTED },
  { "lua: {time_limit: -1s}", "c.yaml:1: lua.time_limit: is \"-1s\"" .. TIME_WANTED },
  { "lua: {memory_limit: 1B}",
    "c.yaml:1: lua.memory_limit: is \"1B\"; expected a number of bytes from 1KiB to 1GiB" },
  { "lua: {instruction_limit: 0}",
    "c.yaml:1: lua.instruction_limit: is 0; expected a whole number from 1 to " ..
    "9223372036854775807" },
  { "limits: {connections: 0}",
    "c.yaml:1: limits.connections: is 0; expected a whole number from 1 to 1000000" },
  { "limits: {body_bytes: 2TB}",
    "c.yaml:1: limits.body_bytes: is \"2TB\"; expected a number of bytes from 1KiB to 1024GiB" },
  { "listen: {host_names: [\"proxy:2375\"]}",
    "c.yaml:1: listen.host_names: holds \"proxy:2375\"; expected host names without ports" },
  { "upstream: {socket: \"\"}",
    "c.yaml:1: upstream.socket: is empty; expected the path of the engine's socket" },
  { "upstream: {socket: /" .. ("x"):rep(107) .. "}",
    "c.yaml:1: upstream.socket: is longer than a unix socket's path can be; " ..
    "expected at most 107 bytes" },
  { "upstream: {request_timeout: OFF}", "c.yaml:1: upstream.request_timeout: is \"OFF\"; " ..
    "expected a length of time above 0, at most 24h, or off" },
  { "listen:\n  address: 0.0.0.0:2375",
    "c.yaml:2: listen.address: is \"0.0.0.0:2375\", " .. ACKS_WANTED },
  { "listen:\n  address: nowhere\n  " .. ACKS,
    "c.yaml:2: listen.address: is \"nowhere\"; expected host:port" },
  { "listen: {address: \"\"}",
    "c.yaml:1: listen.address: is empty, and so is listen.socket; expected one of them" },
  { "listen: {socket: /s, socket_mode: 0600}",
    "c.yaml:1: listen.socket_mode: is \"384\"" .. MODE_WANTED },
  { "listen: {socket: /s, socket_mode: \"0660\"}",
    "c.yaml:1: listen.socket_mode: is \"0660\" without socket_gid; " ..
    "expected socket_gid, the group that may connect" },
  { "listen: {socket: /s, socket_uid: -1}",
    "c.yaml:1: listen.socket_uid: is -1; expected a number from 0 to 4294967294" },
  { "listen: {socket: /s}\n" .. listener("name: a, socket: /a, socket_mode: \"0600\", " ..
                                         "allowed_profiles: [\"*\"]"),
    "c.yaml:1: listen.socket: is set, and so is listeners (c.yaml:2); " ..
    "expected either listen or listeners" },
  { listener("socket: /a, socket_mode: \"0600\", allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].name: is missing" .. NAME_WANTED },
  { listener("name: A, socket: /a, socket_mode: \"0600\", allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].name: is \"A\"" .. NAME_WANTED },
  { listener("name: admin, socket: /a, socket_mode: \"0600\", allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].name: is admin, which is reserved; expected another name" },
  { listener("name: a, socket: /a, allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].socket_mode: is missing" .. MODE_WANTED },
  { listener("name: a, allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0]: has neither of socket and address; expected exactly one" },
  { listener("name: a, socket: /a, address: \"localhost:1\", allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0]: has both of socket and address; expected exactly one" },
  { listener("name: a, address: \"localhost:1\", socket_gid: 1, allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0]: has socket_uid or socket_gid, but no socket; " ..
    "expected neither with an address" },
  { listener("name: a, socket: /a, tls: {}, allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].tls: is for addresses, not for unix sockets; expected no tls here" },
  { listener("name: a, address: \"localhost:1\", tls: {}, allowed_profiles: [\"*\"]"),
    "c.yaml:2: listeners[0].tls: known, but this version does not have it yet; " ..
    "expected no tls here" },
  { listener("name: a, address: \"localhost:1\""),
    "c.yaml:2: listeners[0].allowed_profiles: is missing; expected [\"*\"]" },
  { listener("name: a, address: \"localhost:1\", allowed_profiles: [\"*\", b]"),
    "c.yaml:2: listeners[0].allowed_profiles: holds \"*\" and other names; " ..
    "expected [\"*\"] alone" },
  { listener("name: a, address: \"localhost:1\", allowed_profiles: [b]"),
    "c.yaml:2: listeners[0].allowed_profiles: known, but this version does not have it yet; " ..
    "expected [\"*\"]" },
  { listener("name: a, address: \"[::1]:1\", allowed_profiles: [\"*\"]}\n" ..
             "  - {name: b, address: \"[0::0:1]:01\", allowed_profiles: [\"*\"]"),
    "c.yaml:3: listeners[1]: listens where listeners[0] does; expected distinct places" },
  { listener("name: a, address: \"localhost:1\", allowed_profiles: [\"*\"]}\n" ..
             "  - {name: a, address: \"localhost:2\", allowed_profiles: [\"*\"]"),
    "c.yaml:3: listeners[1].name: is a, like that of listeners[0]; expected a name of its own" },
  { "rules: [{action: allow, match: {path: /x}}]",
    "c.yaml:1: rule 1: match.method: is missing; expected a method, several with commas, or *" },
  { "rules: [{action: allow, match: {method: GET}}]",
    "c.yaml:1: rule 1: match.path: is missing; " ..
    "expected a path pattern such as /containers/*/json" },
  { "rules: [{action: allow, match: {method: GET, path: /a%2Fb}}]",
    "c.yaml:1: rule 1: match.path: holds a % sign; expected the path as decoded" },
  { "rules: [{action: allow, match: {method: GET, path: /" .. ("x"):rep(1024) .. "}}]",
    "c.yaml:1: rule 1: match.path: is longer than 1024 bytes; expected a shorter pattern" },
  { "rules:\n  - match: {method: GET, path: /}\n    action: Allow",
    "c.yaml:3: rule 1: action: is \"Allow\"; expected allow or deny" },
  { "rules: [{match: {method: GET, path: /}}]",
    "c.yaml:1: rule 1: action: is missing; expected allow or deny" },
  { "request_body: {container_create: {allowed_devices: [kvm]}}",
    "c.yaml:1: request_body.container_create.allowed_devices: entry 1 is not an absolute " ..
    "path; expected a list of absolute paths" },
  { "request_body: {container_create: {allowed_namespace_sharing_containers: [web, \" a\"]}}",
    "c.yaml:1: request_body.container_create.allowed_namespace_sharing_containers: entry 2 is " ..
    "blank, or has blanks around it; expected a list of strings" },
  { "request_body:\n  network:\n    allow_endpoint_config: true\n" ..
    "    endpoint_config: {allow_aliases: true}",
    "c.yaml:4: request_body.network.endpoint_config.allow_aliases: is set, and so is " ..
    "request_body.network.allow_endpoint_config (c.yaml:3); expected either of them" },
  { "", "environment BUILD, PING: rules: would be made from these variables; known, but this " ..
        "version does not have it yet; expected rules in the configuration file, or none of " ..
        "these variables", { env = { PING = "1", BUILD = "" } } },
  { "metrics: {enabled: true}", "c.yaml:1: metrics.enabled: known, but this version does not " ..
    "have it yet; expected its default false" },
  { "clients: {global_concurrency: {max_inflight: 1}}",
    "c.yaml:1: clients.global_concurrency.max_inflight: known, but this version does not " ..
    "have it yet; expected it not to be set" },
  { "", "flag --log-level: log.level: is \"x\"; expected debug, info, warn or error",
    { flags = { "log.level=x" } } },
  { "", "environment LOG_LEVEL: log.level: is \"loud\"; expected debug, info, warn or error",
    { env = { LOG_LEVEL = " LOUD" } } },
}


describe("a fault of the validate stage", function()
  for _, case in ipairs(VALIDATE_FAULTS) do
    it("reads: " .. case[2]:sub(1, 120), function()
      local _, stage = config.refusal(case[1], case[3])
      assert.equal("validate", stage)
      assert.equal(case[2], config.fault(case[1], case[3]))
    end)
  end

  it("names buildkit's settings beside the acknowledgement that excludes them", function()
    assert.matches("insecure_accept_opaque_buildkit_tunnels: is set, and so is " ..
                   "request_body.buildkit; expected either of them",
                   config.refusal("insecure_accept_opaque_buildkit_tunnels: true\n" ..
                                  "request_body: {buildkit: {session: {health: true}}}"), 1, true)
  end)

  it("bounds listeners and rules by number", function()
    local one = "{name: a, socket: /a, socket_mode: \"0600\", allowed_profiles: [\"*\"]}, "
    assert.equal("c.yaml:1: listeners: has 33 entries; expected at most 32",
                 config.fault("listeners: [" .. one:rep(33) .. "]"))
    local rule = "{match: {method: GET, path: /x}, action: deny}, "
    assert.equal("c.yaml:1: rules: has 4097 entries; expected at most 4096",
                 config.fault("rules: [" .. rule:rep(4097) .. "]"))
    assert.equal(4096, #config.load("rules: [" .. rule:rep(4096) .. "]").rules)
  end)

  it("is there for every setting that is not built, away from its default", function()
    local seen = 0
    for _, entry in ipairs(schema.list) do
      if not entry.built then
        local value = entry.type == "any" and "[{a: 1}]"
                      or OTHER_JSON[entry.type] or tostring(not entry.default)
        local yaml = entry.key:gsub("%.", ": {") .. ": " .. value ..
                     ("}"):rep(select(2, entry.key:gsub("%.", "")))
        assert.matches("c.yaml:1: " .. entry.key .. ": known, but this version does not have " ..
                       "it yet", config.refusal(yaml), 1, true)
        seen = seen + 1
      end
    end
    assert.is_true(seen > 200)
  end)

  it("is not there for them at their defaults", function()
    for _, entry in ipairs(schema.list) do
      if not entry.built and entry.default ~= nil then
        local yaml = entry.key:gsub("%.", ": {") .. ": " .. json(entry.default) ..
                     ("}"):rep(select(2, entry.key:gsub("%.", "")))
        assert.is_nil(config.load(yaml).error, entry.key)
      end
    end
  end)
end)


describe("a warning", function()
  local function warnings(yaml, options)
    local result = config.load(yaml, options)
    assert.is_nil(result.error)
    return result.warnings
  end

  it("is not needed for the defaults", function()
    assert.same({}, warnings(""))
  end)

  local function first(yaml, options)
    return warnings(yaml, options)[1]
  end

  it("names a rule that matches nothing", function()
    local rule = "rules:\n  - match: {method: \"%s\", path: %s}\n    action: allow"
    assert.equal("c.yaml:2: rule 1: /v1.45/info begins with a version; paths are matched " ..
                 "without it, so this rule matches nothing",
                 first(rule:format("GET", "/v1.45/info")))
    assert.equal("c.yaml:2: rule 1: /info/ is no path as a request has it (no slash in front, " ..
                 "or one at the end), so this rule matches nothing",
                 first(rule:format("GET", "/info/")))
    assert.equal("c.yaml:2: rule 1: PURGE is a method that is always refused",
                 first(rule:format("GET, purge", "/info")))
  end)

  it("names a variable of ours that sets nothing", function()
    assert.equal("environment SOCKGUARD_PORT: names no setting; it is ignored",
                 first("", { env = { SOCKGUARD_PORT = "tcp://10.0.0.1" } }))
    assert.equal("environment SOCKGUARD_RULES: rules cannot be set by a variable; it is ignored",
                 first("", { env = { SOCKGUARD_RULES = "x" } }))
  end)

  it("names a second document", function()
    assert.equal("c.yaml:3: a second document begins here; only the first is read",
                 first("---\nlog: {level: debug}\n---\nfoo: 1\n"))
  end)

  it("names each acknowledgement that is on", function()
    for _, name in ipairs { "insecure_allow_body_blind_writes", "insecure_allow_read_exfiltration",
                            "insecure_accept_opaque_buildkit_tunnels" } do
      assert.matches("^" .. name .. " is on: ", warnings(name .. ": true")[1])
    end
  end)
end)


describe("docs/configuration.md", function()
  it("names every setting of the program that is built", function()
    local file = assert(io.open("docs/configuration.md"))
    local page = file:read("a")
    file:close()
    for _, entry in ipairs(require "config.keys") do
      if entry.built == true and not entry.key:find("unknown_fields", 1, true) then
        local name = entry.key == "rules" and "## Rules" or "`" .. entry.key .. "`"
        assert.is_truthy(page:find(name, 1, true), entry.key)
      end
    end
  end)
end)

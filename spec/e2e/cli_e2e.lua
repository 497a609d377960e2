-- cli_e2e: the commands that need no server, or ask one how it is.
local cjson = require "cjson"
local house = require "support.house"
local proxy = require "support.proxy"
local scratch = require "support.scratch"

local PRESET = "presets/cis-docker-benchmark.yaml"
local CREATE = "/v1.41/containers/create"
local PRIVILEGED = '{"Image":"alpine","HostConfig":{"Privileged":true}}'
local COMPLIANT = '{"Image":"alpine","HostConfig":{"ReadonlyRootfs":true,"Memory":268435456,' ..
  '"CpuShares":512,"PidsLimit":100,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges:true"]}}'


local function check(body, ...)
  return proxy.run({ "check", "-c", PRESET, "POST", CREATE, "--body", "-", ... }, { stdin = body })
end


describe("sockguard explain", function()
  local function explain(body, ...)
    return proxy.run({ "explain", "-c", PRESET, "POST", CREATE, "--body", "-", ... },
      { stdin = body })
  end

  it("prints every check that applies with outcome, numbers, settings and their origin", function()
    local code, out = explain(PRIVILEGED)
    assert.equal(3, code)
    for _, part in ipairs {
      "✗ deny      No privileged containers  [CIS 5.4 (docker-bench-security 5.5)]",
      "✓ pass      No host network  [CIS 5.9 (docker-bench-security 5.10)]",
      "? unjudged  No volume that stands for a host folder",
      "setting  request_body.container_create.allow_privileged = false  (" .. PRESET .. ":",
      "Switched off by their settings: container_create.own_container, container_create.allow",
    } do
      assert.matches(part, out, 1, true)
    end
  end)

  it("says the same as JSON, settings that nobody set included", function()
    local code, out = explain(COMPLIANT, "--json")
    local answer = cjson.decode(out)
    assert.equal(0, code)
    assert.equal("allow", answer.decision.verdict)
    local by_id = {}
    for _, told in ipairs(answer.checks) do
      by_id[told.id] = told
    end
    local memory = by_id["container_create.memory_limit"]
    assert.equal("pass", memory.outcome)
    assert.same({ { cis = "5.10", bench = "5.11" } }, memory.controls)
    assert.equal(true, memory.settings[1].value)
    assert.equal("off", by_id["container_create.max_memory"].outcome)
    assert.is_nil(by_id["exec_create.privileged"])
  end)

  it("takes the default for origin where nobody sets a setting", function()
    local dir = scratch.new()
    local file = scratch.write(dir .. "/c.yaml", "rules:\n- match: { method: POST, path: /** }\n"
      .. "  action: allow\ninsecure_allow_body_blind_writes: false\n")
    local _, out = proxy.run({ "explain", "-c", file, "POST", CREATE, "--body", "-" },
      { stdin = PRIVILEGED })
    assert.matches("allow_privileged = false  (default)", out, 1, true)
    scratch.remove(dir)
  end)

  it("says that no check applies where none does", function()
    local code, out = proxy.run { "explain", "-c", PRESET, "GET", "/_ping" }
    assert.equal(0, code)
    assert.matches("No check applies", out, 1, true)
  end)
end)


describe("sockguard docs", function()
  it("prints one table, or all", function()
    local code, out = proxy.run { "docs", "controls" }
    assert.equal(0, code)
    assert.matches("| 5.4 | 5.5 | privileged containers |", out, 1, true)
    local _, all = proxy.run { "docs" }
    assert.is_true(#all > #out)
    assert.equal(2, (proxy.run { "docs", "nothing" }))
  end)
end)


describe("sockguard check", function()
  it("exits 3 for a denial and prints every finding with knob, numbers and fix", function()
    local code, out = check(PRIVILEGED)
    assert.equal(3, code)
    assert.matches("^DENY  403 request_body_policy_denied\n", out)
    for _, part in ipairs { "cc.privileged", "CIS 5.4 (docker-bench-security 5.5)",
                            "request_body.container_create.allow_privileged", "cc.memory",
                            "fix " } do
      assert.matches(part, out, 1, true)
    end
  end)

  it("exits 0 for what would be admitted", function()
    local code, out = check(COMPLIANT)
    assert.equal(0, code)
    assert.matches("^ALLOW\n", out)
  end)

  it("reads a target, headers and a body file like a client's", function()
    local dir = scratch.new()
    local file = scratch.write(dir .. "/body.json", PRIVILEGED)
    local function run(...)
      return (proxy.run { "check", "-c", PRESET, ... })
    end
    assert.equal(3, run("POST", CREATE, "--body", file))
    assert.equal(3, run("POST", CREATE, "-H", "Content-Type: text/plain", "--body", file))
    assert.equal(0, run("GET", "/_ping"))
    assert.equal(3, run("DELETE", "/networks/x"))
    scratch.remove(dir)
  end)

  it("exits 2 for what it was not asked rightly, 1 for a configuration it cannot read", function()
    assert.equal(2, (proxy.run { "check" }))
    assert.equal(2, (proxy.run { "check", "--nothing" }))
    local code, _, complaint = proxy.run { "check", "-c", "/no/such.yaml", "GET", "/_ping" }
    assert.equal(1, code)
    assert.matches("/no/such.yaml", complaint, 1, true)
  end)

  it("answers line for line in a batch, and goes on behind a line that is none", function()
    local line = '{"id":%d,"method":"POST","target":"%s","body":%s}\n'
    local code, out = proxy.run({ "check", "--batch", "-c", PRESET }, {
      stdin = line:format(1, CREATE, PRIVILEGED) .. "nonsense\n" ..
        line:format(2, CREATE, COMPLIANT),
    })
    local answers = {}
    for text in out:gmatch("[^\n]+") do
      answers[#answers + 1] = cjson.decode(text)
    end
    assert.equal(1, code)
    assert.equal(3, #answers)
    assert.equal("deny", answers[1].verdict)
    assert.equal(403, answers[1].status)
    assert.equal("cc.privileged", answers[1].check)
    assert.equal("5.4", answers[1].findings[1].cis)
    assert.is_string(answers[2].error)
    assert.equal(2, answers[3].id)
    assert.equal("allow", answers[3].verdict)
  end)
end)


describe("sockguard validate", function()
  it("says what is in force", function()
    local code, out = proxy.run { "validate", "-c", PRESET, "--settings" }
    assert.equal(0, code)
    assert.matches("Rules %(%d+%)", out)
    assert.matches("request_body.container_create.allow_privileged = false  (" .. PRESET, out, 1,
                   true)
    assert.matches("validation passed", out, 1, true)
  end)

  it("names file, line, key and what was expected", function()
    local dir = scratch.new()
    local file = scratch.write(dir .. "/c.yaml", "log:\n  level: loud\n")
    local code, _, complaint = proxy.run { "validate", "-c", file }
    scratch.remove(dir)
    assert.equal(1, code)
    assert.matches(file .. ":2: log.level: ", complaint, 1, true)
    assert.matches("expected", complaint, 1, true)
  end)
end)


describe("sockguard healthcheck", function()
  it("is 0 while the engine is there and 1 when it is not, or nobody answers", function()
    local h = house.start()
    local file = scratch.write(h.dir .. "/c.yaml",
      ("listen: { socket: %s }\n"):format(h.address) .. house.OPEN)
    local function ask()
      return proxy.run { "healthcheck", "-c", file }
    end
    local code, out = ask()
    assert.equal(0, code)
    assert.equal("healthy", cjson.decode(out).status)
    h.engine:stop()
    require("support.wait").pause(2100)
    code, out = ask()
    assert.equal(1, code)
    assert.equal("unreachable", cjson.decode(out).upstream)
    h.engine:restart()
    h.guard:stop()
    local refused, _, complaint = ask()
    assert.equal(1, refused)
    assert.matches(h.address, complaint, 1, true)
    h.engine:stop()
    scratch.remove(h.dir)
  end)
end)


describe("help", function()
  it("has an example for every command", function()
    for _, command in ipairs { "serve", "validate", "check", "healthcheck", "version" } do
      local code, out = proxy.run { command, "--help" }
      assert.equal(0, code, command)
      assert.matches("Example", out, 1, true)
    end
    local code, out = proxy.run { "--help" }
    assert.equal(0, code)
    assert.matches("Example", out, 1, true)
  end)

  it("is offered for an unknown command, with exit code 2", function()
    local code, _, complaint = proxy.run { "sreve" }
    assert.equal(2, code)
    assert.matches("sreve", complaint, 1, true)
  end)

  it("has no colour where there is no terminal", function()
    local _, out = check(PRIVILEGED)
    assert.is_nil(out:find("\27", 1, true))
  end)
end)


describe("sockguard version", function()
  it("prints text or JSON", function()
    local _, out = proxy.run { "version" }
    assert.matches("^sockguard %d+%.%d+%.%d+\n$", out)
    _, out = proxy.run { "version", "-o", "json" }
    assert.is_string(cjson.decode(out).version)
  end)
end)

-- exec_spec: which id and words an exec's finding carries.
require "support.text"
local example = require "core.example"
local values = require "support.values"


local function decide(surface, request, exec, blind)
  return values.decide(surface, {
    insecure_allow_body_blind_writes = blind, request_body = { exec = exec },
  }, request)
end


local function created(body, exec, blind)
  local found = decide("exec_create", example.exec(body), exec, blind)
  return found[1] and found[1].code, found[1] and found[1].found
end


local function started(process, exec)
  local found = decide("exec_start", example.start(process), exec)
  return found[1] and found[1].code
end


local LS = { { "/bin/ls" } }


describe("an exec", function()
  it("may repeat the container's id, as docker-py does", function()
    assert.is_nil(created({ Cmd = { "/bin/ls" }, User = "1000", Container = "abc" },
      { allowed_commands = LS, unknown_fields = "deny" }))
  end)

  it("is judged in the specification's order", function()
    local body = { Cmd = { "/bin/zzz" }, Privileged = true, Env = { "A=1" } }
    assert.equal("ex.no_allowlist", created(body, {}))
    assert.equal("ex.privileged", created(body, { allowed_commands = LS }))
    assert.equal("ex.root", created(body, { allowed_commands = LS, allow_privileged = true }))
    assert.equal("ex.env_denied", created(body, { allowed_commands = LS, allow_privileged = true,
      allow_root_user = true, denied_env_vars = { "A" } }))
    assert.equal("ex.command", created(body, { allowed_commands = LS, allow_privileged = true,
      allow_root_user = true }))
  end)

  it("without a command is malformed, whatever the settings", function()
    assert.equal("ex.malformed", created({}, {}))
    assert.equal("ex.malformed", created({ Cmd = "  " }, {}, true))
  end)

  it("needs no list where unjudged writes are acknowledged, but keeps to the rest", function()
    assert.is_nil(created({ Cmd = "sh", User = "1" }, {}, true))
    assert.equal("ex.root", created({ Cmd = "sh" }, {}, true))
    assert.equal("ex.command", created({ Cmd = "sh", User = "1" }, { allowed_commands = LS }, true))
  end)

  it("shows the refused command, cut and quoted", function()
    local _, found = created({ Cmd = { "sh", "-c", "echo \"\n\"" }, User = "1" },
      { allowed_commands = LS })
    assert.equal([[command "sh -c echo \"\n\"" is not in allowed_commands]], found)
    local long = {}
    for i = 1, 100 do
      long[i] = "word" .. i
    end
    _, found = created({ Cmd = long, User = "1" }, { allowed_commands = LS })
    assert.is_nil(found:find("word9", 1, true))
  end)
end)


describe("an exec's environment", function()
  local function with(entry, exec)
    exec.allowed_commands, exec.allow_root_user = LS, true
    return created({ Cmd = { "/bin/ls" }, Env = { entry } }, exec)
  end

  it("is refused with an id of its own for each reason", function()
    assert.equal("ex.env_denied", (with("A", { denied_env_vars = { " A " } })))
    assert.equal("ex.env_denied", (with("A=1", { denied_env_vars = { "A" },
      allowed_env_vars = { "A" } })))
    assert.equal("ex.env_not_allowed", (with("=x", { allowed_env_vars = { "A" } })))
    assert.equal("ex.env_value", (with("A", { allowed_env_values = { "A=" } })))
    assert.is_nil(with("A=", { allowed_env_values = { "A=" } }))
    assert.is_nil(with("a=1", { denied_env_vars = { "A" } }))
  end)

  it("never shows a value", function()
    for _, exec in ipairs {
      { denied_env_vars = { "A" } }, { allowed_env_vars = { "B" } },
      { allowed_env_values = { "A=public" } },
    } do
      local code, found = with("A=secret=1", exec)
      assert.is_string(code)
      assert.is_nil(found:find("secret", 1, true))
      assert.is_nil(found:find("public", 1, true))
    end
  end)
end)


describe("an exec start", function()
  it("is judged by what the engine holds", function()
    local root = { allowed_commands = LS, allow_root_user = true }
    assert.is_nil(started({ entrypoint = "/bin/ls", user = "" }, root))
    assert.equal("ex.command", started({ entrypoint = "/bin/sh", arguments = { "-c" } }, root))
    assert.equal("ex.root", started({ entrypoint = "/bin/ls" }, { allowed_commands = LS }))
    assert.equal("ex.privileged", started({ entrypoint = "/bin/ls", privileged = true }, root))
    assert.equal("ex.no_allowlist", started({ entrypoint = "/bin/ls", user = "1" }, {}))
  end)

  it("of nothing that can be seen is refused", function()
    assert.equal("ex.command", started({}, { allowed_commands = LS, allow_root_user = true }))
  end)
end)

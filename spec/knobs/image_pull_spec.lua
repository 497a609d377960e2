-- image_pull_spec: which id and words a pull's finding carries.
require "support.text"
local example = require "core.example"
local values = require "support.values"

-- {"username":"u","password":"p","serveraddress":"evil.example"}
local EVIL = "eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAiLCJzZXJ2ZXJhZGRyZXNzIjoiZXZpbC5leGFtcGxlIn0="
-- {"serveraddress":5}
local NUMBER = "eyJzZXJ2ZXJhZGRyZXNzIjo1fQ=="


local function decide(query, settings, auth)
  return values.decide("image_pull", { request_body = { image_pull = settings or {} } },
    example.pull(query, nil, auth))[1]
end


local function code(query, settings, auth)
  local found = decide(query, settings, auth)
  return found and found.code
end


describe("a pull", function()
  it("asks for a listed or an official registry, and names another", function()
    local found = decide { fromImage = "GHCR.io/acme/app:1" }
    assert.equal("registry", found.code)
    assert.truthy(found.found:find('"ghcr.io"', 1, true))
    assert.is_nil(decide({ fromImage = "ghcr.io/a/b" }, { allowed_registries = { "GHCR.io" } }))
    assert.equal("registry", code({ fromImage = "alpine" }, { allow_official = false }))
    assert.is_nil(decide({ fromImage = "quay.io/x" }, { allow_all_registries = true }))
  end)

  it("without an image, or with a blank one, is the engine's to refuse", function()
    assert.is_nil(decide {})
    assert.is_nil(decide { fromImage = " " })
  end)

  it("is judged although it is also an import", function()
    assert.equal("import", code { fromSrc = "-", fromImage = "alpine" })
    assert.equal("registry", code({ fromSrc = "-", fromImage = "evil.example/x" },
      { allow_imports = true }))
  end)
end)


describe("credentials", function()
  local ghcr = { allowed_registries = { "ghcr.io" } }
  local query = { fromImage = "ghcr.io/acme/app" }

  it("are refused with an id of its own for each reason", function()
    assert.equal("auth-host", code(query, ghcr, EVIL))
    assert.equal("auth-base64", code(query, ghcr, "!!!"))
    assert.equal("auth-json", code(query, ghcr, NUMBER))
    assert.equal("auth-size", code(query, ghcr, ("A"):rep(8193)))
    assert.is_nil(code(query, ghcr, "  "))
    assert.is_nil(code(query, ghcr, "bnVsbA"))
  end)

  it("are compared only with a list, but read in any case", function()
    assert.is_nil(code({ fromImage = "alpine" }, {}, EVIL))
    assert.is_nil(code(query, { allow_all_registries = true, allowed_registries = { "ghcr.io" } },
      EVIL))
    assert.equal("auth-base64", code(query, { allow_all_registries = true }, "!!!"))
  end)

  it("never appear in a reason", function()
    for _, header in ipairs { EVIL, "!secret!", NUMBER } do
      local found = decide(query, ghcr, header).found
      assert.is_nil(found:find(header, 1, true))
      assert.is_nil(found:find("evil.example", 1, true))
    end
  end)
end)

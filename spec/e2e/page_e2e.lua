-- page_e2e: the preset in front of the fake engine, with the page's two requests.
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"
local page = require "support.page"


describe("the CIS preset", function()
  local h

  setup(function()
    h = house.start { config_file = "presets/cis-docker-benchmark.yaml" }
  end)

  teardown(function()
    h:stop()
  end)

  it("refuses the page's negative request", function()
    local response = http.post(h.address, "/v1.41/containers/create", page.NEGATIVE)
    assert.equal(403, response.status)
    assert.equal('{"message":"request denied by sockguard policy"}\n', response.body)
    assert.is_nil(h.engine:next(100))
    local line = h.guard:logged()
    assert.equal("deny", line.decision)
    assert.is_true(line.rule >= 0)
    assert.is_truthy(line.knob)
    assert.is_truthy(line.cis)
    assert.is_truthy(line.bench)
  end)

  it("passes the page's positive request on, byte for byte", function()
    local response = http.post(h.address, "/v1.41/containers/create", page.POSITIVE)
    assert.equal(201, response.status)
    assert.equal(page.POSITIVE, h.engine:next().body)
    assert.equal("allow", h.guard:logged().decision)
  end)

  it("admits no exec, attach or log reading", function()
    for _, request in ipairs {
      { "POST", "/containers/x/exec" }, { "POST", "/exec/x/start" },
      { "POST", "/containers/x/attach" }, { "GET", "/containers/x/logs" },
    } do
      local response = http.request(h.address, { method = request[1], target = request[2] })
      assert.equal(403, response.status, request[2])
      assert.equal("matched_deny_rule", h.guard:logged().reason_code)
    end
  end)

  it("admits each read that it lists", function()
    for _, path in ipairs {
      "/_ping", "/version", "/info", "/containers/json", "/containers/x/json",
      "/images/json", "/networks", "/volumes",
    } do
      assert.equal(200, http.request(h.address, { target = path }).status, path)
    end
  end)

  it("is valid JSON-wise: the positive request is what the page prints", function()
    assert.equal("ALL", cjson.decode(page.POSITIVE).HostConfig.CapDrop[1])
  end)
end)

-- shape_spec: what settings may hold.
require "support.text"
local record = require "core.record"
local shape = require "core.shape"


describe("a shape", function()
  it("turns names into a set without blanks and repeats, in order", function()
    local set = shape.names().compile { " a ", "", "b", "a" }
    assert.same({ "a", "b", a = true, b = true }, set)
  end)

  it("cleans paths and drops what is none", function()
    assert.same({ "/b", ["/b"] = true }, shape.paths().compile { "/a/../b/", "c" })
    local ok, why = shape.paths().valid { "/a", "b" }
    assert.is_nil(ok)
    assert.equal("entry 2 is not an absolute path", why)
  end)

  it("bounds numbers and words", function()
    assert.is_true(shape.count(nil, 1).valid(1))
    assert.is_nil(shape.count(nil, 1).valid(0))
    assert.is_true(shape.word("a", { "a", "b" }).valid "b")
    assert.is_nil(shape.word("a", { "a", "b" }).valid "B")
  end)
end)


describe("a record", function()
  local function check(changes)
    local value = {
      id = "container_create.x", code = "cc.x", surface = "container_create", order = 1,
      title = "t", reason = "r", fix = "f", reads = {}, knobs = {}, check = function() end,
      allows = { {} }, denies = { {} },
    }
    for field, item in pairs(changes) do
      value[field] = item ~= "absent" and item or nil
    end
    return record.check(value)
  end

  it("is complete and has no field that nobody knows", function()
    assert.same({}, check({}).controls)
    assert.error_matches(function() check { resaon = "r" } end, "unknown field resaon")
    assert.error_matches(function() check { title = "absent" } end, "has no title")
    assert.error_matches(function() check { order = "1" } end, "order must be a number")
    assert.error_matches(function() check { always = 1 } end, "always must be a boolean")
  end)

  it("has an example on each side and names a setting that it has", function()
    assert.error_matches(function() check { denies = {} } end, "needs an example on each side")
    assert.error_matches(function() check { knob = "y" } end, "has no setting y")
  end)
end)

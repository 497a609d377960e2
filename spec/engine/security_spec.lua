-- security_spec: how SecurityOpt is read.
require "support.text"
local security = require "engine.security"

local read = security.reading.read


describe("the reading of security options", function()
  it("is nothing where nothing is asked for", function()
    assert.is_nil(read {})
    assert.is_nil(read { "", " \t" })
  end)

  it("lets the last no-new-privileges count", function()
    assert.is_true(read { "no-new-privileges" }.no_new_privileges)
    assert.is_true(read { "no-new-privileges:false", "NO-NEW-privileges= TRUE" }.no_new_privileges)
    assert.is_false(read { "no-new-privileges:true", "no-new-privileges:false" }.no_new_privileges)
    assert.is_false(read { "no-new-privileges", "no-new-privileges=0" }.no_new_privileges)
    assert.is_nil(read { "seccomp=builtin" }.no_new_privileges)
  end)

  it("takes no other word for true, and no padded name", function()
    assert.is_false(read { "no-new-privileges:1" }.no_new_privileges)
    assert.is_false(read { "no-new-privileges:" }.no_new_privileges)
    assert.is_nil(read { "no-new-privileges :true" }.no_new_privileges)
  end)

  it("splits at the first of both separators and keeps the rest", function()
    assert.same({ "type:x", "a=b" }, read { "label:type:x", "LABEL = a=b" }.label)
    assert.same({ "{\"a\":1}" }, read { "seccomp={\"a\":1}" }.seccomp)
  end)

  it("keeps every value of what takes protection away", function()
    assert.same({ "unconfined", "builtin" },
      read { "seccomp=unconfined", "seccomp:builtin" }.seccomp)
  end)

  it("reads a bare disable as label=disable", function()
    assert.same({ "disable" }, read { " disable " }.label)
  end)

  it("lets the last writable-cgroups count and takes odd words for true", function()
    assert.is_true(read { "writable-cgroups" }.writable_cgroups)
    assert.is_true(read { "writable-cgroups=perhaps" }.writable_cgroups)
    assert.is_false(read { "writable-cgroups:true", "writable-cgroups=F" }.writable_cgroups)
  end)

  it("lists what it does not know", function()
    assert.same({ "future", "", "label" }, read { "future=on", "=unconfined", "label" }.unknown)
  end)
end)


describe("an inline seccomp profile", function()
  it("is a text that the engine would decode, empty ones included", function()
    assert.is_true(security.is_inline "{}")
    assert.is_true(security.is_inline "null")
    assert.is_false(security.is_inline "builtin")
    assert.is_false(security.is_inline "")
  end)
end)

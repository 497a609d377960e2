-- command_spec: which commands a template admits.
require "support.text"
local command = require "engine.command"

local shape = command.shape()


local function allows(template, argv)
  return command.is_allowed(argv, shape.compile { template })
end


describe("a command", function()
  it("is a list, or a string that is split without quoting", function()
    assert.same({ "sh", "-c", "'a", "b'" }, command.created.read " sh -c 'a b' ")
    assert.same({ "sh", "" }, command.created.read { "sh", "" })
  end)

  it("is the entry point, if any, and the arguments, as the engine holds it", function()
    assert.same({ "/bin/sh", "-c" }, command.held.read("/bin/sh", { "-c" }))
    assert.same({ "x" }, command.held.read("", { "x" }))
    assert.same({ "x" }, command.held.read(nil, { "x" }))
    assert.same({ "x" }, command.held.read("x", nil))
  end)
end)


describe("allowed_commands", function()
  it("fit word for word and by number", function()
    assert.is_true(allows({ "/bin/ls", "-l" }, { "/bin/ls", "-l" }))
    assert.is_false(allows({ "/bin/ls", "-l" }, { "/bin/ls" }))
    assert.is_false(allows({ "/bin/ls" }, { "/bin/ls", "-l" }))
    assert.is_false(allows({ "/bin/ls" }, { "/BIN/LS" }))
    assert.is_false(allows({ "/bin/ls" }, { "/bin/ls\n" }))
    assert.is_false(allows({ "a.b" }, { "aXb" }))
  end)

  it("take a star for anything but a slash, and two for anything", function()
    assert.is_true(allows({ "run", "*" }, { "run", "" }))
    assert.is_true(allows({ "run", "*" }, { "run", "a\nb" }))
    assert.is_false(allows({ "run", "*" }, { "run", "a/b" }))
    assert.is_true(allows({ "/bin/**" }, { "/bin/a/b" }))
    assert.is_true(allows({ "/bin/**" }, { "/bin" }))
    assert.is_false(allows({ "x", "**" }, { "x", "a\nb" }))
  end)

  it("admit nothing when they are empty", function()
    assert.is_false(allows({}, {}))
    assert.is_false(command.is_allowed({ "x" }, {}))
  end)

  it("have at least one word each, and no blank one", function()
    assert.is_true(shape.valid { { "a", "b" } })
    assert.is_nil(shape.valid { {} })
    assert.is_nil(shape.valid { { "a", " " } })
  end)
end)

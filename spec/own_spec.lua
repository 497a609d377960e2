-- own_spec: what is read of sockguard's own container, and which references mean it.
require "support.text"
local cjson = require "cjson"
local own = require "core.own"

local ID = "ab12" .. ("0"):rep(60)


local function inspect(changes)
  local container = {
    Id = ID, Name = "/guard", Config = { Hostname = "ab1200000000" },
    GraphDriver = { Data = { UpperDir = "/var/lib/docker/overlay2/cafe/diff" } },
    Mounts = { { Type = "volume", Name = "run" }, { Type = "bind", Source = "/etc" },
               { Type = "volume", Name = "state" } },
  }
  for name, value in pairs(changes or {}) do
    container[name] = value
  end
  return cjson.encode(container)
end


describe("a reference to our own container", function()
  local self = { given = "given", id = ID, name = "guard" }

  it("is a name, with or without one slash, the id, or any beginning of it", function()
    for _, ref in ipairs { "guard", "/guard", "given", "/given", "a", "ab", "ab12", ID,
                           ID:sub(1, 12), "/" .. ID } do
      assert.is_true(own.is(self, ref), ref)
    end
  end)

  it("may be any name of a link", function()
    for _, ref in ipairs { "web/guard", "/web/alias", "//guard", "guard/" } do
      assert.is_true(own.is(self, ref), ref)
    end
  end)

  it("is nothing else", function()
    for _, ref in ipairs {
      "", "/", "Guard", "GUARD", "guar", "guardx", "guard ", "A", "AB12", "b12", "ab13", ID .. "0",
      ID:upper(), ".", "..", "*", "giv", "ab12\0",
    } do
      assert.is_false(own.is(self, ref), ref)
    end
  end)

  it("may be longer than the beginning of an id that was given", function()
    local short = { given = "ab1200000000", id = "ab1200000000" }
    assert.is_true(own.is(short, ID))
    assert.is_true(own.is(short, "ab12"))
    assert.is_false(own.is(short, "ab13"))
    assert.is_false(own.is({ given = "guard" }, "ab12"))
  end)
end)


describe("the engine's answer about our own container", function()
  it("gives id, name and the names of volumes", function()
    assert.same({ given = "guard", id = ID, name = "guard",
                  volumes = { run = true, state = true } }, own.read(inspect(), "/guard"))
  end)

  it("needs no proof when somebody has named it", function()
    assert.equal(ID, own.read(inspect { Config = {}, GraphDriver = cjson.null }, "x").id)
  end)

  local function is_ours(found, changes)
    found.hostname, found.upper = found.hostname or "", found.upper or ""
    return own.read(inspect(changes), ID, found) ~= nil
  end

  it("is about us when the layer of the root is the same, and only then", function()
    assert.is_true(is_ours { upper = "/var/lib/docker/overlay2/cafe/diff" })
    assert.is_true(is_ours { upper = "cafe/diff" })
    assert.is_false(is_ours { upper = "afe/diff" })
    assert.is_false(is_ours { upper = "/var/lib/docker/overlay2/f00d/diff", by_cgroup = true,
                              hostname = "ab1200000000" })
  end)

  it("else needs a control group or the same host name", function()
    local bare = { GraphDriver = cjson.null }
    assert.is_true(is_ours({ hostname = "ab1200000000" }, bare))
    assert.is_true(is_ours({ hostname = "other", by_cgroup = true }, bare))
    assert.is_false(is_ours({ hostname = "other" }, bare))
    assert.is_true(is_ours({ hostname = "a.example" },
      { GraphDriver = cjson.null, Config = { Hostname = "a", Domainname = "example" } }))
  end)

  it("is about another when the id is another", function()
    assert.is_nil(own.read(inspect(), "ab13", { by_cgroup = true, hostname = "", upper = "" }))
  end)

  it("is a fault when it cannot be read", function()
    for _, json in ipairs { "", "null", "[]", "{}", '{"Id":', '{"Id":1,"Name":"/x"}',
                            inspect { Name = "/" }, inspect { Id = "ab12" } } do
      assert.is_false(pcall(own.read, json, "guard"), json)
    end
  end)
end)

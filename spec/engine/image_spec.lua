-- image_spec: how the engine reads an image's name.
require "support.text"
local image = require "engine.image"


local function parse(reference)
  local registry, parts = image.parse(reference)
  return registry and registry .. "|" .. table.concat(parts, "/")
end


describe("an image reference", function()
  it("has a registry only before a slash, where it looks like a host", function()
    assert.equal("docker.io|alpine", parse "alpine:3.20")
    assert.equal("docker.io|grafana/grafana", parse "grafana/grafana")
    assert.equal("registry.example.com:5000|team/app",
      parse "registry.example.com:5000/team/app:1.2")
    assert.equal("localhost|app", parse "LOCALHOST/app")
    assert.equal("ghcr.io|acme/app", parse " GHCR.io/acme/app@sha256:00 ")
    assert.equal("docker.io|registry.example.com", parse "registry.example.com:5000")
  end)

  it("knows docker.io by both names", function()
    assert.equal("docker.io|library/busybox", parse "INDEX.docker.io/library/busybox")
  end)

  it("takes an upper-case first part for a registry, as newer engines do", function()
    assert.equal("library|alpine", parse "Library/alpine")
  end)

  it("cannot be read with a blank part", function()
    for _, reference in ipairs { "", "ghcr.io/", "/alpine", "a//b", "ghcr.io/ /x" } do
      assert.is_nil(parse(reference), reference)
    end
  end)

  it("is official with one part, or below library", function()
    assert.is_true(image.is_official(image.parse "alpine"))
    assert.is_true(image.is_official(image.parse "docker.io/library/alpine"))
    assert.is_false(image.is_official(image.parse "library/a/b"))
    assert.is_false(image.is_official(image.parse "ghcr.io/alpine"))
  end)
end)


describe("a list of registries", function()
  local shape = image.registries()

  it("holds bare hosts, compared in lower case", function()
    assert.is_true(shape.valid { "ghcr.io", "registry.example.com:5000" })
    assert.is_nil(shape.valid { "https://ghcr.io" })
    assert.is_nil(shape.valid { "ghcr.io/acme" })
    assert.is_true(shape.compile { " GHCR.io " }["ghcr.io"])
    assert.is_true(shape.compile { "index.docker.io" }["docker.io"])
  end)
end)

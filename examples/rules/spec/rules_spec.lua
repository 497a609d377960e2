-- Specs of the site's rules. Each begins from a container that is fine and changes one thing.
local sockguard = require "sockguard.testing"
local policy = sockguard.load()

local HERE = debug.getinfo(1, "S").source:match "^@(.*)spec/"
local IMAGE = "registry.acme.example/shop/web@sha256:" .. ("a"):rep(64)
local WEB = { client = { uid = 1001, gid = 100, pid = 4711 } }


local function create(changes, options)
  local body = { Image = IMAGE, Labels = { ["acme.team"] = "web" } }
  for name, value in pairs(changes or {}) do
    body[name] = value
  end
  return sockguard.create(body, options or WEB)
end


local function labelled(labels)
  labels["acme.team"] = labels["acme.team"] or "web"
  return labels
end


describe("images", function()
  policy:cases {
    { "of our registry, by digest, run", create(), "allow" },
    { "of another registry do not", create { Image = "nginx" }, "deny", "site.images" },
    { "without a digest do not", create { Image = "registry.acme.example/shop/web:1" }, "deny",
      "site.images" },
    { "are needed", create { Image = sockguard.NONE }, "deny", "site.images" },
  }
end)


describe("the team label", function()
  policy:cases {
    { "is needed", create { Labels = {} }, "deny", "site.team" },
    { "of another team is refused", create { Labels = { ["acme.team"] = "data" } }, "deny",
      "site.team" },
    { "is refused from nobody", create({}, { client = { uid = 0 } }), "deny", "site.team" },
    { "of the other team is theirs",
      create({ Labels = { ["acme.team"] = "data" } }, { client = { uid = 1002 } }), "allow" },
  }
end)


describe("host folders", function()
  policy:cases {
    { "of the team are mounted", create { HostConfig = { Binds = { "/srv/teams/web/x:/x" } } },
      "allow" },
    { "of another team are not", create { HostConfig = { Binds = { "/srv/teams/data:/x" } } },
      "deny", "site.team_folder" },
    { "whose name only begins alike are not",
      create { HostConfig = { Binds = { "/srv/teams/web2:/x" } } }, "deny", "site.team_folder" },
    { "are judged in the long form too", create { HostConfig = { Mounts = {
      { Type = "bind", Source = "/srv/teams/web/../data", Target = "/x" } } } }, "deny",
      "site.team_folder" },
  }
end)


describe("a freeze", function()
  local frozen = sockguard.load(HERE .. "frozen.yaml")

  it("that is off stops nothing", function()
    policy:allows(sockguard.delete "/v1.41/containers/web")
  end)

  it("stops changes, and says why", function()
    local answer = frozen:denies(sockguard.delete "/v1.41/containers/web", "site.freeze")
    assert.matches("audit until Monday", answer.reason)
  end)

  it("lets everybody look", function()
    frozen:allows(sockguard.get "/v1.41/containers/json")
  end)
end)


describe("a GPU", function()
  local GPU = { HostConfig = { DeviceRequests = { { Driver = "nvidia", Count = 1 } } } }
  policy:cases {
    { "is for listed images", create { HostConfig = GPU.HostConfig,
        Image = "registry.acme.example/ml/train@sha256:" .. ("b"):rep(64) }, "allow" },
    { "is for no other", create(GPU), "deny", "site.gpu" },
  }
end)


describe("a compose project", function()
  local shop = labelled { ["com.docker.compose.project"] = "shop" }
  policy:cases {
    { "uses its own volumes", create { Labels = shop,
        HostConfig = { Binds = { "shop_data:/data" } } }, "allow" },
    { "uses no other's volumes", create { Labels = shop,
        HostConfig = { Binds = { "other_data:/data" } } }, "deny", "site.compose" },
    { "joins no other's network", create { Labels = shop,
        HostConfig = { NetworkMode = "other_default" } }, "deny", "site.compose" },
    { "has to be listed",
      create { Labels = labelled { ["com.docker.compose.project"] = "unknown" } }, "deny",
      "site.compose" },
  }
end)


describe("the waiver of the backup", function()
  local name = { query = { name = "nightly-backup" }, client = WEB.client }
  policy:cases {
    { "lets the old image run under its name", create({ Image = "backup:1.0" }, name), "allow" },
    { "is for that name only", create { Image = "backup:1.0" }, "deny", "site.images" },
    { "is for that image only", create({ Image = "backup:1.1" }, name), "deny", "site.images" },
    { "lifts nothing else", create({ Image = "backup:1.0", Labels = {} }, name), "deny",
      "site.team" },
  }
end)

-- knobs.image_pull: where images may come from, and where credentials may go.
local example = require "core.example"
local image = require "engine.image"
local record = require "core.record"
local shape = require "core.shape"

local SURFACE = "image_pull"

-- Bytes of X-Registry-Auth, before and after decoding.
local AUTH_MAX = 8192

local REGISTRIES = image.registries()
local ALL = shape.flag(false)


-- The registry that credentials are for; scheme and path do not matter.
local function auth_host(address)
  local _, after = text.cut(address, "://")
  return image.host((text.cut(after or address, "/")))
end


-- The server address in the decoded header: nil without one; false when it cannot be read.
local function server_address(decoded)
  local is_read, address = text.member(decoded, "serveraddress")
  if not is_read then
    return false
  end
  address = text.trim(address or "")
  return address ~= "" and address or nil
end


local function registry_auth(header, knobs)
  local value = text.trim(header)
  if value == "" then
    return nil
  end
  if #value > AUTH_MAX then
    return "X-Registry-Auth is too long", "auth-size"
  end
  local decoded = text.base64(value)
  if not decoded then
    return "X-Registry-Auth is not base64", "auth-base64"
  end
  if #decoded > AUTH_MAX then
    return "X-Registry-Auth is too long", "auth-size"
  end
  local address = server_address(decoded)
  if address == false then
    return "X-Registry-Auth does not hold one JSON object", "auth-json"
  end
  local allowed = knobs.allowed_registries
  if address and not knobs.allow_all_registries and #allowed > 0
      and not allowed[auth_host(address)] then
    return "the credentials are for a registry that is not in allowed_registries"
  end
end


local function import(source)
  local trimmed = text.trim(source)
  if trimmed ~= "" then
    return "importing from " .. text.quote(trimmed) .. " is not allowed (allow_imports)"
  end
end


-- With both parameters the engine pulls, so an import does not excuse an image.
local function registry(reference, knobs)
  local host, parts
  if text.trim(reference) ~= "" then
    host, parts = image.parse(reference)
  end
  if not host or knobs.allowed_registries[host]
      or (knobs.allow_official and image.is_official(host, parts)) then
    return nil
  end
  return "registry " .. text.quote(host) .. " is not in allowed_registries"
end


-- {"serveraddress":"https://evil.example/v1/"}
local EVIL_AUTH = "eyJzZXJ2ZXJhZGRyZXNzIjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUvdjEvIn0="
-- {"serveraddress":"GHCR.IO"}
local GHCR_AUTH = "eyJzZXJ2ZXJhZGRyZXNzIjoiR0hDUi5JTyJ9"
local GHCR = { allowed_registries = { "ghcr.io" } }

local checks = {
  record.check {
    id = "image_pull.registry_auth", code = "auth-host", surface = SURFACE, order = 1,
    title = "Credentials go to listed registries",
    reads = { "header.X-Registry-Auth" },
    knobs = { allow_all_registries = ALL, allowed_registries = REGISTRIES },
    knob = "allowed_registries", check = registry_auth,
    reason = "the engine sends the credentials to whatever server the header names",
    fix = "log in to a listed registry",
    allows = { example.pull({ fromImage = "ghcr.io/acme/app" }, GHCR, GHCR_AUTH),
               example.pull({ fromImage = "alpine" }, {}, "bnVsbA==") },
    denies = { example.pull({ fromImage = "ghcr.io/acme/app" }, GHCR, EVIL_AUTH),
               example.pull({ fromImage = "alpine" }, {}, "!!!"),
               example.pull({ fromImage = "alpine" }, {}, "W10=") },
  },
  record.check {
    id = "image_pull.import", code = "import", surface = SURFACE, order = 2,
    title = "Images are pulled, not imported",
    reads = { "query.fromSrc" },
    knobs = { allow_imports = shape.flag(false) },
    active = record.unless "allow_imports", check = import,
    reason = "an import makes an image of any name from any address",
    fix = "pull the image from a registry",
    allows = { example.pull { fromSrc = " ", fromImage = "alpine" },
               example.pull({ fromSrc = "-", repo = "mine" }, { allow_imports = true }) },
    denies = { example.pull { fromSrc = "http://192.0.2.1/x.tar" } },
  },
  record.check {
    id = "image_pull.registry", code = "registry", surface = SURFACE, order = 3,
    title = "Only listed registries",
    reads = { "query.fromImage" },
    knobs = { allow_all_registries = ALL, allow_official = shape.flag(true),
              allowed_registries = REGISTRIES },
    knob = "allowed_registries",
    active = record.unless "allow_all_registries", check = registry,
    reason = "what an image holds is up to whoever can write to its registry",
    fix = "use an official image, or have the registry listed",
    allows = { example.pull { fromImage = "alpine", tag = "3.20" },
               example.pull { fromImage = "DOCKER.IO/library/busybox" },
               example.pull({ fromImage = "ghcr.io/acme/app@sha256:00" }, GHCR) },
    denies = { example.pull { fromImage = "grafana/grafana" },
               example.pull { fromImage = "registry.example.com:5000/team/app:1.2" },
               example.pull { fromImage = "Library/alpine" },
               example.pull({ fromSrc = "-", fromImage = "evil.example/x" },
                 { allow_imports = true }) },
  },
}

return { checks = checks }

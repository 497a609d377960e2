-- engine.image: image references, as the engine reads them.
--
-- The first part of a name is a registry when another part follows and it holds a dot or a
-- colon, is `localhost`, or (newer engines) holds an upper-case letter; otherwise the
-- registry is docker.io.
local shape = require "core.shape"

local image = {}

local DOCKER_HUB = "docker.io"


--- A registry's host as it is compared: lower case, one name for docker.io.
function image.host(host)
  local lower = text.lower(text.trim(host))
  return lower == "index.docker.io" and DOCKER_HUB or lower
end


-- Without digest and tag.
local function name_of(reference)
  local name = text.cut(text.trim(reference), "@")
  local colon, slash = text.find_last(name, ":"), text.find_last(name, "/")
  if colon and (not slash or colon > slash) then
    return string.sub(name, 1, colon - 1)
  end
  return name
end


local function is_registry(part)
  return text.find(part, ".") or text.find(part, ":") or text.same(part, "localhost")
    or text.lower(part) ~= part
end


--- Returns the registry and the list of the repository's parts; nil when the reference
-- cannot be read, which the engine refuses too.
function image.parse(reference)
  local parts = text.split(name_of(reference), "/")
  local registry = DOCKER_HUB
  if #parts > 1 and is_registry(parts[1]) then
    registry = image.host(table.remove(parts, 1))
  end
  for _, part in ipairs(parts) do
    if text.trim(part) == "" then
      return nil
    end
  end
  return registry, parts
end


--- The parts of an image reference.
-- @param reference a text such as "ghcr.io/acme/app:1.2@sha256:0123..."
-- @return { registry, repository, tag, digest }: tag and digest are nil where none is given, the
-- registry is "docker.io" where none is; or nil when the engine cannot read it either
function image.read(reference)
  local registry, parts = image.parse(reference)
  if not registry then
    return nil
  end
  local trimmed = text.trim(reference)
  local tagged, digest = text.cut(trimmed, "@")
  local tag = string.sub(tagged, #name_of(trimmed) + 2)
  return {
    registry = registry, repository = table.concat(parts, "/"), tag = tag ~= "" and tag or nil,
    digest = digest,
  }
end


--- True for docker.io's official images.
function image.is_official(registry, parts)
  return registry == DOCKER_HUB and (#parts == 1 or (#parts == 2 and parts[1] == "library"))
end


local function is_bare(entry)
  if text.find(entry, "/") then
    return nil, "is not a bare host"
  end
  return true
end


local function is_digest(word)
  local algorithm, hex = text.cut(word, ":")
  return algorithm ~= "" and hex ~= nil and hex ~= ""
end


local function is_id(word)
  if #word ~= 64 then
    return false
  end
  for i = 1, 64 do
    local byte = string.byte(word, i)
    if not (byte >= 48 and byte <= 57 or byte >= 97 and byte <= 102) then
      return false
    end
  end
  return true
end


--- True when a reference says which image it means: by digest, by whole id, or by a tag that
-- is not latest.
function image.is_fixed(reference)
  local trimmed = text.trim(reference)
  local name, digest = text.cut(trimmed, "@")
  if digest then
    return is_digest(digest)
  end
  local algorithm, id = text.cut(name, ":")
  if is_id(name) or (algorithm == "sha256" and is_id(id or "")) then
    return true
  end
  local tag = string.sub(name, #name_of(name) + 2)
  return tag ~= "" and not text.same(tag, "latest")
end


--- A setting that lists registries: host, or host:port.
function image.registries()
  return shape.names {
    expect = "a list of registries, as host or host:port", valid = is_bare,
    normalise = function(entry)
      return is_bare(entry) and image.host(entry) or nil
    end,
  }
end


return image

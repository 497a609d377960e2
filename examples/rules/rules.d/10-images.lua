-- Images come from our registry, which scans them, and are named by digest, so that what was
-- scanned is what runs.
local shape = require "core.shape"
local image = require "engine.image"

return {
  id = "site.images", title = "Images of our registry, by digest",
  surface = "container_create", reads = { "Image" }, always = true,
  value = shape.text(),
  check = function(_, registry, reference)
    local found = image.read(reference or "")
    if not found or found.registry ~= registry then
      return "image " .. text.quote(reference or "") .. " is not of " .. tostring(registry)
    elseif not found.digest then
      return "image " .. text.quote(reference) .. " is not named by digest"
    end
  end,
  allows = {
    { body = { Image = "registry.acme.example/app@sha256:" .. string.rep("0a", 32) } },
  },
  denies = {
    { body = { Image = "nginx" } },
    { body = { Image = "registry.acme.example/app:1.2" } },
  },
  reason = "only what our registry has scanned may run",
  fix = "push it to our registry and write registry/name@sha256:...",
}

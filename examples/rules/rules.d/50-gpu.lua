-- GPUs are few: only the images that are listed may ask for one.
local shape = require "core.shape"
local image = require "engine.image"


local function names(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end


return {
  id = "site.gpu", title = "GPUs for listed images only",
  surface = "container_create", reads = { "HostConfig.DeviceRequests", "Image" },
  value = shape.entries { expect = "a list of registry/repository", compile = names },
  check = function(_, listed, requests, reference)
    if not requests then
      return nil
    end
    local found = image.read(reference or "")
    local name = found and found.registry .. "/" .. found.repository or ""
    if not listed[name] then
      return "image " .. text.quote(name) .. " asks for a device and is not listed"
    end
  end,
  reason = "a GPU that is taken by accident is missed by somebody",
  fix = "have the image listed, or drop --gpus",
}

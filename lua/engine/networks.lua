-- engine.networks: which networks a create body names, as the engine looks them up: by name,
-- id or the beginning of one.
local mode = require "engine.mode"
local record = require "core.record"

local networks = {}

-- Words of NetworkMode that name no network of their own.
local WORDS = { [""] = true, default = true, none = true, host = true, bridge = true }


local function add(found, name)
  if not found[name] then
    found[name] = true
    found[#found + 1] = name
  end
end


--- The reading `networks_used`: a list of the names of NetworkMode and of
-- NetworkingConfig.EndpointsConfig that are no words of the engine's; or nil.
networks.reading = record.reading {
  name = "networks_used", surface = "container_create",
  from = { "HostConfig.NetworkMode", "NetworkingConfig.EndpointsConfig" },
  read = function(network_mode, endpoints)
    local found = {}
    local name = text.trim(network_mode or "")
    if not WORDS[name] and not mode.container(name) and not mode.is_path(name) then
      add(found, name)
    end
    for key in pairs(endpoints or {}) do
      if not WORDS[key] then
        add(found, key)
      end
    end
    table.sort(found)
    return #found > 0 and found or nil
  end,
}


return networks

-- config.compat: variables of other socket proxies, which would change the rules.
--
-- With the default rules in force, the reference builds its rule list from these when one
-- of them is there. That is not built, and ignoring them would silently open less, or
-- other things, than somebody asked for: so they refuse to start.
local rules = require "config.rules"

local NAMES = text.fields [[
  AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS
  NODES PING PLUGINS POST SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES
  ALLOW_START ALLOW_STOP ALLOW_RESTART ALLOW_RESTARTS ALLOW_PAUSE ALLOW_UNPAUSE
  ALLOW_CREATE ALLOW_EXEC ALLOW_KILL ALLOW_DELETE ALLOW_PRUNE]]


--- Reports the variables among `env` (name -> value) that would make up the rules.
return function(settings, list, env)
  if not rules.are_default(list) then
    return
  end
  local found = {}
  for _, name in ipairs(NAMES) do
    if env[name] ~= nil then
      found[#found + 1] = name
    end
  end
  if #found > 0 then
    settings.report:fault {
      place = "environment " .. table.concat(found, ", "), key = "rules",
      what = "would be made from these variables; known, but this version does not have it yet",
      expect = "rules in the configuration file, or none of these variables",
    }
  end
end

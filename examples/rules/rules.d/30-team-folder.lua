-- A team's containers see its own folder of the host and nothing else. `binds` is how the engine
-- reads Binds, Mounts and inline volumes: one list, whatever form the client has used.
local path = require "engine.path"

return {
  id = "site.team_folder", title = "Host folders of the own team only",
  surface = "container_create", reads = { "binds", "Labels" },
  check = function(_, _, binds, labels)
    local team = labels and labels["acme.team"] or ""
    for _, bind in ipairs(binds or {}) do
      if not path.under(bind.source, "/srv/teams/" .. team) then
        return text.quote(bind.source) .. " (" .. bind.from .. ") is not below /srv/teams/" .. team
      end
    end
  end,
  reason = "the folders of other teams hold their data",
  fix = "mount a folder below /srv/teams/TEAM",
}

-- Compose projects keep to themselves: networks and volumes that a project's container joins or
-- mounts begin with the project's name. What is in no project is not this rule's business.
local shape = require "core.shape"

local PROJECT = "com.docker.compose.project"


local function foreign(names, project)
  for _, name in ipairs(names or {}) do
    if not text.starts(name, project .. "_") then
      return name
    end
  end
end


return {
  id = "site.compose", title = "Compose projects keep to themselves",
  surface = "container_create", reads = { "Labels", "volumes_used", "networks_used" },
  value = shape.names(),
  check = function(_, projects, labels, volumes, networks)
    local project = labels and labels[PROJECT]
    if not project then
      return nil
    elseif not projects[project] then
      return "compose project " .. text.quote(project) .. " is not listed"
    end
    local name = foreign(volumes, project) or foreign(networks, project)
    if name then
      return text.quote(name) .. " is not of compose project " .. text.quote(project)
    end
  end,
  reason = "a shared volume or network joins what was to be apart",
  fix = "let the project make its own networks and volumes",
}

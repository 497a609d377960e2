-- Every container says whose it is, and nobody speaks for another team: the socket's peer tells who
-- is asking.
local shape = require "core.shape"


local function valid(list)
  for _, entry in ipairs(list) do
    if math.type(entry.uid) ~= "integer" or type(entry.team) ~= "string" then
      return nil, "has an entry without uid or team"
    end
  end
  return true
end


local function by_uid(list)
  local teams = {}
  for _, entry in ipairs(list) do
    teams[entry.uid] = entry.team
  end
  return teams
end


return {
  id = "site.team", title = "A team label, and it is the client's own",
  surface = "container_create", reads = { "Labels" }, always = true,
  value = shape.records {
    expect = "a list of { uid, team }", valid = valid, compile = by_uid,
  },
  check = function(req, teams, labels)
    local label = labels and labels["acme.team"]
    local own = teams[req.client.uid or -1]
    if not label then
      return "the label acme.team is missing"
    elseif label ~= own then
      return "the label acme.team is " .. text.quote(label) .. ", and this client is of "
        .. (own and "team " .. own or "no team")
    end
  end,
  reason = "an orphaned container is patched by nobody",
  fix = "add --label acme.team=YOURS",
}

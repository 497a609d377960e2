-- core.example: the example requests of checks, short to write and whole when read.
local example = {}


--- A container create request. host: its HostConfig; knobs: the settings it needs, by the
-- check's own names.
function example.create(host, knobs)
  return { body = { Image = "busybox", HostConfig = host }, knobs = knobs }
end


--- A container create request with other members than HostConfig.
function example.config(config, knobs)
  local body = { Image = "busybox" }
  for name, value in pairs(config) do
    body[name] = value
  end
  return { body = body, knobs = knobs }
end


--- An exec create request.
function example.exec(body, knobs)
  return { body = body, knobs = knobs }
end


--- An exec start request; process: what the engine holds as the exec's ProcessConfig.
function example.start(process, knobs)
  return { facts = { exec = { ProcessConfig = process } }, knobs = knobs }
end


--- A change of a container; held: the limits that it has, as the engine's HostConfig.
function example.update(body, knobs, held)
  return { body = body, knobs = knobs, facts = held and { container = { HostConfig = held } } }
end


--- A request that is judged by its query.
function example.query(query, knobs)
  return { query = query, knobs = knobs }
end


--- An image pull. query: its parameters; auth: its X-Registry-Auth.
function example.pull(query, knobs, auth)
  return { query = query, knobs = knobs, header = auth and { ["X-Registry-Auth"] = auth } }
end


return example

-- hostile: what hostile and broken clients do. Nothing is expected of the answers; the others
-- must not notice.
local answers = require "support.answers"
local attack_file = require "support.attack_file"
local bulk = require "support.bulk"
local http = require "support.http"

local JSON = { "Content-Type", "application/json" }
local UPGRADE = { { "Connection", "Upgrade" }, { "Upgrade", "tcp" } }

local clients = {}


-- Each conversation of test/attacks as the texts that its client sends.
local function conversations()
  local list = {}
  for i, entry in ipairs(attack_file.entries "test/attacks") do
    list[i] = {}
    for _, step in ipairs(entry.steps) do
      local text, times = attack_file.bytes(step), step["repeat"] or 1
      if text and #text * times < 1 << 20 then
        table.insert(list[i], text:rep(times))
      end
    end
  end
  return list
end

local ATTACKS = conversations()


-- Some honest request.
local function request(actor)
  return http.bytes(actor:pick {
    { target = "/v1.41/containers/json" },
    { method = "POST", target = "/v1.41/containers/create", headers = { JSON },
      body = '{"Image":"alpine","HostConfig":{"Memory":1}}' },
    { method = "POST", target = "/v1.41/containers/a/attach", headers = UPGRADE },
    { method = "POST", target = "/v1.41/images/load", body = ("x"):rep(3000) },
    { target = "/v1.41/events" },
  })
end


local function linger(actor)
  actor:sleep(actor:pick { 1, 1, 10, 100, 1500, 6000 })
end


function clients.sends_noise(actor, address)
  local wire = actor:connect(address)
  wire:write(actor:bytes(actor.random(1, 20000)))
  linger(actor)
end


function clients.leaves_in_the_middle(actor, address)
  local wire, bytes = actor:connect(address), request(actor)
  wire:write(bytes:sub(1, actor.random(1, #bytes)))
  linger(actor)
end


function clients.changes_some_bytes(actor, address)
  local wire, bytes = actor:connect(address), request(actor)
  for _ = 1, actor.random(1, 4) do
    local at = actor.random(1, #bytes)
    bytes = bytes:sub(1, at - 1) .. actor:bytes(1) .. bytes:sub(at + 1)
  end
  wire:write(bytes)
  linger(actor)
end


function clients.attacks(actor, address)
  local wire = actor:connect(address)
  for _, text in ipairs(actor:pick(ATTACKS)) do
    wire:write(text)
  end
  linger(actor)
end


function clients.meets_a_broken_engine(actor, address)
  local wire = actor:connect(address)
  for _ = 1, actor.random(1, 3) do
    wire:write(http.bytes { target = "/fault/" .. actor:pick(answers.fault_names) })
    if actor.random(1, 3) == 1 then
      wire:response { ms = 300 }
    end
  end
  linger(actor)
end


function clients.does_not_read(actor, address)
  local wire = actor:connect(address)
  wire:pause()
  wire:write(http.bytes { target = "/v1.41/containers/64/export" })
  linger(actor)
  if actor.random(1, 2) == 1 then
    wire:resume()
    linger(actor)
  end
end


function clients.leaves_a_load(actor, address)
  local wire = actor:connect(address)
  wire:write(http.bytes { method = "POST", target = "/v1.41/images/load?quiet=64",
    headers = { { "Content-Type", "application/x-tar" }, { "Content-Length", "4194304" } } })
  bulk.send(wire.stream, actor.random(1, 32), function() end)
  linger(actor)
end


function clients.leaves_a_stream(actor, address)
  local wire = actor:connect(address)
  wire:write(http.bytes { method = "POST", target = "/v1.41/containers/a/attach",
                          headers = UPGRADE } .. actor:bytes(actor.random(1, 5000)))
  if actor.random(1, 2) == 1 then
    wire:half_close()
  end
  linger(actor)
end


return { clients = clients }

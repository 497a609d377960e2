-- oracle.generate: request number `index` of a seed: honest, or honest with something hostile
-- done to its members, its spelling or its HTTP.
local cjson = require "cjson"
local http = require "support.http"
local json = require "oracle.json"
local mutations = require "oracle.mutations"
local random = require "oracle.random"

local one_in, pick = random.one_in, random.pick
local NOTHING = mutations.NOTHING

local generate = {}


--- The recorded bodies that are honest under a preset: a list of { client, target,
-- content_type, body } from lua/sockguard/recorded.jsonl.
function generate.honest(preset)
  local found = {}
  for line in io.lines "lua/sockguard/recorded.jsonl" do
    local record = cjson.decode(line)
    if record.preset == preset then
      found[#found + 1] = record
    end
  end
  return found
end


local function change(body, name, value)
  local at = body
  if name:sub(1, 1) == "/" then
    name = name:sub(2)
  else
    if type(body.HostConfig) ~= "table" then
      body.HostConfig = {}
    end
    at = body.HostConfig
  end
  at[name] = value ~= NOTHING and value or nil
end


-- world: what "@hostnet" stands for.
local function mutate(body, world)
  local entry = pick(mutations.list)
  local value = entry[math.random(2, #entry)]
  if value == "@hostnet" then
    value = world.hostnet
  end
  change(body, entry[1], value)
  return entry[1]
end


-- Texts in which one member is there twice, so that readers may differ.
local function doubled(honest, hostile)
  local first, second = honest.HostConfig, hostile.HostConfig
  if one_in(2) then
    first, second = second, first
  end
  local rest = json.encode(hostile):gsub('"HostConfig":', '"Discarded":', 1)
  local again = pick { '"HostConfig"', '"hostConfig"', '"Ho\\u017ftConfig"', '"HOSTCONFIG"' }
  return ('{"HostConfig":%s,%s:%s,%s'):format(json.encode(first or cjson.null), again,
    one_in(4) and "null" or json.encode(second or cjson.null), rest:sub(2))
end


-- Members of HostConfig at the root, where old clients wrote them.
local function flattened(body)
  for name, value in pairs(type(body.HostConfig) == "table" and body.HostConfig or {}) do
    if one_in(3) then
      body[name] = value
    end
  end
end


local function odd_text(text)
  local kind = math.random(7)
  if kind == 1 then
    return "\xef\xbb\xbf" .. text
  elseif kind == 2 then
    return text .. pick { '{"HostConfig":{"Privileged":true}}', " x", "}", "\0" }
  elseif kind == 3 then
    return text:sub(1, -2) .. ',"HostConfig":{"Privileged":true}}'
  elseif kind == 4 then
    return text:sub(1, -2) .. ',"Labels":{"a":"\xff"}}'
  elseif kind == 5 then
    return "[" .. text .. "]"
  elseif kind == 6 then
    return text:sub(1, -2) .. ',"x":' .. ("["):rep(200) .. ("]"):rep(200) .. "}"
  end
  return text:sub(1, math.random(#text))
end


local function body_text(honest, hostile)
  if one_in(8) then
    return doubled(honest, hostile)
  elseif one_in(10) then
    flattened(hostile)
  end
  local text = json.encode(hostile, one_in(3))
  return one_in(20) and odd_text(text) or text
end


local TYPES = { "application/json; charset=utf-8", "Application/JSON", "text/plain",
                "application/x-www-form-urlencoded", "application/json; =", "" }


local function path_of(world)
  local path = "/containers/create"
  if one_in(15) then
    path = pick { "//containers/create", "/./containers//create", "/containers/%63reate",
                  "/x/../containers/create", "/containers/create/", "/Containers/create" }
  end
  local version = one_in(3) and pick(world.versions) or world.version
  return (version ~= "" and "/v" .. version or "") .. path
end


local function chunks(text, straight)
  local out, at = {}, 1
  while at <= #text do
    local size = math.random(1, 2000)
    local piece = text:sub(at, at + size - 1)
    local extension = not straight and one_in(8) and ";x=y" or ""
    out[#out + 1] = ("%x%s\r\n%s\r\n"):format(#piece, extension, piece)
    at = at + size
  end
  return table.concat(out) .. "0\r\n\r\n"
end


local function wire(text, world, index, straight)
  local request = { method = "POST", headers = {}, body = text }
  local version = world.version
  request.target = straight and "/v" .. version .. "/containers/create" or path_of(world)
  request.target = request.target .. "?name=oracle-" .. index
  local kind = "application/json"
  if not straight and one_in(12) then
    kind = pick(TYPES)
  end
  request.headers[1] = kind ~= "" and { "Content-Type", kind } or nil
  if one_in(6) then
    request.headers[#request.headers + 1] = { "Transfer-Encoding", "chunked" }
    request.body = chunks(text, straight)
  end
  return http.bytes(request)
end


-- What is tried on a container that has come to be: { method, path behind its id, body }.
local FOLLOW_UPS = {
  { "POST", "/start" }, { "POST", "/start", '{"Privileged":true,"Binds":["/:/h"]}' },
  { "POST", "/start?checkpoint=x&checkpoint-dir=/etc" },
  { "POST", "/update", '{"Memory":-1,"MemorySwap":-1}' }, { "POST", "/update", '{"PidsLimit":-1}' },
  { "POST", "/update", '{"RestartPolicy":{"Name":"always"},"pidsLimit":-1}' },
  { "POST", "/rename?name=victim2" }, { "POST", "/exec", '{"Cmd":["sh"],"Privileged":true}' },
  { "POST", "/exec", '{"Cmd":["sh"],"User":"0"}' },
}


-- For some: each costs the engine more than a create.
local function follow_ups()
  local list = {}
  for _ = 1, one_in(6) and math.random(3) or 0 do
    list[#list + 1] = pick(FOLLOW_UPS)
  end
  return list
end


--- world: { honest, version, versions, hostnet }. Returns { bytes, honest, changed, client,
-- follow_ups }.
function generate.request(world, seed, index)
  random.seed(seed, index)
  local record = pick(world.honest)
  local is_honest = one_in(5)
  local body, changed = json.decode(record.body), {}
  local text = record.body
  if not is_honest then
    for i = 1, pick { 1, 1, 2, 2, 3, 4 } do
      changed[i] = mutate(body, world)
    end
    text = body_text(json.decode(record.body), body)
  end
  return { bytes = wire(text, world, index, is_honest), honest = is_honest, changed = changed,
           client = record.client, follow_ups = is_honest and {} or follow_ups() }
end


return generate

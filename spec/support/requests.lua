-- support.requests: the examples of checks (core.example) as whole requests.
require "support.text"
local json = require "config.json"
local record = require "core.record"

local requests = {}

local TARGETS = {
  container_create = "/v1.41/containers/create", container_update = "/v1.41/containers/x/update",
  container_top = "/v1.41/containers/x/top", exec_create = "/v1.41/containers/x/exec",
  exec_start = "/v1.41/exec/x/start", image_pull = "/v1.41/images/create",
}
local NO_MEMBERS = "NO MEMBERS"


-- As JSON with exact integers, in which an empty table is an object, but for the one that says
-- no items.
function requests.encode(value)
  local function copy(item)
    if type(item) ~= "table" then
      return item
    elseif item ~= record.NO_ITEMS and next(item) == nil then
      return NO_MEMBERS
    end
    local out = {}
    for name, inner in pairs(item) do
      out[name] = copy(inner)
    end
    return out
  end
  return (json(copy(value)):gsub('"' .. NO_MEMBERS .. '"', "{}"))
end


local function escape(text)
  return (text:gsub("[^%w]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end


local function target_of(surface, query)
  local pairs_of = {}
  for name, value in pairs(query or {}) do
    pairs_of[#pairs_of + 1] = name .. "=" .. escape(value)
  end
  table.sort(pairs_of)
  return TARGETS[surface] .. (#pairs_of > 0 and "?" .. table.concat(pairs_of, "&") or "")
end


--- The request of a check's example: method, target, headers and body_raw.
function requests.of(check, example)
  local headers = { ["Content-Type"] = example.body and "application/json" }
  for name, value in pairs(example.header or {}) do
    headers[name] = value
  end
  return {
    method = check.surface == "container_top" and "GET" or "POST",
    target = target_of(check.surface, example.query), headers = headers,
    body_raw = example.body and requests.encode(example.body),
  }
end


-- Which fact of the surface a look-up is for.
local function fact_named(surface, lookup)
  for _, fact in ipairs(require("schema." .. surface).facts or {}) do
    local before, after = fact.path:match "^(.*){id}(.*)$"
    if lookup:sub(1, #before) == before and lookup:sub(#lookup - #after + 1) == after then
      return fact.name
    end
  end
end


--- The engine's answers to the look-ups of an example: of what the body names each one in turn, of
-- the path's object the one there is. What no example speaks of does not exist.
function requests.facts(surface, example, lookups)
  local facts, taken = {}, {}
  for _, lookup in ipairs(lookups) do
    local name = fact_named(surface, lookup)
    local answer = (example.facts or {})[name]
    if answer and answer[1] then
      taken[name] = (taken[name] or 0) + 1
      answer = answer[taken[name]]
    end
    facts["GET " .. lookup] = {
      status = answer and 200 or 404, body = requests.encode(answer or {}),
    }
  end
  return facts
end


return requests

-- support.attack: plays one entry of test/attacks and says what was not as it must be.
--
-- test/attacks/README.md has the meaning of every key.
local cjson = require "cjson"
local attack_file = require "support.attack_file"
local clean = require "support.clean"
local base64 = require "support.base64"
local http = require "support.http"
local message = require "support.message"
local uv = require "luv"
local wait = require "support.wait"

local attack = {}

-- how long an answer may take, a close, and how long silence means "no more"
local ANSWER_MS, CLOSE_MS, QUIET_MS, ENGINE_QUIET_MS = 4000, 2500, 200, 30


-- All responses in what a client has received. Returns final ones, interim ones, and whether
-- the last one is still incomplete or no response at all.
local function read_responses(entry, bytes, ended)
  local final, interim, at = {}, {}, 1
  local answers_head = {}
  for _, i in ipairs(entry.heads or {}) do
    answers_head[i] = true
  end
  while at <= #bytes do
    local response = message.response(bytes, at, {
      head_only = answers_head[#final], ended = ended,
    })
    if not response then
      return final, interim, response == nil and "incomplete" or "no response"
    end
    at = response.ends
    if response.status < 200 and response.status ~= 101 then
      interim[#interim + 1] = response
    else
      final[#final + 1] = response
    end
    if response.status == 101 then
      break -- what follows is a stream
    end
  end
  return final, interim, nil
end


local function take_steps(connection, entry)
  for i, step in ipairs(entry.steps) do
    local bytes = attack_file.bytes(step)
    if bytes then
      for _ = 1, step["repeat"] or 1 do
        connection:send(bytes)
      end
    elseif step.sleep_ms then
      wait.pause(step.sleep_ms)
    elseif step.half_close then
      connection:half_close()
    elseif step.expect_bytes then
      local came = wait.until_true(function()
        return connection:bytes():find(step.expect_bytes, 1, true)
      end, 3000)
      if not came then
        return ("step %d: %q did not come"):format(i, step.expect_bytes)
      end
    end
  end
end


-- Reads until the end of the answers (README, "Running an entry", 3).
local function read_answers(connection, entry)
  local size, rest, n
  wait.until_true(function()
    if size ~= connection.size then
      size = connection.size
      local final, _, left = read_responses(entry, connection:bytes(), connection.ended)
      n, rest = #final, left
    end
    local quiet = uv.now() - (connection.last_byte or 0) >= QUIET_MS
    return connection.ended or (n > 0 and not rest and quiet)
  end, entry.max_ms or ANSWER_MS)
  if entry.expect.closes and not connection.ended then
    connection:closes(CLOSE_MS)
  end
end


local function answer_problem(entry, connection)
  local expect = entry.expect
  local final, interim, rest = read_responses(entry, connection:bytes(), true)
  local status = final[1] and final[1].status or (rest and -1) or (connection.ended and 0)
  local wanted = false
  for _, s in ipairs(expect.status) do
    wanted = wanted or s == status
  end
  if not wanted then
    return ("status %s instead of %s"):format(tostring(status or "none"),
      table.concat(expect.status, " or "))
  end
  local count = #final + (rest and 1 or 0)
  if count > expect.responses_max then
    return ("%d responses instead of at most %d"):format(count, expect.responses_max)
  end
  if expect.closes ~= nil and (connection.ended and true or false) ~= expect.closes then
    return expect.closes and "the connection stays open" or "the connection is closed"
  end
  if expect.no_interim and #interim > 0 then
    return "an interim answer was sent"
  end
end


-- The requests that an entry made the engine see. from: connection number -> offset.
local function forwarded_requests(engine, from)
  local requests, problem = {}, nil
  for number, connection in ipairs(engine.connections) do
    local at = from[number] or 1
    local stop = connection.stream_from or #connection.bytes + 1
    while at < stop do
      local request = message.request(connection.bytes, at)
      if not request then
        requests[#requests + 1] = { partial = connection.bytes:sub(at) }
        problem = problem or "part of a request was forwarded"
        break
      end
      requests[#requests + 1] = request
      at = request.ends
    end
  end
  return requests, problem
end


local LOOKUPS = { "^/containers/[^/?]+/json$", "^/exec/[^/?]+/json$", "^/services/[^/?]+$",
                  "^/volumes/[^/?]+$" }


local function is_lookup(entry, request)
  if entry.lookups or request.method ~= "GET" then
    return false
  end
  local path = request.target:gsub("^/v%d+%.%d+/", "/")
  for _, pattern in ipairs(LOOKUPS) do
    if path:find(pattern) then
      return true
    end
  end
  return false
end


local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for k, v in pairs(a) do
    if not same(v, b[k]) then
      return false
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false
    end
  end
  return true
end


local function query_of(target)
  local query = {}
  local function plain(s)
    s = s:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end)
    return s
  end
  for pair in (target:match("%?(.*)$") or ""):gmatch("[^&]+") do
    local key, value = pair:match("^([^=]*)=?(.*)$")
    key = plain(key)
    query[key] = query[key] or {}
    table.insert(query[key], plain(value))
  end
  return query
end


local function contains(request, text)
  return request.raw:lower():find(text:lower(), 1, true) ~= nil
end


-- One check per key of an expectation.
local CHECKS = {
  method = function(request, want)
    return request.method == want
  end,
  target_like = function(request, want)
    return request.target:find(want) ~= nil
  end,
  must_contain = function(request, want)
    for _, text in ipairs(want) do
      if not contains(request, text) then
        return false
      end
    end
    return true
  end,
  must_not_contain = function(request, want)
    for _, text in ipairs(want) do
      if contains(request, text) then
        return false
      end
    end
    return true
  end,
  json_equals = function(request, want)
    local ok, value = pcall(cjson.decode, request.body)
    return ok and same(value, want)
  end,
  body_b64 = function(request, want)
    return request.body == base64.decode(want)
  end,
  query_equals = function(request, want)
    return same(query_of(request.target), want)
  end,
}


local function object_problem(requests, want)
  if #requests == 0 and want.or_nothing then
    return nil
  end
  if #requests ~= (want.count or 1) then
    return ("%d requests were forwarded"):format(#requests)
  end
  for _, request in ipairs(requests) do
    for key, value in pairs(want) do
      if CHECKS[key] and not CHECKS[key](request, value) then
        return ("what was forwarded fails %s: %s"):format(key, request.raw:sub(1, 200))
      end
    end
  end
end


local function forwarded_problem(entry, engine, from)
  local all, partial = forwarded_requests(engine, from)
  local requests = {}
  for _, request in ipairs(all) do
    local unclean = not request.partial and clean.problem(request)
    if unclean then
      return "what was forwarded has " .. unclean
    end
    if request.partial or not is_lookup(entry, request) then
      requests[#requests + 1] = request
    end
  end
  local want = entry.expect.forwarded
  if want == "nothing" then
    if #requests > 0 then
      return "forwarded: " .. (requests[1].raw or requests[1].partial):sub(1, 200)
    end
    return nil
  end
  if partial then
    return partial
  end
  if want == "at_most_one" then
    return #requests > 1 and ("%d requests were forwarded"):format(#requests) or nil
  end
  return object_problem(requests, want)
end


--- Plays an entry. address: the proxy's; engine: the fake engine behind it. Returns nil when
-- everything is as it must be, else what is not.
function attack.play(entry, address, engine)
  local from = {}
  for number, connection in ipairs(engine.connections) do
    from[number] = #connection.bytes + 1
  end
  local connection = http.connect(address)
  local problem = take_steps(connection, entry)
  read_answers(connection, entry)
  problem = problem or answer_problem(entry, connection)
  connection:close()
  wait.until_true(function()
    return uv.now() - engine.last_byte >= ENGINE_QUIET_MS
  end, 1000)
  wait.pause(ENGINE_QUIET_MS)
  return problem or forwarded_problem(entry, engine, from)
end


return attack

-- seeds: lua5.4 test/fuzz/seeds.lua FOLDER writes FOLDER/seeds-NAME for each fuzz target, from
-- test/attacks and test/cases, and makes FOLDER/corpus-NAME, where what is learnt is kept.
package.path = "spec/?.lua;" .. package.path
local cjson = require "cjson"
local attack_file = require "support.attack_file"

local folder = assert(arg[1], "usage: seeds.lua FOLDER")
local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
local UPGRADED = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello"
local SEED_MAX = 60000 -- two bytes say how long a speech is


local function cases(name)
  local lines = io.lines("test/cases/" .. name .. ".jsonl")
  return function()
    local line = lines()
    return line and cjson.decode(line)
  end
end


local function sink(name)
  os.execute(("mkdir -p %s/seeds-%s %s/corpus-%s"):format(folder, name, folder, name))
  local n, seen = 0, {}
  return function(text)
    if #text > SEED_MAX or seen[text] then
      return
    end
    n, seen[text] = n + 1, true
    local file = assert(io.open(("%s/seeds-%s/%d"):format(folder, name, n), "wb"))
    file:write(text)
    file:close()
  end
end


-- Steps of fuzz_exchange.c: 0 the client says, 1 the engine says.
local function speech(who, text)
  return string.char(who, #text % 256, #text // 256) .. text
end


local head, target, token = sink "head", sink "target", sink "token"
local body, exchange, decide = sink "body", sink "exchange", sink "decide"
local edit = sink "edit"

for _, entry in ipairs(attack_file.entries "test/attacks") do
  local steps = {}
  for _, step in ipairs(entry.steps) do
    local text = attack_file.bytes(step)
    if text and #text <= SEED_MAX then
      steps[#steps + 1] = speech(0, text)
      head("\0" .. text) -- requests, in pieces of one byte
      target(text:match("^%S+ (%S+)") or text)
      token("\4" .. (text:match("\r\n\r\n(.+)$") or "{}"))
    end
  end
  local said = table.concat(steps)
  exchange(said .. speech(1, ANSWER))
  exchange(said .. speech(1, UPGRADED) .. speech(0, "bye"))
end

head("\1" .. ANSWER) -- responses
head("\1" .. UPGRADED)
for case in cases "container_create" do
  local text = case.body_raw or (case.body and cjson.encode(case.body)) or "{}"
  token("\8" .. text)
  body(text)
  decide(text)
end
for line in io.lines "lua/sockguard/recorded.jsonl" do
  decide(cjson.decode(line).body)
end
for case in cases "normalize_wire" do
  target(case.path or "/")
end

-- Answers of the engine; fuzz_edit.c has the routes in this order.
local ROUTES = {
  "/containers/[^/]+/json", "/containers/json", "/images/[^/]+/json", "/images/x/history",
  "/networks", "/networks/[^/]+", "/volumes", "/volumes/[^/]+", "/services", "/services/[^/]+",
  "/tasks", "/tasks/[^/]+", "/secrets/[^/]+", "/configs", "/plugins", "/plugins/.+/json", "/nodes",
  "/swarm", "/info", "/system/df", "/events", "/exec/x/json", "/v5.0.0/libpod/.*",
}
for line in io.lines "test/cases/response_redaction.jsonl" do
  local answer = line:match '"upstream_body": (.-), "options"'
  local path = cjson.decode(line).path
  for i, pattern in ipairs(ROUTES) do
    if path:find("^" .. pattern .. "$") then
      edit(string.char(i - 1, 6, i % 3) .. answer)
    end
  end
end
for _, path in ipairs { "/edited", "/edited-stream" } do
  for _, body in ipairs { '{"secret":"abc"}', '{"a":[1,{"secret":0}],"secret":[{}]}', '{"secret":' } do
    local asked = speech(0, "GET " .. path .. " HTTP/1.1\r\nHost: x\r\n\r\n")
    local chunk = ("%x\r\n%s\r\n"):format(#body, body)
    exchange(asked .. speech(1, "HTTP/1.1 200 OK\r\n\r\n" .. body) .. "\5")
    exchange(asked .. speech(1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      .. speech(1, chunk) .. speech(1, chunk) .. speech(1, "0\r\n\r\n"))
  end
end

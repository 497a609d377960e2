-- support.dockerd: a private, real dockerd for the specs in test/engine (scripts/engine).
local cjson = require "cjson"
local http = require "support.http"
local scratch = require "support.scratch"

local dockerd = {}

local Dockerd = {}
Dockerd.__index = Dockerd


local function shell(command)
  local pipe = assert(io.popen(command, "r"))
  local output = pipe:read("a")
  return pipe:close(), output
end


--- Starts one, or takes the one whose socket SOCKGUARD_TEST_ENGINE names. Raises when none
-- can run: a test that cannot run does not pass.
function dockerd.start()
  local given = os.getenv("SOCKGUARD_TEST_ENGINE")
  if given and given ~= "" then
    return setmetatable({ path = given }, Dockerd)
  end
  local folder = scratch.new()
  local ok, output = shell("scripts/engine start " .. folder .. "/engine")
  if not ok then
    scratch.remove(folder)
    error("no dockerd: see above", 0)
  end
  return setmetatable({ path = output:match("^(%S+)"), folder = folder }, Dockerd)
end


--- Asks the engine itself, past sockguard. Returns status and decoded body.
function Dockerd:ask(method, target, json)
  local response = http.request(self.path, {
    method = method, target = "/v1.41" .. target, body = json, ms = 30000,
    headers = json and { { "Content-Type", "application/json" } } or nil,
  })
  assert(response, "the engine does not answer " .. method .. " " .. target)
  local ok, value = pcall(cjson.decode, response.body)
  return response.status, ok and value or response.body
end


--- How many containers it holds.
function Dockerd:count()
  local _, list = self:ask("GET", "/containers/json?all=1")
  return #list
end


--- Removes every container.
function Dockerd:clear()
  local _, list = self:ask("GET", "/containers/json?all=1")
  for _, container in ipairs(list) do
    self:ask("DELETE", "/containers/" .. container.Id .. "?force=1")
  end
end


function Dockerd:stop()
  if self.folder then
    shell("scripts/engine stop " .. self.folder .. "/engine")
    scratch.remove(self.folder)
  end
end


return dockerd

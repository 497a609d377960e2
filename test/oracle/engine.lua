-- oracle.engine: the engine's own socket, past sockguard: what it holds, and what runs in it.
local cjson = require "cjson"
local http = require "support.http"
local judge = require "oracle.judge"
local uv = require "luv"

local engine = {}

local Engine = {}
Engine.__index = Engine


local function value(v)
  return type(v) ~= "userdata" and v or nil
end


--- path: its socket. version: of the API.
function engine.new(path, version)
  return setmetatable({ path = path, version = version, options = {} }, Engine)
end


--- Returns status, and the decoded body or the text.
function Engine:ask(method, target, body)
  local text = body and (type(body) == "table" and cjson.encode(body) or body)
  local response = http.request(self.path, {
    method = method, target = "/v" .. self.version .. target, body = text, ms = 60000,
    headers = text and { { "Content-Type", "application/json" } } or nil,
  })
  assert(response, "the engine does not answer " .. method .. " " .. target)
  local ok, decoded = pcall(cjson.decode, response.body)
  return response.status, ok and decoded or response.body
end


local function must(self, method, target, body)
  local status, answer = self:ask(method, target, body)
  assert(status < 300 or status == 409, method .. " " .. target .. ": "
    .. tostring(type(answer) == "table" and answer.message or answer))
  return answer
end


--- Ids of all containers.
function Engine:containers()
  local ids = {}
  local _, list = self:ask("GET", "/containers/json?all=1")
  for _, container in ipairs(list) do
    ids[#ids + 1] = container.Id
  end
  return ids
end


function Engine:inspect(id)
  local status, container = self:ask("GET", "/containers/" .. id .. "/json")
  return status == 200 and container or nil
end


function Engine:remove(id)
  self:ask("DELETE", "/containers/" .. id .. "?force=1&v=1")
end


--- The options of a volume, {} when it has none, nil when there is no such volume. Each is
-- asked about once: volumes do not change.
function Engine:volume(name)
  local known = self.options[name]
  if known == nil then
    local status, volume = self:ask("GET", "/volumes/" .. name)
    known = status == 200 and (value(volume.Options) or {})
    self.options[name] = known
  end
  return known or nil
end


-- What an exec without a terminal prints: frames of 8 bytes' head and their payload.
local function unframed(bytes)
  local out, at = {}, 1
  while at + 7 <= #bytes do
    local size = string.unpack(">I4", bytes, at + 4)
    out[#out + 1] = bytes:sub(at + 8, at + 7 + size)
    at = at + 8 + size
  end
  return table.concat(out)
end


--- Runs a shell script as root in a running container; what it prints, or nil.
function Engine:run(id, script)
  local status, exec = self:ask("POST", "/containers/" .. id .. "/exec", {
    AttachStdout = true, AttachStderr = true, User = "0", Cmd = { "sh", "-c", script },
  })
  if status ~= 201 then
    return nil
  end
  local connection = http.connect(self.path)
  connection:send(http.bytes {
    method = "POST", target = "/v" .. self.version .. "/exec/" .. exec.Id .. "/start",
    headers = { { "Content-Type", "application/json" } }, body = "{}",
  })
  connection:closes(5000)
  local head, body = connection:bytes():match "^(.-\r\n\r\n)(.*)$"
  connection:close()
  return head and unframed(body)
end


--- Judges a running container from the inside; {} when it does not run (any more).
function Engine:inside(id, host)
  local output = self:run(id, judge.PROBE)
  if not output or output == "" then
    return {}, false
  end
  return judge.inside(output, host), true
end


--- The machine's own namespaces and mounts, as the engine has them: { ns = name -> id,
-- devices = set of device numbers, private_cgroups = whether containers have cgroup namespaces
-- of their own by default }. scripts/engine keeps the process beside the socket.
function Engine:host()
  local file = assert(io.open(self.path:match "^(.*)/" .. "/pid"))
  local process = "/proc/" .. file:read "n"
  file:close()
  local host = { ns = {}, devices = {} }
  for _, name in ipairs { "net", "ipc", "uts", "cgroup", "mnt" } do
    host.ns[name] = uv.fs_readlink(process .. "/ns/" .. name)
  end
  host.ns.pid = uv.fs_readlink(process .. "/ns/pid_for_children")
  for line in io.lines(process .. "/mountinfo") do
    host.devices[line:match "^%d+ %d+ (%d+:%d+)"] = true
  end
  local _, info = self:ask("GET", "/info")
  for _, option in ipairs(value(info.SecurityOptions) or {}) do
    host.private_cgroups = host.private_cgroups or option:find "cgroupns" ~= nil
  end
  assert(host.ns.net and host.ns.pid and next(host.devices), "the engine's machine is hidden")
  return host
end


local COMPLIANT = {
  ReadonlyRootfs = true, CapDrop = { "ALL" }, SecurityOpt = { "no-new-privileges" },
  Memory = 67108864, PidsLimit = 50, CpuShares = 512,
}

local VOLUMES = {
  data = cjson.null,
  hostroot = { type = "none", o = "bind", device = "/" },
  hostetc = { type = "none", o = "bind", device = "/etc" },
  hostrun = { type = "none", o = "bind", device = "/run" },
  hostlayer = { type = "overlay", device = "overlay", o = "lowerdir=/etc:/usr" },
}


--- Makes what the requests will name: volumes, some of which are host folders, a network, a
-- container to be joined, a tag. Returns the ids of containers that are not the requests'.
function Engine:furnish()
  for name, options in pairs(VOLUMES) do
    must(self, "POST", "/volumes/create", { Name = name, Driver = "local", DriverOpts = options })
  end
  must(self, "POST", "/networks/create", { Name = "web", Driver = "bridge", CheckDuplicate = true })
  must(self, "POST", "/images/alpine/tag?repo=alpine&tag=3")
  self:ask("DELETE", "/containers/victim?force=1")
  local victim = must(self, "POST", "/containers/create?name=victim", {
    Image = "alpine", Cmd = { "sleep", "100000" }, HostConfig = COMPLIANT })
  must(self, "POST", "/containers/" .. victim.Id .. "/start")
  return { [victim.Id] = true }
end


--- Counts of what no request may change: volumes with options and networks.
function Engine:inventory()
  local count = { networks = 0, volumes = 0 }
  local _, networks = self:ask("GET", "/networks")
  count.networks = #networks
  local _, volumes = self:ask("GET", "/volumes")
  for _, volume in ipairs(value(volumes.Volumes) or {}) do
    if value(volume.Options) and next(volume.Options) then
      count.volumes = count.volumes + 1
    end
  end
  return count
end


return engine

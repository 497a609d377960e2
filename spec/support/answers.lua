-- support.answers: what the fake engine says, route by route; test/attacks/README.md has it
-- in words. Paths below /fault misbehave on purpose.
local cjson = require "cjson"

local answers = {}


local function response(status, reason, body, fields)
  local lines = { ("HTTP/1.1 %d %s"):format(status, reason), "Api-Version: 1.41" }
  for _, field in ipairs(fields or {}) do
    lines[#lines + 1] = field
  end
  if status ~= 204 then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end


local function json(status, reason, body)
  return response(status, reason, body, { "Content-Type: application/json" })
end


--- A whole answer whose body comes in these chunks.
function answers.chunks(parts)
  local out = { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    .. "Transfer-Encoding: chunked\r\n\r\n" }
  for _, part in ipairs(parts) do
    out[#out + 1] = ("%x\r\n%s\r\n"):format(#part, part)
  end
  out[#out + 1] = "0\r\n\r\n"
  return table.concat(out)
end


local NOT_FOUND = json(404, "Not Found", '{"message":"page not found"}')
local NO_CONTENT = response(204, "No Content", "")
local ID = ("0123456789abcdef"):rep(4)


local function container(id)
  return cjson.encode {
    Id = id, Name = "/" .. id, Image = "sha256:" .. ID,
    State = { Status = "running", Running = true, Pid = 4242 },
    Config = { Image = "alpine", User = "1000", Env = { "PATH=/bin" }, Labels = { team = "a" } },
    HostConfig = {
      ReadonlyRootfs = true, Memory = 268435456, CpuShares = 512, PidsLimit = 100,
      CapDrop = { "ALL" }, SecurityOpt = { "no-new-privileges:true" }, Privileged = false,
    },
    Mounts = cjson.empty_array,
  }
end


-- An exec's name says what it runs as (see test/attacks/README.md).
local function exec(id)
  local evil = id:find("^evil")
  local shell = evil or id:find("^shell")
  return cjson.encode {
    ID = id, Running = false, ContainerID = ID,
    ProcessConfig = {
      entrypoint = shell and "/bin/sh" or "/bin/ls",
      arguments = shell and { "-c", "id" } or { "-l" },
      privileged = (evil or id:find("^priv")) and true or false,
      user = (evil or id:find("^root")) and "root" or "1000",
    },
  }
end


local function hijack(request, with)
  if (request.headers.upgrade or "") == "" then
    with.send("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
      .. "engine ready\n")
    with.close()
    return
  end
  with.send("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    .. "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nengine ready\n")
  with.take_over(with.send)
end


local function exec_start(request, with)
  if request.body:find('"Detach"%s*:%s*true') then
    with.send(json(200, "OK", "{}"))
    return
  end
  hijack(request, with)
end


-- What goes wrong below /fault/NAME, or is unusual.
local FAULTS = {
  ["close"] = function(_, with)
    with.close()
  end,
  ["silent"] = function() end,
  ["slow-head"] = function(_, with)
    with.after(300, function()
      with.send(json(200, "OK", "[]"))
    end)
  end,
  ["garbage"] = function(_, with)
    with.send("this is no HTTP\r\n\r\n")
  end,
  ["half-head"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-")
    with.close()
  end,
  ["cut"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    with.close()
  end,
  ["cut-chunk"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
    with.close()
  end,
  ["until-close"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")
    with.close()
  end,
  ["two-lengths"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc")
  end,
  ["interim"] = function(_, with)
    with.send("HTTP/1.1 102 Processing\r\n\r\n")
    with.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    with.send(json(200, "OK", '"done"'))
  end,
  ["interim-flood"] = function(_, with)
    with.send(("HTTP/1.1 102 Processing\r\n\r\n"):rep(10000))
    with.send(json(200, "OK", '"done"'))
  end,
  ["excess"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was announced")
  end,
  ["second"] = function(_, with)
    with.send(json(200, "OK", '"first"') .. json(200, "OK", '"second"'))
  end,
  ["cut-stream"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n")
    with.after(100, with.close)
  end,
  ["unasked-101"] = function(_, with)
    with.send("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello")
  end,
  ["stream"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n")
    with.after(150, function()
      with.send("4\r\ntwo\n\r\n0\r\n\r\n")
    end)
  end,
  ["chunked"] = function(_, with)
    with.send(answers.chunks { '{"a":1}\n', ("x"):rep(70000), '{"b":2}\n' })
  end,
  ["echo"] = function(request, with)
    with.send(response(200, "OK", request.body))
  end,
  ["last-words"] = function(_, with)
    with.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    with.close()
  end,
}


--- The names that stand behind /fault/, sorted.
answers.fault_names = {}
for name in pairs(FAULTS) do
  table.insert(answers.fault_names, name)
end
table.sort(answers.fault_names)


-- { method pattern, path pattern, function(request, with, captures...) }, first match wins.
local ROUTES = {
  { "^%u+$", "^/fault/([%w-]+)$", function(request, with, name)
    local fault = FAULTS[name]
    if fault then
      fault(request, with)
    else
      with.send(NOT_FOUND)
    end
  end },
  { "^GET$", "^/fault/big/(%d+)$", function(_, with, size)
    with.send(response(200, "OK", ("0123456789abcdef"):rep(tonumber(size) // 16)))
  end },
  { "^GET$", "^/_ping$", function(_, with)
    with.send(response(200, "OK", "OK", { "Content-Type: text/plain" }))
  end },
  { "^HEAD$", "^/_ping$", function(_, with)
    with.send("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n")
  end },
  { "^GET$", "^/version$", function(_, with)
    with.send(json(200, "OK", '{"Version":"0.0-fake","ApiVersion":"1.41"}'))
  end },
  { "^GET$", "^/events$", function(_, with)
    with.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
  end },
  { "^GET$", "^/containers/(.+)/json$", function(_, with, id)
    with.send(id:find("missing") and NOT_FOUND or json(200, "OK", container(id)))
  end },
  { "^GET$", "^/exec/(.+)/json$", function(_, with, id)
    with.send(id:find("missing") and NOT_FOUND or json(200, "OK", exec(id)))
  end },
  { "^GET$", "^/info$", function(_, with)
    with.send(json(200, "OK", '{"ID":"fake","DockerRootDir":"/var/lib/docker"}'))
  end },
  { "^GET$", "^/volumes$", function(_, with)
    with.send(json(200, "OK", '{"Volumes":[],"Warnings":null}'))
  end },
  { "^GET$", "^/swarm$", function(_, with)
    with.send(json(200, "OK", '{"ID":"fake"}'))
  end },
  { "^GET$", "/json$", function(_, with)
    with.send(json(200, "OK", "[]"))
  end },
  { "^GET$", "^/%l+$", function(_, with)
    with.send(json(200, "OK", "[]"))
  end },
  { "^POST$", "^/containers/create$", function(_, with)
    with.send(json(201, "Created", '{"Id":"' .. ID .. '","Warnings":[]}\n'))
  end },
  { "^POST$", "^/containers/.+/attach$", hijack },
  { "^POST$", "^/exec/.+/start$", exec_start },
  { "^POST$", "^/containers/.+/exec$", function(_, with)
    with.send(json(201, "Created", '{"Id":"' .. ID .. '"}\n'))
  end },
  { "^POST$", "^/containers/.+/wait$", function(_, with)
    with.send(json(200, "OK", '{"StatusCode":0}\n'))
  end },
  { "^POST$", "^/.+/update$", function(_, with)
    with.send(json(200, "OK", '{"Warnings":null}\n'))
  end },
  { "^POST$", "^/containers/.+/%l+$", function(_, with)
    with.send(NO_CONTENT)
  end },
  { "^PUT$", "^/containers/.+/archive$", function(_, with)
    with.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
  end },
  { "^POST$", "^/build$", function(_, with)
    with.send(answers.chunks { '{"stream":"Step 1"}\r\n', '{"stream":"done"}\r\n' })
  end },
  { "^POST$", "^/images/%l+$", function(_, with)
    with.send(answers.chunks { '{"status":"Pulling"}\r\n', '{"status":"done"}\r\n' })
  end },
  { "^POST$", "/create$", function(_, with)
    with.send(json(201, "Created", '{"Id":"' .. ID .. '"}\n'))
  end },
  { "^DELETE$", "", function(_, with)
    with.send(NO_CONTENT)
  end },
}


local function path_of(target)
  local path = target:match("^[^?]*")
  path = path:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  return (path:gsub("^/v%d+%.?%d*/", "/"))
end


--- Answers one request.
function answers.give(request, with)
  local path = path_of(request.target)
  for _, route in ipairs(ROUTES) do
    if request.method:find(route[1]) then
      local captures = table.pack(path:match(route[2]))
      if captures[1] and path:find("missing") and not path:find("/json$") then
        break
      end
      if captures[1] then
        route[3](request, with, table.unpack(captures, 1, captures.n))
        return
      end
    end
  end
  with.send(NOT_FOUND)
end


return answers

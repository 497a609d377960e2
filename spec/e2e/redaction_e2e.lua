-- redaction_e2e: what the client sees of the engine's answers, and how it comes.
local answers = require "support.answers"
local cjson = require "cjson"
local house = require "support.house"
local http = require "support.http"
local stricter = dofile "test/cases/redaction_stricter.lua"

local INSPECT = "/v1.41/containers/c1/json"


-- One head and one body, with more fields where given.
local function answer_of(status, body, fields)
  local lines = { ("HTTP/1.1 %d X"):format(status), "Content-Type: application/json" }
  for _, field in ipairs(fields or {}) do
    lines[#lines + 1] = field
  end
  if status ~= 204 then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (status ~= 204 and body or "")
end


-- A house whose engine says what `say` holds: bytes, or a function(request, with).
local function open(response)
  local h
  h = house.start {
    config = house.EVERYTHING .. response,
    answer = function(request, with)
      if type(h.say) == "function" then
        h.say(request, with)
      else
        with.send(h.say)
      end
      return true
    end,
  }
  return h
end


describe("a redaction case", function()
  local houses = {}

  local function house_of(options)
    local key = cjson.encode(options.response)
    local names = {}
    for name in key:gmatch '"([%w_]+)":' do
      names[#names + 1] = name
    end
    table.sort(names)
    local lines = { "response:" }
    for _, name in ipairs(names) do
      lines[#lines + 1] = ("  %s: %s"):format(name, options.response[name])
    end
    local text = table.concat(lines, "\n") .. "\n"
    houses[text] = houses[text] or open(text)
    return houses[text]
  end

  teardown(function()
    for _, h in pairs(houses) do
      h:stop()
    end
  end)

  for line in io.lines "test/cases/response_redaction.jsonl" do
    local case = cjson.decode(line)
    local expected = case.hardening and case.hardening.expect_body or case.expect_body
    local status = case.hardening and case.hardening.verdict == "deny" and 502
      or case.expect.status
    local ours = stricter[case.id]
    if ours then
      status, expected = ours.status or status, ours.body and cjson.decode(ours.body) or expected
    end
    local body = case.upstream_body_text or line:match '"upstream_body": (.-), "options"'
    if type(case.upstream_body) == "table" and case.upstream_body.generate then
      body = '{"X":"' .. ("x"):rep(8388608) .. '"}'
      expected = nil
    end

    it(case.id .. ": " .. (ours and ours.why or case.why), function()
      local h = house_of(case.options)
      local post = case.method == "POST"
      h.say = case.method == "HEAD" and "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
        or answer_of(case.upstream_status, body)
      local response = http.request(h.address, {
        method = case.method, body = post and "{}" or nil,
        target = case.path .. (case.query ~= "" and "?" .. case.query or ""),
        headers = post and { { "Content-Type", "application/json" } } or nil,
      })
      assert.equal(status, response.status)
      if status == 502 then
        assert.equal("upstream Docker response rejected by sockguard policy",
                     cjson.decode(response.body).message)
      elseif type(expected) == "table" then
        assert.same(expected, cjson.decode(response.body))
      end
      if case.expect_headers then
        assert.equal(tostring(#response.body), response.headers["content-length"])
      end
    end)
  end
end)


describe("an edited answer", function()
  local h

  setup(function()
    h = open ""
  end)

  teardown(function()
    h:stop()
  end)

  before_each(function()
    h.engine:forget()
  end)

  local function get(target, headers)
    return http.request(h.address, { target = target or INSPECT, headers = headers })
  end

  it("keeps every byte that is not hidden", function()
    h.say = answer_of(200, '{ "Id":"c1","Memory":9007199254740993, "Config" : {"Env":["A=1"],'
      .. '"Labels":{"a":"\\u0000\\u003c"},"Cpu":1.50e3}}\n')
    assert.equal('{ "Id":"c1","Memory":9007199254740993, "Config" : {"Env":[],'
      .. '"Labels":{"a":"\\u0000\\u003c"},"Cpu":1.50e3}}\n', get().body)
  end)

  it("is the same in whatever pieces the engine's comes", function()
    local text = '{"Mounts":[{"Source":"/srv/a","Destination":"/a"}],"Config":{"Env":["A=1"]}}'
    local expected = '{"Mounts":[{"Source":"<redacted>","Destination":"/a"}],"Config":{"Env":[]}}'
    for size = 1, 9 do
      local parts = {}
      for at = 1, #text, size do
        parts[#parts + 1] = text:sub(at, at + size - 1)
      end
      h.say = answers.chunks(parts)
      local response = get()
      assert.equal(expected, response.body)
      assert.equal(tostring(#expected), response.headers["content-length"])
    end
  end)

  it("leaves both connections for more", function()
    h.say = answer_of(200, '{"Config":{"Env":["A=1"]}}')
    local connection = http.connect(h.address)
    for _ = 1, 3 do
      connection:send(http.bytes { target = INSPECT })
      assert.equal('{"Config":{"Env":[]}}', connection:final().body)
    end
    connection:close()
    local first = h.engine:next().connection
    assert.equal(first, h.engine:next().connection)
  end)

  it("is asked for without a content coding", function()
    h.say = answer_of(200, "{}")
    get(INSPECT, { { "Accept-Encoding", "gzip" }, { "accept-encoding", "br" } })
    assert.equal("identity", h.engine:next().headers["accept-encoding"])
    h.say = answer_of(200, "[]")
    get("/v1.41/images/json", { { "Accept-Encoding", "gzip" } })
    assert.equal("gzip", h.engine:next().headers["accept-encoding"])
  end)

  it("is refused when it has a content coding all the same", function()
    h.say = answer_of(200, '{"Config":{"Env":["A=1"]}}', { "Content-Encoding: gzip" })
    assert.equal(502, get().status)
  end)

  it("is refused, and told why, when it is not what the engine sends", function()
    h.say = answer_of(200, '{"Config":"PASSWORD=geheim"}')
    local response = get()
    assert.equal(502, response.status)
    assert.is_nil(response.body:find "geheim")
    assert.is_truthy(h.guard:logged(function(fields)
      return fields.reason_code == "upstream_response_rejected_by_policy"
        and fields.reason:find "of another kind"
    end))
  end)

  it("is refused when the engine breaks off, and the client hears nothing of it", function()
    h.say = function(_, with)
      with.send 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Config":{"Env":["A=geheim"'
      with.close()
    end
    local response = get()
    assert.equal(502, response.status)
    assert.is_nil(response.body:find "geheim")
  end)

  it("may end with the engine's connection", function()
    h.say = function(_, with)
      with.send 'HTTP/1.1 200 OK\r\n\r\n{"Config":{"Env":["A=1"]}}'
      with.close_when_sent()
    end
    local response = get()
    assert.equal('{"Config":{"Env":[]}}', response.body)
    assert.equal("21", response.headers["content-length"])
  end)

  it("flows in chunks when it is large, and is cut where it turns out to be wrong", function()
    local item = '{"Id":"' .. ("c"):rep(500) .. '","Mounts":[{"Source":"/srv/geheim"}]}'
    local items = {}
    for i = 1, 2000 do
      items[i] = item
    end
    local text = "[" .. table.concat(items, ",") .. "]"
    h.say = answer_of(200, text)
    local response = get "/v1.41/containers/json"
    assert.equal("chunked", response.headers["transfer-encoding"])
    assert.equal((text:gsub("/srv/geheim", "<redacted>")), response.body)

    h.say = answer_of(200, text:sub(1, -2) .. ',"no record"]')
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/v1.41/containers/json" })
    assert.is_true(connection:closes())
    assert.is_nil(connection:bytes():find("\r\n0\r\n\r\n", 1, true))
    assert.is_nil(connection:bytes():find("geheim", 1, true))
    connection:close()
  end)

  it("reaches a client of HTTP/1.0 whole", function()
    local items = {}
    for i = 1, 3000 do
      items[i] = '{"Id":"' .. ("c"):rep(50) .. '","Mounts":[{"Source":"/srv/a"}]}'
    end
    local text = "[" .. table.concat(items, ",") .. "]"
    h.say = answer_of(200, text)
    local connection = http.connect(h.address)
    connection:send "GET /v1.41/containers/json HTTP/1.0\r\n\r\n"
    assert.is_true(connection:closes())
    local body = connection:bytes():match "\r\n\r\n(.*)$"
    assert.equal((text:gsub("/srv/a", "<redacted>")), body)
    connection:close()
  end)

  it("of a stream of events comes one by one", function()
    h.say = function(_, with)
      with.send "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      local event = '{"status":"exec_create: sh -c geheim","Action":"exec_create: sh -c geheim"}\n'
      with.after(50, function()
        with.send(("%x\r\n%s\r\n"):format(#event, event))
      end)
    end
    local connection = http.connect(h.address)
    connection:send(http.bytes { target = "/v1.41/events" })
    local wait = require "support.wait"
    assert.is_true(wait.until_true(function()
      return connection:bytes():find("Action", 1, true)
    end, 3000) and true)
    assert.matches('"status":"exec_create: \\u003credacted\\u003e"', connection:bytes(), 1, true)
    assert.is_nil(connection:bytes():find("geheim", 1, true))
    connection:close()
  end)

  it("has none of what hides in other members", function()
    for path, body in pairs {
      ["/containers/c1/json"] = '{"State":{"Error":"error mounting \\"/srv/geheim\\" to rootfs"}}',
      ["/images/a/json"] = '{"ContainerConfig":{"Cmd":["|1","TOKEN=geheim","/bin/sh"]}}',
      ["/images/a/history"] = '[{"CreatedBy":"|1 TOKEN=geheim /bin/sh -c true"}]',
      ["/volumes/v"] = '{"Driver":"sshfs","Options":{"password":"geheim","sshcmd":"u@geheim:/p"}}',
      ["/tasks"] = '[{"Status":{"Err":"bind source path does not exist: /srv/geheim"}}]',
      ["/info"] = '{"Runtimes":{"my":{"path":"/opt/geheim/runc"}},"DriverStatus":[["Data file",'
        .. '"/var/geheim"]],"RegistryConfig":{"Mirrors":["https://geheim/"]},"Swarm":{"Cluster":'
        .. '{"Spec":{"CAConfig":{"ExternalCAs":[{"URL":"https://geheim"}]}}}}}',
      ["/services/s"] = '{"Spec":{"TaskTemplate":{"Networks":[{"Target":"geheim"}],"ContainerSpec":'
        .. '{"Mounts":[{"VolumeOptions":{"DriverConfig":{"Options":{"key":"geheim"}}}}]}}}}',
      ["/events"] = '{"Action":"reload","Actor":{"Attributes":{"runtimes":"my:/opt/geheim",'
        .. '"insecure-registries":"[geheim]"}}}\n',
      ["/libpod/secrets/s/json"] = '{"SecretData":"geheim"}',
    } do
      h.say = answer_of(200, body)
      local response = get(path)
      assert.equal(200, response.status, path)
      assert.is_nil(response.body:find("geheim", 1, true), path .. ": " .. response.body)
    end
  end)

  it("may be a sequence with marks between its values", function()
    h.say = answer_of(200, '\30{"Action":"start"}\n\30{"Action":"exec_die"}\n')
    assert.equal('\30{"Action":"start"}\n\30{"Action":"exec_die"}\n', get("/v1.52/events").body)
  end)

  it("has empty addresses for clients that parse them", function()
    h.say = answer_of(200, '{"NetworkSettings":{"IPAddress":"172.17.0.2"}}')
    assert.equal('{"NetworkSettings":{"IPAddress":"<redacted>"}}', get().body)
    assert.equal('{"NetworkSettings":{"IPAddress":""}}', get("/v1.44/containers/c1/json").body)
  end)

  it("is refused before the engine is asked where only a query makes it secret", function()
    for _, query in ipairs { "statement=true", "statement=1", "statement=0&statement=yes",
                             "%73tatement=on" } do
      assert.equal(502, get("/v1.41/images/a/attestations?" .. query).status)
    end
    assert.is_nil(h.engine:next(100))
  end)
end)


describe("with names of variables", function()
  local h

  setup(function()
    h = open 'response: { redact_env_names: ["*PASSWORD*", "AWS_*"] }\n'
  end)

  teardown(function()
    h:stop()
  end)

  it("only their values are hidden", function()
    h.say = answer_of(200, '{"Config":{"Env":["VIRTUAL_HOST=a.example","db_password=geheim",'
      .. '"AWS_KEY=geheim","PATH=/bin","AWS_","app/DB_PASSWORD=geheim"]}}')
    local body = http.request(h.address, { target = INSPECT }).body
    assert.same({ "VIRTUAL_HOST=a.example", "db_password=<redacted>", "AWS_KEY=<redacted>",
                  "PATH=/bin", "<redacted>", "app/DB_PASSWORD=<redacted>" },
      cjson.decode(body).Config.Env)
  end)

  it("an environment that the engine does not send stays away", function()
    h.say = answer_of(200, '{"Config":{"Image":"a"}}')
    assert.equal('{"Config":{"Image":"a"}}', http.request(h.address, { target = INSPECT }).body)
  end)
end)

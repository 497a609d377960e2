-- body_test.lua: what the body reader makes of documents; body_test.c runs each as a test.
--
-- From body_test.c: schema(document, slots) compiles, read_text(schema, text) reads and
-- returns { verdict, what, offset, unknown_count, unknown, present, [slot] = value }.
local s = require "core.schema"

-- { sentence, function } each, in order.
local tests = {}


local function test(sentence, body)
  tests[#tests + 1] = { sentence, body }
end


local function document(members, options)
  local d = { name = "body", members = members }
  for k, v in pairs(options or {}) do
    d[k] = v
  end
  return s.document(d)
end


-- A value as text: {1,"a"} for a list, {k=true} for a table, by key.
local function show(v)
  if type(v) ~= "table" then
    return type(v) == "string" and '"' .. v .. '"' or tostring(v)
  end
  local keys, out = {}, {}
  for k in pairs(v) do
    keys[#keys + 1] = k
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, k in ipairs(keys) do
    out[i] = (math.type(k) and "" or k .. "=") .. show(v[k])
  end
  return "{" .. table.concat(out, ",") .. "}"
end


local function same(got, want)
  if got ~= want then
    error("got " .. show(got) .. ", want " .. show(want), 2)
  end
end


local function is(r, verdict, what)
  if r.verdict ~= verdict or (what and r.what ~= what) then
    error(("got %s %q at %d"):format(r.verdict, r.what, r.offset), 2)
  end
  return r
end


local host = {
  s.bool "Privileged", s.string "NetworkMode", s.strings "Binds", s.strings "MaskedPaths",
  s.int "Memory", s.string_map "Sysctls", s.any_map "StorageOpt",
  s.records("Mounts", {
    s.string "Type", s.bool "ReadOnly", s.int "Size",
    s.record("VolumeOptions", { s.string_map "Labels", s.strings "Flags" }),
    s.harmless("Consistency", "a hint"),
  }),
  s.list_of_strings "Capabilities", s.harmless("ShmSize", "its own memory"),
  s.record("LogConfig", { s.string "Type" }),
}

local create = document({
  s.string "Image", s.command "Cmd", s.string_map "Labels", s.record("HostConfig", host),
  s.harmless("Hostname", "its own name"), s.int "StopTimeout",
  s.record("NetworkingConfig", { s.record_map("EndpointsConfig", { s.strings "Aliases" }) }),
}, { legacy = "HostConfig" })

local paths = {
  "Image", "Cmd", "Labels", "HostConfig.Privileged", "HostConfig.NetworkMode",
  "HostConfig.Binds", "HostConfig.MaskedPaths", "HostConfig.Memory", "HostConfig.Sysctls",
  "HostConfig.StorageOpt", "HostConfig.Mounts", "HostConfig.Capabilities",
  "HostConfig.LogConfig", "NetworkingConfig.EndpointsConfig", "",
}

local slot_of = {}
for i, path in ipairs(paths) do
  slot_of[path:match("[^.]*$")] = i
end

local compiled = schema(create, paths)


local function read(text)
  return read_text(compiled, text)
end


-- What text gives the slot of the member.
local function value(name, text)
  local r = is(read(text), "read")
  same(r.present[slot_of[name]], r[slot_of[name]] ~= nil)
  return r[slot_of[name]]
end


test("names select fields under folding", function()
  for _, key in ipairs { "Privileged", "privileged", "PRIVILEGED", "\\u0050rivileged",
      "\\u0070RIVILEGED", "Privile\\u0067ed" } do
    same(value("Privileged", '{"HostConfig":{"' .. key .. '":true}}'), true)
  end
  for _, key in ipairs { "Ho\u{17f}tConfig", "HO\\u017FTCONFIG", "ho\\u017ftconfig" } do
    same(value("Privileged", '{"' .. key .. '":{"privileged":true}}'), true)
  end
  same(value("NetworkMode", '{"HostConfig":{"Networ\u{212a}Mode":"x"}}'), "x")
  same(value("NetworkMode", '{"HostConfig":{"Networ\\u212aMode":"x"}}'), "x")
  same(show(value("Binds", '{"HostConfig":{"Bind\u{17f}":["a"]}}')), '{"a"}')
  same(show(value("MaskedPaths", '{"HostConfig":{"Ma\u{17f}\u{212a}edPaths":[]}}')), "{}")
end)


test("look alikes and padding select nothing", function()
  for _, key in ipairs { "Priv\u{456}leged", " Privileged", "Privileged ", "Privileged\\t",
      "Privilege", "Privilegedd", "", "\u{ff30}rivileged", ("x"):rep(300) } do
    local r = is(read('{"HostConfig":{"' .. key .. '":true}}'), "read")
    same(r[4], nil)
    same(r.unknown_count, 1)
  end
end)


test("keys of maps are data", function()
  same(show(value("Labels", '{"Labels":{"a":"1","A":"2","\\u0061b":"3","":null}}')),
    '{="",A="2",a="1",ab="3"}')
  same(show(value("Sysctls", '{"HostConfig":{"Sysctls":{"s":"1","\u{17f}":"2"}}}')),
    '{s="1",\u{17f}="2"}')
  same(show(value("EndpointsConfig", '{"NetworkingConfig":{"EndpointsConfig":'
    .. '{"N":null,"n":{"aliases":["x"]}}}}')), '{N=false,n={Aliases={"x"}}}')
end)


test("kinds take their values", function()
  same(value("Privileged", '{"HostConfig":{"Privileged":false}}'), false)
  same(value("Image", '{"Image":"a\\n\\u00e9\\ud83d\\ude00"}'), "a\n\u{e9}\u{1f600}")
  same(value("Image", '{"Image":""}'), "")
  same(show(value("Cmd", '{"Cmd":"a b"}')), '"a b"')
  same(show(value("Cmd", '{"Cmd":["a",null,"b"]}')), '{"a","","b"}')
  same(show(value("Cmd", '{"Cmd":[]}')), "{}")
  same(show(value("Binds", '{"HostConfig":{"Binds":[null,"","/a:/b"]}}')),
    '{"","","/a:/b"}')
  same(show(value("Capabilities", '{"HostConfig":{"Capabilities":[["a",null],null,[]]}}')),
    '{{"a",""},{},{}}')
  same(show(value("StorageOpt", '{"HostConfig":{"StorageOpt":{"a":[{"b":1}],"c":null}}}')),
    "{a=true,c=true}")
  same(show(value("LogConfig", '{"HostConfig":{"LogConfig":{"type":"x"}}}')), '{Type="x"}')
  same(show(value("LogConfig", '{"HostConfig":{"LogConfig":{}}}')), "{}")
  same(show(value("Mounts", '{"HostConfig":{"Mounts":[{"TYPE":"bind","ReadOnly":true,'
    .. '"Consistency":[1],"VolumeOptions":{"labels":{"a":null},"Flags":null}},null,{}]}}')),
    '{{ReadOnly=true,Type="bind",VolumeOptions={Labels={a=""}}},{},{}}')
end)


test("integers are exact and integers only", function()
  for _, n in ipairs { 0, 1, -1, 9007199254740993, math.maxinteger, math.mininteger } do
    local v = value("Memory", ('{"HostConfig":{"Memory":%d}}'):format(n))
    same(v, n)
    same(math.type(v), "integer")
  end
  same(value("Memory", '{"HostConfig":{"Memory":-0}}'), 0)
  for _, n in ipairs { "1.0", "1e3", "6.7e7", "9223372036854775808", "-9223372036854775809",
      '"1"', "true", "[]", "{}", "99999999999999999999999999" } do
    is(read('{"HostConfig":{"Memory":' .. n .. "}}"), "malformed",
      "HostConfig.Memory must be a 64-bit integer")
  end
end)


test("null and absent are nothing", function()
  local r = is(read('{"Image":null,"Cmd":null,"Labels":null,"HostConfig":null,'
    .. '"StopTimeout":null,"NetworkingConfig":{"EndpointsConfig":null}}'), "read")
  for i = 1, #paths do same(r[i], nil) same(r.present[i], false) end
  for _, m in ipairs(host) do
    r = is(read('{"HostConfig":{"' .. m.name .. '":null}}'), "read")
    for i = 1, #paths do same(r[i], nil) same(r.present[i], false) end
  end
  same(is(read("null"), "read").unknown_count, 0)
  is(read(" {} "), "read")
end)


test("zero values are nothing where the document says so", function()
  local members = {
    s.bool "B", s.string "S", s.int "I", s.strings "L", s.string_map "M", s.any_map "A",
    s.command "C", s.list_of_strings "LL", s.records("R", { s.string "S", s.strings "L" }),
    s.record_map("RM", { s.bool "B" }), s.strings("K", { keeps_zero = true }),
    s.record("D", { s.int "I", s.bool("K", { keeps_zero = true }) }),
  }
  local slots = { "B", "S", "I", "L", "M", "A", "C", "LL", "R", "RM", "K", "D.I", "D.K" }
  local c = schema(document(members, { zero_is_absent = true }), slots)
  local zeros = {
    '"B":false,"S":"","I":0,"L":[],"M":{},"A":{},"C":"","LL":[],"R":[],"RM":{},"D":{"I":0}',
    ' "B" : false ,"S": "" ,"I":-0,"L":[ ],"M": {\n},"A":{\t},"C":[],"LL":[ ],"R":[ ],"RM":{ }',
    '"C":[],"D":{}',
  }
  for _, zero in ipairs(zeros) do
    local r = is(read_text(c, "{" .. zero .. "}"), "read")
    for i = 1, #slots do same(r[i], nil) same(r.present[i], false) end
  end
  local r = is(read_text(c, '{"K":[],"D":{"K":false}}'), "read")
  same(show(r[11]), "{}")
  same(r.present[11], true)
  same(r[13], false)
  same(r.present[13], true)
  r = is(read_text(c, '{"B":true,"S":" ","I":-1,"L":[""],"LL":[[]],"R":[{"S":"","L":[]},null],'
    .. '"RM":{"":{"B":false},"n":null}}'), "read")
  same(show { r[1], r[2], r[3], r[4], r[8], r[9], r[10] },
    '{true," ",-1,{""},{{}},{{},{}},{={},n=false}}')
end)


test("a zero value of another kind is malformed, and a repeated one ambiguous", function()
  local zero = { bool = "false", string = '""', int = "0", strings = "[]", string_map = "{}",
    any_map = "{}", list_of_strings = "[]", records = "[]", record_map = "{}", record = "{}" }
  for kind in pairs(zero) do
    local doc = document({ s[kind]("M", { s.string "a" }) }, { zero_is_absent = true })
    for _, slots in ipairs { {}, { "M" } } do
      local c = schema(doc, slots)
      for _, other in pairs(zero) do
        is(read_text(c, '{"M":' .. other .. "}"), other == zero[kind] and "read" or "malformed")
      end
      is(read_text(c, '{"M":' .. zero[kind] .. ',"m":' .. zero[kind] .. "}"), "ambiguous",
        "m is there twice")
    end
  end
end)


test("another type in any listed member is malformed", function()
  local wrong = {
    bool = { "1", '"true"', "[]", "{}", '""', "0" },
    string = { "1", "true", "false", "[]", "{}", '["a"]' },
    strings = { "{}", '""', '"X"', "1", "true", "[1]", "[[]]", "[{}]", '["a",false]' },
    string_map = { "[]", '""', "1", "false", '{"a":1}', '{"a":[]}', '{"a":{}}' },
    any_map = { "[]", '""', "1", "true" },
    command = { "{}", "1", "true", "[1]", "[[]]" },
    list_of_strings = { "{}", '""', '["a"]', "[[1]]", "[[[]]]", "[{}]" },
    record = { "[]", '"x"', "1", "false", "true" },
    records = { "{}", '""', "1", "[1]", "[[]]", '["a"]', "[false]" },
    record_map = { "[]", '""', "1", '{"a":1}', '{"a":[]}', '{"a":"x"}', '{"a":false}' },
  }
  local inner = { s.string "a" }
  for kind, values in pairs(wrong) do
    local doc = document { s[kind]("M", inner), s.record("R", { s[kind]("M", inner) }) }
    for _, slots in ipairs { {}, { "M", "R.M" } } do
      local c = schema(doc, slots)
      is(read_text(c, '{"M":null,"R":{"m":null}}'), "read")
      for _, v in ipairs(values) do
        local r = is(read_text(c, '{"M":' .. v .. "}"), "malformed")
        same(r.what:sub(1, 10), "M must be ")
        r = is(read_text(c, '{"R":{"m":' .. v .. "}}"), "malformed")
        same(r.what:sub(1, 12), "R.M must be ")
      end
    end
  end
  is(read('{"HostConfig":{"Mounts":[{},{"VolumeOptions":{"Labels":{"a":1}}}]}}'), "malformed",
    "HostConfig.Mounts[].VolumeOptions.Labels must be an object with strings")
  is(read('{"HostConfig":{"Privileged":true,"Memory":"x"}}'), "malformed")
  same(read('{"StopTimeout":"x"}').offset, 15)
end)


test("harmless members may hold anything", function()
  for _, v in ipairs { "null", "1.5e9", '"x"', '[1,[2],{"a":{}}]', '{"a":1,"A":2}' } do
    local r = is(read('{"Hostname":' .. v .. ',"HostConfig":{"ShmSize":' .. v .. "}}"), "read")
    same(r.unknown_count, 0)
  end
  is(read('{"Hostname":[1,]}'), "malformed", "not JSON")
  is(read('{"Hostname":{"a":[{"b":1,"c":2,"b":3}]}}'), "ambiguous", "b is there twice")
end)


test("the root is an object or null", function()
  for _, v in ipairs { "[]", '"x"', "1", "true", "false", "[{}]" } do
    is(read(v), "malformed", "body must be an object")
  end
  for _, v in ipairs { "", " ", "\n", "{", "nul", "{]" } do is(read(v), "malformed") end
end)


test("ambiguous text is told from malformed", function()
  is(read("{} x"), "ambiguous", "text after the value")
  is(read("null{}"), "ambiguous", "text after the value")
  is(read("{}\0"), "ambiguous", "text after the value")
  is(read("\u{feff}{}"), "ambiguous", "a byte order mark")
  is(read('{"Image":"\xff"}'), "ambiguous", "invalid UTF-8")
  is(read('{"Foo":[{"\xc0\x80":1}]}'), "ambiguous", "invalid UTF-8")
  is(read('{"Image":"\\ud800"}'), "ambiguous", "half of a surrogate pair")
  is(read('{"Image":"\\u0000"}'), "ambiguous", "an escaped NUL")
  is(read('{"Image":"a\0b"}'), "malformed", "a raw control character in a string")
  is(read('{"Foo":' .. ("["):rep(200)), "malformed", "nested too deep")
  is(read('{"StopTimeout":01}'), "malformed")
end)


test("repeated members are ambiguous", function()
  local function twice(text, name) is(read(text), "ambiguous", name .. " is there twice") end
  twice('{"Image":"a","Image":"a"}', "Image")
  twice('{"Image":"a","image":null}', "image")
  twice('{"Image":null,"Image":null}', "Image")
  twice('{"HostConfig":{"Privileged":true},"HostConfig":{}}', "HostConfig")
  twice('{"HostConfig":{"Privileged":true},"hostconfig":null}', "hostconfig")
  twice('{"HostConfig":{},"Ho\u{17f}tConfig":{}}', "Ho\\u017ftConfig")
  twice('{"HostConfig":{"Privileged":true,"Privileged":false}}', "HostConfig.Privileged")
  twice('{"HostConfig":{"Binds":["/etc:/x"],"\\u0042inds":[null]}}', "HostConfig.Binds")
  twice('{"HostConfig":{"Sysctls":{"a":"1"},"Sysctls":{"b":"2"}}}', "HostConfig.Sysctls")
  twice('{"HostConfig":{"Mounts":[{"Type":"volume"}],"Mounts":[{}]}}', "HostConfig.Mounts")
  twice('{"HostConfig":{"Mounts":[{},{"Type":"a","TYPE":"b"}]}}', "HostConfig.Mounts[].TYPE")
  twice('{"Hostname":1,"hostname":1}', "hostname")
  twice('{"Foo":null,"Foo":null}', "Foo")
  twice('{"Foo":1,"f\\u006fO":2}', "foO")
  twice('{"Foos":1,"FOO\u{17f}":2}', "FOO\\u017f")
  twice('{"HostConfig":{"X":0,"x":0}}', "HostConfig.x")
  twice('{"Labels":{"a":"1","a":"1"}}', "a")
  twice('{"Labels":{"a":"1","\\u0061":"2"}}', "a")
  twice('{"HostConfig":{"StorageOpt":{"a":1,"a":2}}}', "a")
  twice('{"NetworkingConfig":{"EndpointsConfig":{"n":{},"n":null}}}', "n")
  twice('{"Foo":{"a":1,"a":1}}', "a")
  twice('{"Foo":[1,{"b":{"a":1},"b":1}]}', "b")
  is(read('{"Image":"a","HostConfig":{"Image":0},"Foo":{"Image":[{"a":1},{"a":1}],"image":1},'
    .. '"Labels":{"a":"1","A":"2","Image":""}}'), "read")
  is(read('{"HostConfig":{"Mounts":[{"Type":"a"},{"Type":"b"}]}}'), "read")
end)


test("repeats are found among many", function()
  local t = {}
  for i = 1, 5000 do t[i] = ('"k%d":"v"'):format(i) end
  local all = table.concat(t, ",")
  is(read('{"Labels":{' .. all .. "}}"), "read")
  for _, i in ipairs { 1, 2, 63, 64, 65, 2500, 4999, 5000 } do
    local r = read('{"Labels":{' .. all .. "," .. t[i] .. "}}")
    is(r, "ambiguous", "k" .. i .. " is there twice")
  end
  is(read('{"Labels":{"k1":"v"}}'), "read")
end)


test("unknown members are named unless zero", function()
  for _, v in ipairs {
    "null", "false", "0", "-0", "0.0", "0e5", "-0.00E+9", '""', "[]", "{}", "[ ]",
  } do
    same(is(read('{"Foo":' .. v .. "}"), "read").unknown_count, 0)
  end
  for _, v in ipairs {
    "true", "1", "-1", "0.01", "10", '"0"', "[0]", "[[]]", '{"a":null}', "[null]",
  } do
    local r = is(read('{"Foo":' .. v .. "}"), "read")
    same(show(r.unknown), '{"Foo"}')
  end
  local r = is(read('{"F\\u006fo":1,"HostConfig":{"B\u{e9}\u{1f600}\\\\\\n":1,'
    .. '"Mounts":[{},{"VolumeOptions":{"X":1}}]},'
    .. '"NetworkingConfig":{"EndpointsConfig":{"net":{"Y":1}}}}'), "read")
  same(r.unknown_count, 4)
  same(r.unknown[1], "Foo")
  same(r.unknown[2], "HostConfig.B\\u00e9\\ud83d\\ude00\\\\\\u000a")
  same(r.unknown[3], "HostConfig.Mounts[].VolumeOptions.X")
  same(r.unknown[4], "NetworkingConfig.EndpointsConfig[].Y")
  local t = {}
  for i = 1, 20 do t[i] = ('"u%d":1'):format(i) end
  r = is(read("{" .. table.concat(t, ",") .. "}"), "read")
  same(r.unknown_count, 20)
  same(#r.unknown, 8)
  r = is(read('{"HostConfig":{"' .. ("x"):rep(300) .. '":1}}'), "read")
  same(r.unknown[1], "HostConfig." .. ("x"):rep(84))
end)


test("legacy members at the top are ambiguous", function()
  is(read('{"privileged":true}'), "ambiguous",
    "Privileged at the top level: engines before 29 read it as HostConfig.Privileged")
  is(read('{"Bind\u{17f}":["/:/h"]}'), "ambiguous")
  same(read('{"Image":"x","Memory":1}').offset, 13)
  for _, v in ipairs { "null", "false", "0", '""', "[]", "{}" } do
    same(is(read('{"Privileged":' .. v .. "}"), "read").unknown_count, 0)
  end
  same(is(read('{"NetworkingConfig":{"Privileged":true}}'), "read").unknown_count, 1)
  local c = schema(document({ s.record("HostConfig", host) }), {})
  same(is(read_text(c, '{"Privileged":true}'), "read").unknown_count, 1)
end)


test("lenient documents take the last and skip the rest", function()
  local c = schema(document({ s.string "A", s.string_map "M", s.record("R", { s.int "N" }) },
    { lenient = true }), { "A", "M", "R.N" })
  local r = is(read_text(c, '{"A":"1","a":"2","Foo":[1],"Foo":{"x":1,"x":2},'
    .. '"M":{"k":"1","k":"2"},"R":{"N":1},"R":{"N":null}}'), "read")
  same(r[1], "2")
  same(show(r[2]), '{k="2"}')
  same(r[3], nil)
  same(r.present[3], false)
  same(r.unknown_count, 0)
  is(read_text(c, '{"A":1}'), "malformed", "A must be a string")
  is(read_text(c, '{"A":"\xff"}'), "malformed", "invalid UTF-8")
  is(read_text(c, "{} {}"), "malformed", "text after the value")
end)


test("a whole document is one record, and presence tells what is there from what is not", function()
  local change = schema(document({
    s.presence "Memory", s.presence "Devices",
    s.record("Resources", { s.presence "Memory" }, { loose = true }),
  }), { "*" })
  local function whole(text)
    return show(is(read_text(change, text), "read")[1])
  end
  same(whole "{}", "{}")
  same(whole "null", "nil")
  same(whole '{"Memory":-5,"Other":1}', "{Memory=-5}")
  same(whole '{"Memory":null,"devices":[{"a":1}]}', "{Devices=true,Memory=false}")
  same(whole '{"Memory":1.5,"Devices":0}', "{Devices=0,Memory=true}")
  same(whole '{"Memory":9223372036854775808,"Devices":""}', "{Devices=true,Memory=true}")
  same(whole '{"Resources":{"Memory":{}}}', "{Resources={Memory=true}}")
  same(whole '{"Resources":null}', "{Resources=false}")
  same(whole '{"Resources":[{"Memory":1}]}', "{Resources=false}")
  is(read_text(change, '{"Memory":1,"memory":2}'), "ambiguous")
  is(read_text(change, '{"Resources":[{"a":1,"a":2}]}'), "ambiguous")
end)


test("slots of something else stay as they are", function()
  local r = is(read('{"Image":"x"}'), "read")
  same(r[#paths], nil)
  same(r.present[#paths], false)
  same(r.present[1], true)
end)


test("every truncation is refused", function()
  local text = '{"Image":"a\\u00e9\u{e9}","Cmd":["x",null],"Labels":{"a":"b"},"Foo":[{"a":-1.5e1}],'
    .. '"HostConfig":{"Privileged":true,"Memory":12,'
    .. '"Mounts":[{"Type":"bind","VolumeOptions":{}}],"Capabilities":[["a"]]},'
    .. '"NetworkingConfig":{"EndpointsConfig":{"n":{"Aliases":[]}}}}'
  is(read(text), "read")
  for n = 0, #text - 1 do is(read(text:sub(1, n)), "malformed", "the JSON text ends early") end
end)


test("every changed byte is survived", function()
  local text = '{"Image":"a","Cmd":["x"],"Labels":{"a":"b"},"Foo":[{"a":-1.5}],'
    .. '"HostConfig":{"Memory":12,"Mounts":[{"Type":"b"}]}}'
  for n = 1, #text do
    for _, c in ipairs { '"', "\\", "{", "}", "[", "]", ",", ":", "0", "n", "\xff", "\0" } do
      local r = read(text:sub(1, n - 1) .. c .. text:sub(n + 1))
      assert(r.verdict ~= "none")
      assert(r.verdict == "read" or r.what ~= "")
    end
  end
end)


test("the number of members has a ceiling", function()
  local function list(n) return '{"HostConfig":{"Binds":[' .. ('"",'):rep(n - 1) .. '""]}}' end
  local r = is(read(list(65536 - 3)), "read")
  same(#r[6], 65536 - 3)
  is(read(list(65536 - 2)), "malformed", "too many members")
  is(read('{"Foo":[' .. ("0,"):rep(70000) .. "0]}"), "malformed", "too many members")
  local t = {}
  for i = 1, 65536 do t[i] = '"' .. i .. '":0' end
  is(read("{" .. table.concat(t, ",") .. "}"), "malformed", "too many members")
  t[65536] = nil
  same(is(read("{" .. table.concat(t, ",") .. "}"), "read").unknown_count, 0)
end)


test("deep values stop at the ceiling", function()
  local function deep(n) return '{"Foo":' .. ("["):rep(n) .. ("]"):rep(n) .. "}" end
  is(read(deep(127)), "read")
  is(read(deep(128)), "malformed", "nested too deep")
  is(read('{"Foo":' .. ('{"a":'):rep(127) .. "1" .. ("}"):rep(127) .. "}"), "read")
  is(read('{"Foo":' .. ('{"a":['):rep(5000)), "malformed", "nested too deep")
end)


test("paths that lead nowhere are told to the developer", function()
  local function refused(members, slots, want, options)
    local ok, why = pcall(schema, document(members, options), slots)
    if ok or not tostring(why):find(want, 1, true) then error(tostring(why), 2) end
  end
  local some = { s.string "A", s.record("R", { s.string "B", s.record("Q", { s.string "C" }) }),
    s.records("L", { s.string "B" }), s.harmless "H" }
  for _, path in ipairs { "a", "X", "A.B", "R.X", "R.", ".A", "L.B", "R.B.C", "R.b" } do
    refused(some, { path }, path .. " is no member")
  end
  refused(some, { "H" }, "H is harmless")
  refused(some, { "A", "A" }, "A is read twice")
  refused(some, { "R", "R.B" }, "R.B is read twice")
  refused(some, { "R.Q.C", "R" }, "R is read twice")
  refused({ s.string "A", s.string "a" }, {}, "a is there twice")
  refused({ { kind = "strin", name = "A" } }, {}, "unknown kind strin")
  refused({ { kind = "string" } }, {}, "needs a short name")
  refused({ s.string(("x"):rep(65)) }, {}, "needs a short name")
  refused({ s.string "k\u{e9}y" }, {}, "names are ASCII")
  refused({ s.record "R" }, {}, "has no members")
  refused({ 1 }, {}, "a member is no table")
  refused(some, { 1.5 }, "is no member")
  refused(some, { {} }, "slot 1 is no path")
  refused(some, {}, "legacy: A is no record", { legacy = "A" })
  local loop = s.record("R", {})
  loop.members[1] = loop
  refused({ loop }, {}, "too large")
  local many = {}
  for i = 1, 193 do many[i] = s.string("m" .. i) end
  refused(many, {}, "too large")
  local slots = {}
  for i = 1, 193 do slots[i] = "" end
  refused(some, slots, "more than 192 slots")
end)


test("a record may have many members and slots", function()
  local members, slots, text = {}, {}, {}
  for i = 1, 192 do
    members[i] = s.int("Member" .. i)
    text[i] = ('"mEMBER%d":%d'):format(i, i)
    if i > 64 then slots[i - 64] = "Member" .. i end
  end
  local c = schema(document(members), slots)
  local all = table.concat(text, ",")
  local r = is(read_text(c, "{" .. all .. "}"), "read")
  for i = 1, 128 do same(r[i], i + 64) same(r.present[i], true) end
  for _, i in ipairs { 1, 64, 65, 128, 129, 192 } do
    is(read_text(c, "{" .. all .. "," .. text[i] .. "}"), "ambiguous")
  end
end)


-- The best of five readings of n members, stepped over, and n elements of a list.
local function seconds(n)
  local t = {}
  for i = 1, n do
    t[i] = ('"k%d":1'):format(i)
  end
  local text = '{"Foo":{' .. table.concat(t, ",") .. '},"HostConfig":{"Binds":['
    .. ('"/a:/b",'):rep(n) .. '""]}}'
  local best = math.huge
  for _ = 1, 5 do
    local start = os.clock()
    is(read(text), "read")
    best = math.min(best, os.clock() - start)
  end
  return best
end


test("time is linear in the text", function()
  -- Ten times the text; a quadratic reader would need a hundred times as long.
  local small, large = seconds(1000), seconds(10000)
  assert(large < 40 * small + 0.002, ("%f s for 1,000, %f s for 10,000"):format(small, large))
end)


return { tests = tests, create = create, paths = paths }

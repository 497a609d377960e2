-- Hostile scripts, as the body of a rule's function. Each is { what it tries, text }.
--
-- `fault`: it must end by a limit or an error. `contained`: it runs to its end, and calls
-- escaped(what) if it got what it wanted. In either case the next request must be judged as if
-- nothing had been.
local fault = {
  -- time
  { "an endless while", "while true do end" },
  { "an endless repeat", "repeat until false" },
  { "an endless for", "for _ = 1, math.huge do end" },
  { "an endless for over integers", "for _ = 1, math.maxinteger do end" },
  { "an endless goto", "::a:: goto a" },
  { "an endless tail call", "local function f() return f() end return f()" },
  { "an endless loop in pcall", "while true do pcall(function() while true do end end) end" },
  { "pcall in pcall in a loop", [[
    local function f(n) if n == 0 then while true do end end return pcall(f, n - 1) end
    while true do f(20) end]] },
  { "xpcall whose handler loops", "xpcall(error, function() while true do end end)" },
  { "xpcall whose handler fails", [[
    while true do xpcall(error, function() error("again") end) end]] },
  { "an endless iterator", "for _ in function() return 1 end do end" },
  { "an endless __index chain", [[
    local t = setmetatable({}, { __index = function(self, k) return self[k .. "x"] end })
    return t.a]] },
  { "an endless __index that loops", [[
    local t = setmetatable({}, { __index = function() while true do end end }) return t.a]] },
  { "an endless __eq", [[
    local m = { __eq = function() while true do end end }
    return setmetatable({}, m) == setmetatable({}, m)]] },
  { "an endless __lt in a sort", [[
    local m = { __lt = function() while true do end end }
    table.sort { setmetatable({}, m), setmetatable({}, m), setmetatable({}, m) }]] },
  { "an endless __concat", [[
    return setmetatable({}, { __concat = function() while true do end end }) .. "x"]] },
  { "an endless __call", "setmetatable({}, { __call = function() while true do end end })()" },
  { "an endless __len", "return #setmetatable({}, { __len = function() while true do end end })" },
  { "an endless __tostring", [[
    return tostring(setmetatable({}, { __tostring = function() while true do end end }))]] },
  { "an endless __pairs", [[
    for _ in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end]] },
  { "an endless __unm", "return -setmetatable({}, { __unm = function() while true do end end })" },
  { "an endless __newindex", [[
    local t = setmetatable({}, { __newindex = function(s, k, v) s[k .. "x"] = v end }) t.a = 1]] },
  { "a sort whose order lies", [[
    local t = {} for i = 1, 100000 do t[i] = i end
    table.sort(t, function() return true end)
    while true do end]] },
  { "a sort that never ends its comparison", [[
    table.sort({ 3, 2, 1 }, function() while true do end end)]] },
  { "gsub whose function loops", [[("aaa"):gsub("a", function() while true do end end)]] },
  { "gsub over and over", [[while true do ("a"):rep(1000):gsub("a", "b") end]] },
  { "find that backtracks", [[return ("a"):rep(60000):find(".-.-.-.-b")]] },
  { "match that backtracks", [[return ("a"):rep(60000):match("(.*)(.*)(.*)(.*)(.*)x")]] },
  { "gmatch that backtracks", [[for _ in ("a"):rep(60000):gmatch(".-.-.-b") do end]] },
  { "gsub that backtracks", [[return ("a"):rep(60000):gsub(".-.-.-b", "")]] },
  { "a balance storm", [[return ("("):rep(60000):gsub("%b()", "")]] },
  { "optional items without end", [[return ("a"):rep(60000):find(("a?"):rep(300) .. "b")]] },
  { "json of deep lists, over and over", [[
    while true do text.json_decode(("["):rep(60) .. ("]"):rep(60)) end]] },
  { "digests over and over", [[local s = ("x"):rep(65000) while true do text.sha256(s) end]] },
  { "globs over and over", [[while true do text.glob("**a**b**c") end]] },
  { "splitting over and over", [[
    local s = ("a,"):rep(32000) while true do text.split(s, ",") end]] },
  { "formatting over and over", [[while true do ("%99.99f"):format(1.5) end]] },
  { "printing over and over", [[while true do print(("x"):rep(60000)) end]] },
  { "reading the request over and over", [[while true do local _ = req.headers.host end]] },
  { "walking the settings over and over", [[
    while true do for _ in pairs(req.settings.request_body) do end end]] },
  { "requiring over and over", [[while true do require "engine.image" end]] },
  -- memory
  { "a list without end", "local t = {} for i = 1, math.huge do t[i] = i end" },
  { "a list of lists without end", "local t = {} while true do t = { t, t } end" },
  { "a string that doubles", "local s = 'x' while true do s = s .. s end" },
  { "a string that doubles in pcall", [[
    local s = "x" while true do pcall(function() s = s .. s end) end]] },
  { "strings without end", [[
    local t = {} for i = 1, math.huge do t[#t + 1] = ("x"):rep(1000) .. i end]] },
  { "closures without end", "local t = {} while true do t[#t + 1] = function() return t end end" },
  { "keys without end", "local t = {} for i = 1, math.huge do t['k' .. i] = true end" },
  { "deep recursion", "local function f() return 1 + f() end return f()" },
  { "deep recursion in pcall", [[
    local function f() return 1 + f() end
    while true do pcall(f) end]] },
  { "recursion through tostring", [[
    local m = {} m.__tostring = function(s) return tostring(s) end
    return tostring(setmetatable({}, m))]] },
  { "recursion through gsub", [[
    local function f(s) return (s:gsub(".", f)) end return f("x")]] },
  { "recursion through sort", [[
    local function f() table.sort({ 2, 1 }, f) end f()]] },
  { "rep of an empty text with a separator", [[return (""):rep(1e9, "x")]] },
  { "rep without end", [[return ("x"):rep(math.maxinteger)]] },
  { "rep that overflows", [[return ("xx"):rep(math.maxinteger // 2 + 1)]] },
  { "a concat of too much", [[
    local t = {} for i = 1, 60000 do t[i] = ("x"):rep(60000) end return table.concat(t)]] },
  { "a concat with a long separator", [[
    local t = {} for i = 1, 90000 do t[i] = "" end return table.concat(t, ("x"):rep(60000))]] },
  { "a format of too much", [[return ("%s%s"):format(("x"):rep(65000), ("x"):rep(65000))]] },
  { "gsub that makes too much", [[return ("a"):rep(60000):gsub("a", ("x"):rep(1000))]] },
  { "unpack of too much", [[
    local t = {} for i = 1, 100000 do t[i] = i end
    local function f(...) return f(..., ...) end
    return f(table.unpack(t))]] },
  { "unpack of a range without end", "return table.unpack({}, 1, 1e8)" },
  { "unpack of a range that wraps", [[return table.unpack({}, math.mininteger, math.maxinteger)]] },
  { "insert far outside", "table.insert({}, 5, 1)" },
  { "a list whose length lies, to concat", [[
    return table.concat(setmetatable({}, { __len = function() return math.maxinteger end }))]] },
  { "a list whose length lies, to unpack", [[
    return table.unpack(setmetatable({}, { __len = function() return 1e9 end }))]] },
  { "a list whose length lies, to sort", [[
    table.sort(setmetatable({}, { __len = function() return math.maxinteger end }))]] },
  { "a list whose length lies, to insert", [[
    table.insert(setmetatable({}, { __len = function() return math.maxinteger end }), 1)]] },
  { "a list whose length lies, to remove", [[
    table.remove(setmetatable({}, { __len = function() return math.maxinteger end }))]] },
  -- errors
  { "an error that is a table", "error({})" },
  { "an error that is nil", "error(nil)" },
  { "an error that is a function", "error(function() end)" },
  { "an error whose text lies", [[
    error(setmetatable({}, { __tostring = function() while true do end end }))]] },
  { "an error of 60 KB", "error(('x'):rep(60000))" },
  { "an error with control characters", "error('a\\n{\"level\":\"INFO\"}\\r\\27[2J', 0)" },
  { "an error in an error handler", "xpcall(error, error)" },
  { "indexing nil", "return req.nothing.at_all" },
  { "a value that is no text", "return {}" },
  { "a number as a finding", "return 42" },
  { "a function as a finding", "return function() end" },
  -- writes to what is not its own
  { "a write to the request", "req.method = 'GET'" },
  { "a write to the query", "req.query.name = 'honest'" },
  { "a write to the settings", [[
    req.settings.request_body.container_create.allow_privileged = true]] },
  { "a write to its value", "value.x = 1" },
  { "a write to a list of its value", "value[1] = 'x'" },
  { "a write to a text that it reads", "image.x = 1" },
  { "a write to a list of the body", "req.body.HostConfig.Binds[1] = 'x'" },
  { "an insert into a list of the body", "table.insert(req.body.HostConfig.Binds, 'x')" },
  { "a write to a table that it keeps", "kept.x = 1" },
  { "a write to a table in one that it keeps", "kept.inner.x = 1" },
  { "a write to a list that a closure of it keeps", "remember('x')" },
  { "a write to a list of the request", "req.parts[1] = 'x'" },
  { "an insert into a list of the request", "table.insert(req.parts, 'x')" },
  { "a removal from a list of the request", "table.remove(req.parts)" },
  { "a sort of a list of the request", "table.sort(req.parts)" },
  { "a metatable for the request", "setmetatable(req, {})" },
  { "a metatable for a list of the request", "setmetatable(req.parts, {})" },
  { "a write to a module", "require('engine.image').parse = function() end" },
  { "a write inside of a module", "require('engine.binds').reading.read = function() end" },
  { "a global", "x = 1" },
  { "a new pairs", "pairs = function() end" },
  { "a write to string", "string.rep = nil" },
  { "a write to text", "text.trim = nil" },
  { "a write to math", "math.huge = 1" },
  { "a table with __gc", "setmetatable({}, { __gc = function() while true do end end })" },
  { "a table with __close", "setmetatable({}, { __close = function() while true do end end })" },
  { "a weak table", "setmetatable({}, { __mode = 'k' })" },
  { "a hidden metatable", "setmetatable({}, { __metatable = 1 })" },
  { "another module", "return require 'core.registry'" },
  { "the configuration's module", "return require 'config.main'" },
  { "a module by its path", "return require '../../../etc/passwd'" },
  { "a metatable for all strings", "getmetatable('').__index = function() end" },
  { "load", "return load('return 1')" },
  { "bytecode", "return string.dump(function() end)" },
  { "a coroutine", "return coroutine.wrap(function() while true do end end)()" },
  { "io", "return io.open('/etc/passwd')" },
  { "os", "return os.execute('id')" },
  { "debug", "return debug.getregistry()" },
  { "collectgarbage", "collectgarbage('stop')" },
  { "rawset", "rawset(req, 'method', 'GET')" },
  { "a close variable that loops", "local _ <close> = setmetatable({}, { __close = next }) " },
}

local contained = {
  { "a write to its copy of what it reads", [[
    binds[1] = "x"
    if req.body.HostConfig.Binds[1] == "x" then escaped("a write") end]] },
  { "the globals", "if _G or _ENV._G then escaped('_G') end" },
  { "the environment's metatable", [[
    if getmetatable(_ENV) then escaped("a metatable") end]] },
  { "the request's metatable", "if getmetatable(req) then escaped('a metatable') end" },
  { "the metatable of a list of the request", [[
    if getmetatable(req.parts) then escaped("a metatable") end]] },
  { "a module's metatable", [[
    if getmetatable(require "engine.image") then escaped("a metatable") end]] },
  { "a table behind a view, by next", [[
    for k, v in next, req.settings do
      if type(v) == "table" and pcall(function() v.x = 1 end) then escaped("a write") end
    end]] },
  { "a table behind a view, by pairs", [[
    for k, v in pairs(req.settings.request_body) do
      if type(v) == "table" and pcall(function() v.x = 1 end) then escaped("a write") end
    end]] },
  { "a table behind a view, by the next of another table's pairs", [[
    local raw_next = pairs({})
    for k, v in raw_next, req.settings do
      if type(k) ~= "string" then escaped("the table") end
      if type(v) == "table" and pcall(function() v.x = 1 end) then escaped("a write") end
    end]] },
  { "a table behind a view, by the iterator of another table's ipairs", [[
    local step = ipairs({})
    local _, v = step(req.settings, 0)
    if v ~= nil then escaped("a member") end]] },
  { "a table behind a view, by ipairs", [[
    for i, v in ipairs(req.parts) do
      if type(v) == "table" then escaped("a table") end
    end]] },
  { "a table behind a view, by unpack", [[
    local a = table.unpack(req.parts)
    if type(a) ~= "string" then escaped("no text") end]] },
  { "a class that leads back to what is kept", [[
    local C = setmetatable({}, req.settings)
    if pcall(function() getmetatable(C).x = 1 end) then escaped("a write") end]] },
  { "other rules' globals", "if other_rule or acme then escaped('state') end" },
  { "an address", [[
    for _, v in ipairs { tostring({}), tostring(print), tostring(req), ("%s"):format({}) } do
      if v:find "0x" then escaped(v) end
    end]] },
  { "%p", [[if pcall(string.format, "%p", {}) then escaped("an address") end]] },
  { "a random number", "if math.random then escaped('random') end" },
  { "the time", "if os or text.time then escaped('time') end" },
  { "a secret header", [[
    local value = req.headers["x-registry-auth"]
    if value ~= "(hidden)" then escaped(value) end]] },
  { "pcall that hides a limit", [[
    local ok, why = pcall(string.rep, "x", 1e9)
    if ok then escaped("a text") end]] },
  { "select with a lie", [[if pcall(select, -1e9, 1) then escaped("select") end]] },
  { "forged log lines", [[
    print("x\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\27[2J\0\u{202e}") ]] },
  { "a huge print", [[print(("x"):rep(60000), ("y"):rep(60000))]] },
  { "many prints", [[for i = 1, 5000 do print(i) end]] },
}

return { fault = fault, contained = contained }

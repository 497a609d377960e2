-- pattern_test: our find, match, gmatch and gsub beside Lua's own, on generated patterns.
--
-- ours: the table of our functions; seconds(): CPU time. Returns how many calls were compared.
local ours, seconds = ...
local unpack = table.unpack

local STEPS, LONG = "takes too many steps", "the result is longer"

local state = 20261127
local function random(n)
  state = (state * 6364136223846793005 + 1442695040888963407) & 0x7FFFFFFFFFFFFFFF
  return (state >> 33) % n + 1
end

local PIECES = { "a", "b", "1", ".", "%a", "%d", "%s", "%w", "%x", "%p", "%A", "%W", "[ab]", "[^a]",
  "[a-c1]", "[%d-]", "[]]", "[^]]", "%b()", "%bab", "%f[a]", "%f[%W]", "(", ")", "()", "%1", "%2",
  "(a*)", "(.-)", "^", "$", "%", "[", "]", "*", "+", "-", "?", "%.", "%%", "(b?)", "\0", "%g", "%c",
  "%u", "%l", "[%a_]", "[a-]", "[-a]", "[%]]" }
local LETTERS = { "a", "b", "1", "(", ")", " ", "c", "A", ".", "-", "]", "\0", "_", "\255", "%" }
local REPLACEMENTS = { "<%0>", "%1%1", "x", "%%", "", "%2", "%", "%a" }

local function pick(list, most)
  local out = {}
  for i = 1, random(most) - 1 do
    out[i] = list[random(#list)]
  end
  return table.concat(out)
end

local function all(iterate, text, pattern, init)
  local out = {}
  for a, b, c in iterate(text, pattern, init) do
    out[#out + 1] = tostring(a) .. "," .. tostring(b) .. "," .. tostring(c)
    if #out > 200 then
      break
    end
  end
  return table.concat(out, ";")
end

local function same(a, b)
  if a.n ~= b.n then return false end
  for i = 1, a.n do
    if a[i] ~= b[i] then return false end
  end
  return true
end

local compared = 0

local function compare(name, call, text, pattern, ...)
  local stock = table.pack(pcall(call, string, text, pattern, ...))
  local mine = table.pack(pcall(call, ours, text, pattern, ...))
  compared = compared + 1
  if not mine[1] and (mine[2]:find(STEPS, 1, true) or mine[2]:find(LONG, 1, true)
                      or mine[2]:find("too complex", 1, true)) then
    return
  end
  local alike = stock[1] and same(stock, mine) or stock[1] == mine[1]
  if not alike then
    error(("%s(%q, %q, %s): %s and %s"):format(name, text, pattern, tostring((...)),
      tostring(stock[2]) .. "," .. tostring(stock[3]),
      tostring(mine[2]) .. "," .. tostring(mine[3])))
  end
end

local function upper(s, t)
  return t and #tostring(t) > 1 and s or nil
end

local TABLE = { a = "X", b = 5, [1] = "one", ["1"] = false }

for _ = 1, 40000 do
  local text, pattern, init = pick(LETTERS, 12), pick(PIECES, 7), random(14) - 4
  compare("find", function(l, ...) return l.find(...) end, text, pattern, init)
  compare("find plain", function(l, ...) return l.find(...) end, text, pattern, init, true)
  compare("match", function(l, ...) return l.match(...) end, text, pattern, init)
  compare("gmatch", function(l, ...) return all(l.gmatch, ...) end, text, pattern, init)
  compare("gsub", function(l, ...) return l.gsub(...) end, text, pattern,
    REPLACEMENTS[random(#REPLACEMENTS)])
  compare("gsub function", function(l, ...) return l.gsub(...) end, text, pattern, upper)
  compare("gsub table", function(l, ...) return l.gsub(...) end, text, pattern, TABLE, random(4))
end

local A = ("a"):rep(30000)
local HOSTILE = {
  { "find", A, ".-.-.-.-b" }, { "find", A, ".*.*.*.*x" }, { "match", A, "(.-)(.-)(.-)(.-)b" },
  { "gsub", A, "", ("x"):rep(1000) }, { "gsub", A, "a*", "%0%0%0" },
  { "find", ("("):rep(30000), "%b()" }, { "gsub", ("("):rep(30000), "%b()", "" },
  { "find", A, "[" .. ("b-c"):rep(300) .. "]" }, { "match", A, "(a*)%1%1%1b" },
  { "find", A, ("a?"):rep(180) .. ("a"):rep(180) .. "b" }, { "gsub", A, "%f[b]", "" },
  { "find", A, ("("):rep(33) }, { "find", A, ("a*"):rep(400) .. "b" },
  { "gsub", A, "a", function(c) return c:rep(100) end },
}
for i, case in ipairs(HOSTILE) do
  local before = seconds()
  pcall(ours[case[1]], unpack(case, 2))
  local took = seconds() - before
  assert(took < 0.1, "hostile call " .. i .. " took " .. took .. " s")
end
local iterate = ours.gmatch(A, ".-.-.-b")
assert(select(2, pcall(iterate)):find(STEPS, 1, true))
assert(select(2, pcall(ours.find, A, ".-.-.-.-b")):find(STEPS, 1, true))
assert(not pcall(ours.find, 12, "1"), "a number is no text")
assert(not pcall(ours.find, "a", ("a"):rep(1025)))
assert(ours.match("registry.acme.example:5000/team/app", "^([%w.:-]+)/(.+)$")
       == "registry.acme.example:5000")
return compared

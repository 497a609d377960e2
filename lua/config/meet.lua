-- config.meet: a path that a rule opens of a route's shape, if there is one.
--
-- Patterns and shapes become automata over characters: a state has `on` (steps that take a
-- character: { what, to }) and `free` (steps that take none). what is a character, "any", or
-- "segment" (any but /). They are walked through side by side with those of the rules that come
-- first, so a path is found wherever one exists that none of these takes away.

-- Characters that stand for any other; more than a step's literals ever are at one place.
local OTHERS = "x-q7z.w_kj"
local STATES_MAX = 50000


local function state(nfa)
  nfa[#nfa + 1] = { on = {}, free = {} }
  return #nfa
end


local function take(nfa, from, what, to)
  table.insert(nfa[from].on, { what = what, to = to })
end


local function skip(nfa, from, to)
  table.insert(nfa[from].free, to)
end


-- From `from` any number of characters of a kind; returns the state behind them.
local function run(nfa, from, what)
  take(nfa, from, what, from)
  local to = state(nfa)
  skip(nfa, from, to)
  return to
end


-- src/policy/glob.h has the dialect.
local function of_pattern(pattern)
  local nfa, i = {}, 1
  local at = state(nfa)
  if pattern:sub(1, 1) == "*" and not pattern:find("**", 1, true) then
    local behind = state(nfa)
    take(nfa, at, "/", behind)
    skip(nfa, at, behind)
    at = behind
  end
  while i <= #pattern do
    if pattern:sub(i, i + 2) == "/**" then
      local inside = state(nfa)
      take(nfa, at, "/", inside)
      local behind = run(nfa, inside, "any")
      skip(nfa, at, behind)
      at, i = behind, i + 3
    elseif pattern:sub(i, i + 1) == "**" then
      at, i = run(nfa, at, "any"), i + 2
    elseif pattern:sub(i, i) == "*" then
      at, i = run(nfa, at, "segment"), i + 1
    else
      local to = state(nfa)
      take(nfa, at, pattern:sub(i, i), to)
      at, i = to, i + 1
    end
  end
  return nfa
end


-- "{}" is an id, in which the engine takes slashes.
local function of_shape(shape)
  local nfa, i = {}, 1
  local at = state(nfa)
  while i <= #shape do
    local to = state(nfa)
    if shape:sub(i, i + 1) == "{}" then
      take(nfa, at, "any", to)
      to = run(nfa, to, "any")
      at, i = to, i + 2
    else
      take(nfa, at, shape:sub(i, i), to)
      at, i = to, i + 1
    end
  end
  return nfa
end


local function takes(what, c)
  return what == c or what == "any" or (what == "segment" and c ~= "/")
end


-- Adds a state and all that are reached from it without a character.
local function close(nfa, set, at)
  if not set[at] then
    set[at] = true
    for _, to in ipairs(nfa[at].free) do
      close(nfa, set, to)
    end
  end
  return set
end


local function step(nfa, set, c)
  local out = {}
  for at in pairs(set) do
    for _, each in ipairs(nfa[at].on) do
      if takes(each.what, c) then
        close(nfa, out, each.to)
      end
    end
  end
  return out
end


local function is_end(nfa, set)
  return set[#nfa] == true
end


local function key_of(sets)
  local parts = {}
  for i, set in ipairs(sets) do
    local states = {}
    for at in pairs(set) do
      states[#states + 1] = at
    end
    table.sort(states)
    parts[i] = table.concat(states, ",")
  end
  return table.concat(parts, ";")
end


-- The characters that can make a difference next: those that some step names, and one more.
local function characters(nfas, sets)
  local named, out = {}, {}
  for i, set in ipairs(sets) do
    for at in pairs(set) do
      for _, each in ipairs(nfas[i][at].on) do
        if #each.what == 1 and not named[each.what] then
          named[each.what] = true
          out[#out + 1] = each.what
        end
      end
    end
  end
  for c in OTHERS:gmatch "." do
    if not named[c] then
      out[#out + 1] = c
      break
    end
  end
  if not named["/"] then
    out[#out + 1] = "/"
  end
  table.sort(out, function(a, b) -- a slash last, so that paths are plain
    return (a ~= "/" and b == "/") or ((a == "/") == (b == "/") and a < b)
  end)
  return out
end


-- Whether the first two are at their ends, and none of the others is.
local function is_found(nfas, sets)
  for i, nfa in ipairs(nfas) do
    if is_end(nfa, sets[i]) ~= (i <= 2) then
      return false
    end
  end
  return true
end


--- A shortest path that the pattern matches, that has the shape, and that none of the patterns in
-- `before` matches; or nil. false: it would take too long to find out.
return function(pattern, shape, before)
  local nfas, sets = { of_pattern(pattern), of_shape(shape) }, {}
  for _, other in ipairs(before or {}) do
    nfas[#nfas + 1] = of_pattern(other)
  end
  for i, nfa in ipairs(nfas) do
    sets[i] = close(nfa, {}, 1)
  end
  local seen, queue, at = { [key_of(sets)] = true }, { { sets, "" } }, 1
  while queue[at] do
    sets = queue[at][1]
    if is_found(nfas, sets) then
      return queue[at][2]
    elseif at > STATES_MAX then
      return false
    end
    for _, c in ipairs(characters(nfas, sets)) do
      local following = {}
      for i, nfa in ipairs(nfas) do
        following[i] = step(nfa, sets[i], c)
      end
      local key = key_of(following)
      if next(following[1]) and next(following[2]) and not seen[key] then
        seen[key] = true
        queue[#queue + 1] = { following, queue[at][2] .. c }
      end
    end
    queue[at] = false -- it may go
    at = at + 1
  end
  return nil
end

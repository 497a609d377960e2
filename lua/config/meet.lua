-- config.meet: whether a rule's pattern and the shape of a route have a path in common.
--
-- Both become automata over characters: a state has `on` (steps that take a character: { what,
-- to }) and `free` (steps that take none). what is a character, "any", or "segment" (any but /).


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


-- A character that both steps take, or nil.
local function common(a, b)
  if a == b then
    return #a == 1 and a or "x"
  elseif #a > 1 and #b > 1 then
    return "x"
  elseif #a > 1 then
    a, b = b, a
  end
  if #b == 1 or (b == "segment" and a == "/") then
    return nil
  end
  return a
end


--- A shortest path that the pattern matches and that has the shape, or nil.
return function(pattern, shape)
  local a, b = of_pattern(pattern), of_shape(shape)
  local seen, level = {}, {}
  local function reach(list, i, j, text)
    local key = i * (#b + 1) + j
    if not seen[key] then
      seen[key] = true
      list[#list + 1] = { i, j, text }
    end
  end
  reach(level, 1, 1, "")
  while #level > 0 do
    local following = {}
    for _, pair in ipairs(level) do -- grows while it is walked through
      local i, j, text = pair[1], pair[2], pair[3]
      if i == #a and j == #b then
        return text
      end
      for _, to in ipairs(a[i].free) do
        reach(level, to, j, text)
      end
      for _, to in ipairs(b[j].free) do
        reach(level, i, to, text)
      end
    end
    for _, pair in ipairs(level) do
      for _, step in ipairs(a[pair[1]].on) do
        for _, other in ipairs(b[pair[2]].on) do
          local c = common(step.what, other.what)
          if c then
            reach(following, step.to, other.to, pair[3] .. c)
          end
        end
      end
    end
    level = following
  end
  return nil
end

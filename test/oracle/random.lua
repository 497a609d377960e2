-- oracle.random: choices that a seed and a number repeat exactly (Lua 5.4's own generator).
local random = {}


--- From here on every choice follows from these two.
function random.seed(seed, index)
  math.randomseed(seed, index)
end


function random.pick(list)
  return list[math.random(#list)]
end


--- True once in `of` times.
function random.one_in(of)
  return math.random(of) == 1
end


return random

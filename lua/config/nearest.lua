-- config.nearest: the known name that somebody most likely meant.
local MISTAKES_MAX = 3


-- How many single-letter mistakes (one too many, one too few, one other, two swapped)
-- turn a into b.
local function distance(a, b)
  local before, last = {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local best = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      row[j] = best
    end
    before, last = last, row
  end
  return last[#b]
end


--- The name out of the sorted list `names` that is nearest to `word`, or nil when none
-- is near: at most three mistakes, and no more than a third of the word.
return function(word, names)
  local allowed = math.min(MISTAKES_MAX, math.max(1, #word // 3))
  local best
  for _, name in ipairs(names) do
    if math.abs(#name - #word) <= allowed then
      local mistakes = distance(word, name)
      if mistakes <= allowed then
        best, allowed = name, mistakes - 1
      end
    end
  end
  return best
end

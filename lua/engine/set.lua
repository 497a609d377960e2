-- engine.set: lists as sets.
local set = {}


--- A set of what is in a list: { [item] = true }.
-- @param list a list, or nil for an empty one
-- @return a table
function set.of(list)
  local out = {}
  for _, item in ipairs(list or {}) do
    out[item] = true
  end
  return out
end


--- The first item of a list that is not in a set.
-- @param list a list, or nil for an empty one
-- @param allowed a set, of set.of or of a shape
-- @return the item, or nil when all are in it
function set.first_outside(list, allowed)
  for _, item in ipairs(list or {}) do
    if not allowed[item] then
      return item
    end
  end
end


return set

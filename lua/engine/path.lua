-- engine.path: comparing host paths without touching the file system.
local byte, starts = string.byte, text.starts

local path = {}

local SLASH = 47


--- True when `clean` (already cleaned) is `root` or lies under it.
function path.under(clean, root)
  if clean == root or root == "/" then
    return true
  end
  local n = #root
  return byte(clean, n + 1) == SLASH and starts(clean, root)
end


--- True when `clean` lies under an entry of the list part of `roots`.
function path.under_any(clean, roots)
  for _, root in ipairs(roots) do
    if path.under(clean, root) then
      return true
    end
  end
  return false
end


return path

-- engine.path: comparing host paths without touching the file system.
local path = {}


--- True when `clean` (already cleaned) is `root` or lies under it.
function path.under(clean, root)
  if clean == root or root == "/" then
    return true
  end
  local n = #root
  return #clean > n and string.byte(clean, n + 1) == 47 and text.starts(clean, root)
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

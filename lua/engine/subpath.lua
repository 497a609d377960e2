-- engine.subpath: VolumeOptions.Subpath and ImageOptions.Subpath, relative to their volume.
local subpath = {}


--- True when the path, cleaned, stays below its root.
function subpath.is_inside(value)
  if value == "" then
    return true
  end
  if text.starts(value, "/") then
    return false
  end
  local clean = text.clean(value)
  return clean ~= ".." and not text.starts(clean, "../")
end


return subpath

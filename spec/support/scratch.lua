-- support.scratch: a folder of its own for a spec, gone afterwards.
local uv = require "luv"

local scratch = {}


local function remove_tree(path)
  local entries = uv.fs_scandir(path)
  while entries do
    local name, kind = uv.fs_scandir_next(entries)
    if not name then
      break
    end
    if kind == "directory" then
      remove_tree(path .. "/" .. name)
    else
      uv.fs_unlink(path .. "/" .. name)
    end
  end
  uv.fs_rmdir(path)
end


--- Makes a folder; its path is short enough for unix sockets.
function scratch.new()
  return assert(uv.fs_mkdtemp("/tmp/sockguard-spec.XXXXXX"))
end


scratch.remove = remove_tree


--- Writes a file in one go.
function scratch.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end


--- The whole of a file.
function scratch.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end


return scratch

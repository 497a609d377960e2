-- support.modules: dockerode, installed once into the folder of the build.
local shell = require "support.shell"

local modules = {}


--- Returns its folder, for NODE_PATH.
function modules.install()
  local code, output = shell.run([[
    set -e
    mkdir -p build/clients
    cp test/engine/clients/package.json test/engine/clients/package-lock.json build/clients/
    cd build/clients
    [ -d node_modules/dockerode ] || npm ci --ignore-scripts --no-audit --no-fund
    pwd]], { ms = 120000 })
  assert(code == 0, output)
  return output:match("([^\n]+)\n$") .. "/node_modules"
end


return modules

-- support.page: the two requests of the page, and how to change one thing in the good one.
local cjson = require "cjson"

local page = {}

page.NEGATIVE = '{"Image":"alpine","HostConfig":{"Privileged":true}}'

page.POSITIVE = '{"Image":"alpine","HostConfig":{"ReadonlyRootfs":true,"Memory":268435456,'
  .. '"CpuShares":512,"PidsLimit":100,"CapDrop":["ALL"],'
  .. '"SecurityOpt":["no-new-privileges:true"]}}'


--- The positive request with other HostConfig members; cjson.null takes one away.
function page.with(members)
  local body = cjson.decode(page.POSITIVE)
  for name, value in pairs(members) do
    body.HostConfig[name] = value ~= cjson.null and value or nil
  end
  return cjson.encode(body)
end


return page

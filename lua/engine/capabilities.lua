-- engine.capabilities: names of capabilities, as dockerd reads them.
--
-- The engine takes any case, with or without CAP_. Engines differ in what they make of a
-- name with white space, so that is not told apart either.
local record = require "core.record"
local shape = require "core.shape"

local capabilities = {}

local PREFIX = "CAP_"


--- NET_ADMIN for " cap_net_admin"; "" for what names nothing.
function capabilities.name(entry)
  local name = text.upper(text.trim(entry))
  if text.starts(name, PREFIX) then
    return string.sub(name, #PREFIX + 1)
  end
  return name
end


--- The reading `capabilities`: the list of names that CapAdd asks for, or nil.
capabilities.reading = record.reading {
  name = "capabilities", surface = "container_create", from = { "HostConfig.CapAdd" },
  read = function(entries)
    local out
    for _, entry in ipairs(entries) do
      local name = capabilities.name(entry)
      if name ~= "" then
        out = out or {}
        out[#out + 1] = name
      end
    end
    return out
  end,
}


--- A setting that lists capabilities.
function capabilities.shape()
  return shape.names {
    expect = "a list of capabilities, such as NET_BIND_SERVICE", normalise = capabilities.name,
  }
end


return capabilities

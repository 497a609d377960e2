-- While there is a freeze nothing is started, stopped or removed. It is a setting, because a rule
-- has no clock: who announces the freeze turns it on.
local shape = require "core.shape"

return {
  id = "site.freeze", title = "No changes while there is a freeze",
  method = "POST,PUT,DELETE", path = "/**",
  value = { on = shape.flag(false), because = shape.text() },
  check = function(req, freeze)
    if freeze.on then
      return req.method .. " " .. text.quote(req.path) .. " during a freeze"
        .. (freeze.because and ": " .. freeze.because or "")
    end
  end,
  reason = "changes wait until the freeze is over",
  fix = "wait, or ask whoever announced it",
}

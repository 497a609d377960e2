-- examples_spec: what `sockguard test` runs beside the specs of a folder: the examples that the
-- rules of the configuration have in their `allows` and `denies`.
local busted = require "busted"
local sockguard = require "sockguard.testing"

busted.describe("a rule of the configuration:", function()
  local ok, policy = pcall(sockguard.load)

  if ok then
    policy:examples()
  else
    busted.it("the configuration is refused", function()
      error(policy, 0)
    end)
  end
end)

-- schema.exec_start: POST /exec/{id}/start. Its body says nothing of what will run, so what
-- the engine holds is judged: GET /exec/{id}/json.
local s = require "core.schema"

local process = s.record("ProcessConfig", {
  s.strings "arguments", s.string "entrypoint", s.bool "privileged", s.string "user",
})

return {
  surface = "exec_start", group = "exec", prefix = "ex", subject = "exec start", body_max = 0,
  facts = {
    { name = "exec", path = "/exec/{id}/json",
      document = s.document { name = "exec inspect", members = { s.string "ContainerID", process },
                              lenient = true } },
  },
}

-- schema.exec_create: the body of POST /containers/{id}/exec (API 1.24 to 1.56).
local s = require "core.schema"

local STREAM = "how the client sees the command's input and output"

local members = {
  s.harmless("AttachStderr", STREAM), s.harmless("AttachStdin", STREAM),
  s.harmless("AttachStdout", STREAM),
  s.command "Cmd",
  s.harmless("Container", "docker-py repeats the id; the engine takes that of the path"),
  s.harmless("ConsoleSize", STREAM),
  s.harmless("Detach", STREAM), s.harmless("DetachKeys", STREAM),
  s.strings "Env", s.bool "Privileged",
  s.harmless("Tty", STREAM),
  s.string "User",
  s.string("WorkingDir", { loose = true,
                           why = "where in the container the judged command starts" }),
}

return {
  surface = "exec_create", group = "exec", prefix = "ex", subject = "exec", body_max = 65536,
  document = s.document { name = "exec body", members = members, zero_is_absent = true },
}

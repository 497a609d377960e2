-- knobs.container_top: what `docker top` may ask the host's ps for.
local example = require "core.example"
local ps = require "engine.ps"
local record = require "core.record"
local shape = require "core.shape"


local function ps_args(given)
  local word = ps.unknown_word(given)
  if word then
    return "option " .. text.quote(word) .. " of ps is not known to be harmless (ps_args)"
  end
end


local function top(given, knobs)
  return example.query({ ps_args = given }, knobs)
end


local checks = {
  record.check {
    id = "container_top.ps_args", code = "top.ps_args", surface = "container_top", order = 1,
    title = "Processes are listed without their environment",
    reads = { "query.ps_args" },
    knobs = { allow_all_ps_args = shape.flag(false) },
    active = record.unless "allow_all_ps_args", check = ps_args,
    reason = "ps prints the environment of processes, where credentials are kept",
    fix = "use -ef, aux, or -o with a list of columns",
    allows = { top "-ef", top "aux", top "-eo pid,user,args", top "",
               top("axe", { allow_all_ps_args = true }) },
    denies = { top "axe", top "e", top "-eo pid,args e", top "axeww", top "-o pid,environ" },
  },
}

return { checks = checks }

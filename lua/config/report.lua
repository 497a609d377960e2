-- config.report: what is wrong with a configuration, gathered and said at once.
--
-- One report per load. It also remembers where each value was written, so that a fault
-- found later still names its place.
local nearest = require "config.nearest"

local report = {}
report.__index = report

local TITLES = {
  load = "config load failed:",
  validate = "config validation failed:",
}

-- What fits into a struct err, with room for the last line.
local TEXT_MAX = 3900


--- file: the name of the file in messages.
function report.new(file)
  return setmetatable({
    file = file, count = 0, faults = {}, warnings = {}, places = {}, unknowns = {},
  }, report)
end


--- path was written in this line of the file; a value given elsewhere says so in words.
function report:mark(path, line)
  self.places[path] = self.file .. ":" .. line
end


function report:mark_place(path, place)
  self.places[path] = place
end


--- Where the value at path comes from, or what holds it; nil when that is a default.
function report:place(path)
  while path do
    if self.places[path] then
      return self.places[path]
    end
    path = path:match("^(.*)%.[^.%[]*$") or path:match("^(.*)%[%d+%]$")
  end
end


--- fault: { key, what, expect?, label?, line?, place? }. label replaces the key in the
-- message. One message reads `FILE:LINE: key: what; expected ...`.
function report:fault(fault)
  self.count = self.count + 1
  local place = fault.place or (fault.line and self.file .. ":" .. fault.line)
                or (fault.key and self:place(fault.key))
  local words = {}
  if place then
    words[#words + 1] = place
  end
  if fault.label or fault.key then
    words[#words + 1] = fault.label or fault.key
  end
  words[#words + 1] = fault.what .. (fault.expect and "; expected " .. fault.expect or "")
  self.faults[#self.faults + 1] = table.concat(words, ": ")
end


function report:warn(warning)
  self.warnings[#self.warnings + 1] = warning
end


--- A name that nothing knows. known: the names that are known there; elsewhere: a full key
-- that ends in the same name, or nil.
function report:unknown(path, name, line, known, elsewhere)
  local key = path == "" and name or path .. "." .. name
  local near = nearest(name, known)
  local hint = near or elsewhere
  self.unknowns[#self.unknowns + 1] = {
    key = key, line = line,
    what = "is no known setting" .. (hint and "; did you mean " .. hint .. "?" or ""),
  }
end


--- Makes faults (strict) or warnings of the unknown names.
function report:judge_unknowns(strict)
  for _, unknown in ipairs(self.unknowns) do
    if strict then
      self:fault(unknown)
    else
      self:warn(self.file .. ":" .. unknown.line .. ": " .. unknown.key .. ": "
                .. unknown.what .. " (strict_config is off)")
    end
  end
  self.unknowns = {}
end


--- The whole report of a stage ("load" or "validate"), or nil when nothing is wrong.
function report:text(stage)
  if #self.faults == 0 then
    return nil
  end
  local lines, length = { TITLES[stage] }, 0
  for i, fault in ipairs(self.faults) do
    length = length + #fault + 5
    if length > TEXT_MAX then
      lines[#lines + 1] = "  and " .. #self.faults - i + 1 .. " more"
      break
    end
    lines[#lines + 1] = "  - " .. fault
  end
  return table.concat(lines, "\n")
end


return report

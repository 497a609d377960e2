-- core.record: the two kinds of records that policy is made of, checked when made.
--
-- A check reports, it does not judge: check(value, ..., knobs) returns nil, or what it
-- found in words; then, where it has several, the specification's id of this finding and
-- which of its controls it breaks (1-based). The values are those that `reads` names, in
-- that order; `knobs` holds the compiled values of its own settings.
local record = {}

-- field -> type; a field with `?` may be absent
local CHECK_FIELDS = {
  id = "string", code = "string", surface = "string", order = "number",
  title = "string", reason = "string", fix = "string",
  reads = "table", knobs = "table", check = "function",
  controls = "table?", always = "boolean?", active = "function?",
  allows = "table", denies = "table",
}

local READING_FIELDS = {
  name = "string", surface = "string", from = "table", read = "function",
}


local function complain(what, name, why)
  error(what .. " " .. tostring(name) .. ": " .. why, 0)
end


local function verify(what, name, fields, value)
  for field in pairs(value) do
    if not fields[field] then
      complain(what, name, "unknown field " .. tostring(field))
    end
  end
  for field, want in pairs(fields) do
    local optional = want == "table?" or want == "boolean?" or want == "function?"
    local found = type(value[field])
    if found == "nil" and not optional then
      complain(what, name, "has no " .. field)
    end
    if found ~= "nil" and found .. (optional and "?" or "") ~= want then
      complain(what, name, field .. " must be a " .. want)
    end
  end
end


--- A check. Fields:
--   id        stable name: <surface>.<noun>
--   code      the specification's id: cc.privileged
--   surface   which requests it judges (src/http/route.h)
--   order     its place in the specification's order of evaluation
--   controls  list of { cis = the page's number, bench = docker-bench-security 1.6.0's }
--   knobs     its settings: name -> shape
--   active    function(knobs) -> false when no request can fail it; it is then left out
--   reads     what it is given: body members ("HostConfig.Privileged"), readings ("binds"),
--             "query.<key>", "header.<Name>", "<fact>.<member>"
--   always    true: also runs when nothing that it reads is there (the require_* family)
--   check     function(value, ..., knobs)
--   title, reason, fix   for people
--   allows, denies       examples: { body = ..., knobs = ..., query = ..., header = ... }
function record.check(value)
  verify("check", value.id, CHECK_FIELDS, value)
  if #value.allows == 0 or #value.denies == 0 then
    complain("check", value.id, "needs an example on each side")
  end
  value.controls = value.controls or {}
  return value
end


--- An engine reading: made once per request from members of the body, shared by all
-- checks that name it. read(value, ...) gets the members that `from` names and returns
-- one value. It runs only when one of them is there and a check asks for it.
function record.reading(value)
  verify("reading", value.name, READING_FIELDS, value)
  return value
end


return record

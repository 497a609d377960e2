-- core.record: the two kinds of records that policy is made of, checked when made.
--
-- A check reports, it does not judge: check(value, ..., knobs) returns nil, or what it
-- found in words; then, where it has several, the specification's id of this finding and
-- which of its controls it breaks (1-based). The values are those that `reads` names, in
-- that order; `knobs` holds the compiled values of its own settings. A body member that is
-- false, 0, "", [] or {} comes as nil, like one that is not there (but see keeps_zero in
-- core/schema.lua), and a check finds in such a value what it finds in nil.
local record = {}

--- In examples an empty table is an object; this one table is the empty list.
record.NO_ITEMS = {}

-- field -> type; a field with `?` may be absent
local CHECK_FIELDS = {
  id = "string", code = "string", surface = "string", order = "number",
  title = "string", reason = "string", fix = "string",
  reads = "table", knobs = "table", check = "function",
  controls = "table?", always = "boolean?", active = "function?", knob = "string?",
  judges_empty = "boolean?", refusal = "string?",
  allows = "table", denies = "table",
}

local OPTIONAL = {
  ["table?"] = "table", ["boolean?"] = "boolean", ["function?"] = "function",
  ["string?"] = "string",
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
    local found = type(value[field])
    if found == "nil" and not OPTIONAL[want] then
      complain(what, name, "has no " .. field)
    end
    if found ~= "nil" and found ~= (OPTIONAL[want] or want) then
      complain(what, name, field .. " must be a " .. (OPTIONAL[want] or want))
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
--   knob      the name of the one that a denied caller's operator would turn, where there
--             are several; else the first by name
--   active    function(knobs) -> false when no request can fail it; it is then left out
--   reads     what it is given: body members ("HostConfig.Privileged"), "body" (all of it, as
--             a table; then no member beside it), readings ("binds"), "query.<key>",
--             "header.<Name>", "<fact>.<member>", "<fact>" (a list, where names are asked for),
--             "own" (sockguard's own container as core.own has it, once it is known)
--   always    true: also runs when nothing that it reads is there (the require_* family)
--   judges_empty  true: a request without a body is judged too, as null is
--   refusal   reason code of its denials (src/http/refusal.def), if not
--             request_body_policy_denied
--   check     function(value, ..., knobs)
--   title, reason, fix   for people
--   allows, denies       examples: { body = ..., knobs = ..., query = ..., header = ...,
--                        facts = ..., own = ... } (core.example makes them). Whole requests:
--                        with these settings and all others at their defaults, each of
--                        `allows` passes every check of its surface, and this check is the
--                        first to find something in each of `denies`
function record.check(value)
  verify("check", value.id, CHECK_FIELDS, value)
  if value.knob and not value.knobs[value.knob] then
    complain("check", value.id, "has no setting " .. value.knob)
  end
  if #value.allows == 0 or #value.denies == 0 then
    complain("check", value.id, "needs an example on each side")
  end
  value.controls = value.controls or {}
  return value
end


--- active: only when the switch `name` is on.
function record.when(name)
  return function(knobs)
    return knobs[name]
  end
end


--- active: only while the switch `name` is off.
function record.unless(name)
  return function(knobs)
    return not knobs[name]
  end
end


--- An engine reading: made once per request from members of the body, shared by all
-- checks that name it. read(value, ...) gets the members that `from` names and returns
-- one value. It runs only when one of them is there and a check asks for it.
function record.reading(value)
  verify("reading", value.name, READING_FIELDS, value)
  return value
end


return record

-- core.rule: operators' records, checked as they are loaded. docs/lua.md says what each may hold.
--
-- What comes in is written by somebody else: it is walked with next, which no metamethod can
-- fool, and a record or a list in it that has a metatable is refused.

-- field -> type; a field with `?` may be absent
local RULE_FIELDS = {
  id = "string", title = "string", reason = "string", fix = "string", check = "function",
  surface = "string?", method = "string?", path = "string?", reads = "list?", value = "table?",
  always = "boolean?", cis = "string?", allows = "list?", denies = "list?",
}
local WAIVER_FIELDS = {
  id = "string", waives = "list", when = "function", reason = "string", approved_by = "string",
  expires = "string", reads = "list?", surface = "string?", allows = "list?", denies = "list?",
}
local METHODS = { GET = true, HEAD = true, POST = true, PUT = true, DELETE = true, PATCH = true,
                  OPTIONS = true }
local DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
local DAY = 86400


local function fail(record, why)
  error(record.place .. ": " .. why, 0)
end


local function is_plain(value)
  return type(value) == "table" and getmetatable(value) == nil
end


local function sorted_names(fields)
  local names = {}
  for name in next, fields do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


local function verify_field(record, name, want, value)
  local base = want == "list" and "table" or text.cut(want, "?")
  base = base == "list" and "table" or base
  if value == nil then
    if not text.find(want, "?") then
      fail(record, "has no `" .. name .. "`")
    end
  elseif name == "reads" and value == "all" then
    return
  elseif type(value) ~= base then
    fail(record, "`" .. name .. "` must be a " .. base .. ", and is a " .. type(value))
  elseif base == "table" and not is_plain(value) then
    fail(record, "`" .. name .. "` must be a table without a metatable")
  elseif base == "string" and text.trim(value) == "" then
    fail(record, "`" .. name .. "` is blank")
  end
end


-- A copy of the fields, each of the type it must be. Texts are printed: on one line, without what a
-- terminal would obey.
local function take_fields(record, fields, raw)
  for name in next, raw do
    if type(name) ~= "string" or not fields[name] then
      fail(record, "unknown field `" .. tostring(name) .. "`; there are "
                   .. table.concat(sorted_names(fields), ", "))
    end
  end
  for _, name in ipairs(sorted_names(fields)) do
    verify_field(record, name, fields[name], raw[name])
    record[name] = type(raw[name]) == "string" and string.gsub(raw[name], "%c+", " ") or raw[name]
  end
end


local function is_id(id)
  local first = text.lower(string.sub(id, 1, 1))
  if #id > 64 or first < "a" or first > "z" then
    return false
  end
  for i = 1, #id do
    local c = text.lower(string.sub(id, i, i))
    if not ((c >= "a" and c <= "z") or (c >= "0" and c <= "9") or text.find("._-", c)) then
      return false
    end
  end
  return true
end


-- A list of texts, copied.
local function texts(record, name)
  local out, n = {}, 0
  for i, item in next, record[name] or {} do
    if math.type(i) ~= "integer" or type(item) ~= "string" then
      fail(record, "`" .. name .. "` must be a list of texts")
    end
    out[i], n = item, n + 1
  end
  if n ~= #out or (n > 0 and out[1] == nil) then
    fail(record, "`" .. name .. "` must be a list without gaps (a nil in it?)")
  end
  return out
end


local function methods_of(record)
  if record.method == nil or record.method == "*" then
    return {}
  end
  local out = {}
  for i, name in ipairs(text.split(record.method, ",")) do
    name = text.trim(name)
    if not METHODS[name] then
      fail(record, "`method`: " .. text.quote(name) .. " is no method")
    end
    out[i] = name
  end
  return out
end


local function is_shape(value)
  return type(value) == "table" and type(value.type) == "string" and type(value.valid) == "function"
end


local function take_value(record)
  if record.value == nil then
    return
  end
  local shapes = is_shape(record.value) and { record.value } or record.value
  for name, each in next, shapes do
    if not is_shape(each) then
      fail(record, "`value`" .. (record.value == shapes and "." .. tostring(name) or "")
                   .. " must be a shape, such as shape.names() of core.shape")
    end
  end
end


local function take_rule(record, raw)
  take_fields(record, RULE_FIELDS, raw)
  if (record.surface == nil) == (record.path == nil) then
    fail(record, "needs either `surface` or `path` (with `method`, if not all)")
  elseif record.method and not record.path then
    fail(record, "`method` goes with `path`")
  elseif record.path and record.reads then
    fail(record, "`reads` goes with `surface`: by a path, no body is read")
  elseif record.path and not text.starts(record.path, "/") then
    fail(record, "`path` must begin with /")
  end
  record.reads = record.reads == "all" and "all" or texts(record, "reads")
  record.methods = methods_of(record)
  take_value(record)
end


-- Seconds from 1970 to the end of the day "2026-12-31", by UTC; nil when that is no day.
local function end_of_day(date)
  local year, month, day = text.parts(date, "-", 3)
  if #date ~= 10 or not (text.digits(year or "") and text.digits(month or "")
                         and text.digits(day or "")) then
    return nil
  end
  year, month, day = math.tointeger(tonumber(year)), math.tointeger(tonumber(month)),
    math.tointeger(tonumber(day))
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  local last = DAYS[month] and DAYS[month] + (leap and month == 2 and 1 or 0)
  if year < 1970 or not last or day < 1 or day > last then
    return nil
  end
  local days = 365 * (year - 1970) + (year - 1969) // 4 - (year - 1901) // 100
               + (year - 1601) // 400
  for m = 1, month - 1 do
    days = days + DAYS[m] + (leap and m == 2 and 1 or 0)
  end
  return (days + day) * DAY
end


local function take_waiver(record, raw)
  take_fields(record, WAIVER_FIELDS, raw)
  record.waives = texts(record, "waives")
  record.reads = record.reads == "all" and "all" or texts(record, "reads")
  record.ends = end_of_day(record.expires)
  if #record.waives == 0 then
    fail(record, "`waives` names nothing")
  elseif not record.ends then
    fail(record, "`expires` must be a day such as \"2026-12-31\"")
  end
end


local function accept(raw, records, place, place_of, keep)
  if not is_plain(raw) then
    error(place .. ": a rule file returns a record, or a list of records; this is a "
          .. type(raw), 0)
  end
  local run = raw.check or raw.when
  local id = type(raw.id) == "string" and raw.id or "?"
  local record = { place = (type(run) == "function" and place_of(run) or place) .. ": " .. id }
  local is_waiver = raw.waives ~= nil or raw.when ~= nil
  if is_waiver then
    take_waiver(record, raw)
  else
    take_rule(record, raw)
  end
  if not is_id(record.id) then
    fail(record, "`id` must be of at most 64 letters, digits, dots, dashes and underscores, and"
                 .. " begin with a letter")
  end
  local ok, why = pcall(keep, run)
  if not ok then
    fail(record, tostring(why))
  end
  record.is_waiver = is_waiver
  records[#records + 1] = record
end


--- Takes what a rule file returned: a record, or a list of them. place: "PATH:LINE" of where it
-- returns. place_of(function), keep(function): src/policy/rule_load.c. Appends to records;
-- raises "PATH:LINE: id: why".
return function(raw, records, place, place_of, keep)
  if is_plain(raw) and raw.id == nil and (raw[1] ~= nil or next(raw) == nil) then
    for i, each in next, raw do
      if math.type(i) ~= "integer" then
        error(place .. ": a list of records has the field " .. tostring(i), 0)
      end
      accept(each, records, place, place_of, keep)
    end
  else
    accept(raw, records, place, place_of, keep)
  end
end

-- support.message: one HTTP message read from bytes, for the tests' own ends of a wire.
--
-- Neither strict nor complete: it reads what sockguard and engines write. Checks of what may
-- not be written are in support.clean.
local message = {}


-- Header lines as { {name, value}, ... } and by lower-case name (the last one wins).
local function fields_of(head)
  local list, by_name = {}, {}
  for line in head:gmatch("\r\n([^\r\n]+)") do
    local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
    if name then
      list[#list + 1] = { name, value }
      by_name[name:lower()] = value
    end
  end
  return list, by_name
end


-- Returns body, the offset behind it; nil while it is not all there; false when it is none.
local function chunked(bytes, from)
  local parts = {}
  while true do
    local stop = bytes:find("\r\n", from, true)
    if not stop then
      return nil
    end
    local size = tonumber(bytes:sub(from, stop - 1):match("^%x+") or "", 16)
    if not size then
      return false
    end
    if size == 0 then
      -- trailers end with an empty line
      local after = bytes:sub(stop, stop + 3) == "\r\n\r\n" and stop + 4
      if not after then
        local _, last = bytes:find("\r\n\r\n", stop, true)
        after = last and last + 1
      end
      return after and table.concat(parts), after
    end
    if #bytes < stop + 1 + size + 2 then
      return nil
    end
    parts[#parts + 1] = bytes:sub(stop + 2, stop + 1 + size)
    from = stop + 2 + size + 2
  end
end


local function counted(bytes, from, length)
  if #bytes < from - 1 + length then
    return nil
  end
  return bytes:sub(from, from - 1 + length), from + length
end


-- The head's first line and fields, and where the body begins.
local function read_head(bytes, from)
  local _, stop = bytes:find("\r\n\r\n", from, true)
  if not stop then
    return nil
  end
  local head = bytes:sub(from, stop - 2)
  local fields, by_name = fields_of("\r\n" .. head:match("\r\n(.*)$"))
  return { head = head, line = head:match("^([^\r\n]*)"), fields = fields, headers = by_name,
           begins = from, body_at = stop + 1 }
end


-- Fills body and ends (the offset behind the message). Returns the message, or nil while it
-- is incomplete, or false when its framing cannot be read.
local function finish(bytes, m)
  local coding = m.headers["transfer-encoding"]
  local length = tonumber(m.headers["content-length"] or "")
  if coding and coding:lower():find("chunked", 1, true) then
    m.body, m.ends = chunked(bytes, m.body_at)
  elseif length then
    m.body, m.ends = counted(bytes, m.body_at, length)
  else
    m.body, m.ends = "", m.body_at
  end
  if not m.body then
    return m.body
  end
  m.raw = bytes:sub(m.begins, m.ends - 1)
  return m
end


--- The request at `from`: { method, target, version, fields, headers, head, body, raw, ends }.
-- nil while incomplete (then the head alone, when that is there, as second value); false when
-- it is none.
function message.request(bytes, from)
  local m = read_head(bytes, from)
  if not m then
    return nil
  end
  m.method, m.target, m.version = m.line:match("^(%S+) (%S+) (HTTP/%d%.%d)$")
  if not m.method then
    return false
  end
  return finish(bytes, m), m
end


--- The response at `from`: { status, reason, fields, headers, head, body, raw, ends }.
-- options: head_only (it answers a HEAD), ended (no more bytes will come).
-- nil while incomplete; false when it is none.
function message.response(bytes, from, options)
  local m = read_head(bytes, from)
  if not m then
    return nil
  end
  local status, reason = m.line:match("^HTTP/1%.[01] (%d%d%d) ?(.*)$")
  if not status then
    return false
  end
  m.status, m.reason = tonumber(status), reason
  local framed = m.headers["transfer-encoding"] or m.headers["content-length"]
  if options.head_only or m.status < 200 or m.status == 204 or m.status == 304 then
    m.body, m.ends = "", m.body_at
    m.raw = bytes:sub(from, m.ends - 1)
    return m
  end
  if framed then
    return finish(bytes, m)
  end
  if not options.ended then
    return nil
  end
  m.body, m.ends, m.raw = bytes:sub(m.body_at), #bytes + 1, bytes:sub(from)
  m.until_close = true
  return m
end


return message

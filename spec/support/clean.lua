-- support.clean: is a request that reached the engine written as the grammar has it?
local clean = {}

-- RFC 9110 token characters
local TOKEN = "^[!#$%%&'*+%-.^_`|~%w]+$"


local function head_problem(request)
  local head = request.head
  if head:find("[^\r]\n") or head:find("\r[^\n]") then
    return "a line end that is not CRLF"
  end
  if head:find("[%z\1-\8\11\12\14-\31\127]") then
    return "a control byte in the head"
  end
  if not head:match("^%u+ [^%s]+ HTTP/1%.[01]\r\n") then
    return "a malformed request line"
  end
  if head:find("\r\n[ \t]") then
    return "a folded line"
  end
end


local function count(fields, name)
  local n, value = 0, nil
  for _, field in ipairs(fields) do
    if field[1]:lower() == name then
      n, value = n + 1, field[2]
    end
  end
  return n, value
end


local function field_problem(request)
  for line in request.head:match("\r\n(.*)$"):gmatch("([^\r\n]+)") do
    local name = line:match("^([^:]*):")
    if not name or not name:match(TOKEN) then
      return "a malformed header name in " .. line
    end
  end
  if count(request.fields, "host") ~= 1 then
    return "not one Host"
  end
  local lengths, length = count(request.fields, "content-length")
  local codings, coding = count(request.fields, "transfer-encoding")
  if lengths > 1 or codings > 1 or (lengths > 0 and codings > 0) then
    return "two framings"
  end
  if length and not length:match("^%d+$") then
    return "a length that is no number"
  end
  if coding and coding:lower() ~= "chunked" then
    return "an unknown coding"
  end
end


-- Chunks exactly as the grammar has them, without extensions.
local function chunk_problem(request)
  if not request.headers["transfer-encoding"] then
    return nil
  end
  local at = request.raw:find("\r\n\r\n", 1, true) + 4
  while true do
    local size, stop = request.raw:match("^(%x+)\r\n()", at)
    if not size then
      return "a malformed chunk"
    end
    local length = tonumber(size, 16)
    if length == 0 then
      return request.raw:sub(stop) ~= "\r\n" and "trailers" or nil
    end
    if request.raw:sub(stop + length, stop + length + 1) ~= "\r\n" then
      return "a chunk of another length"
    end
    at = stop + length + 2
  end
end


--- What is wrong with a request as support.message reads it, in words; nil if nothing is.
function clean.problem(request)
  return head_problem(request) or field_problem(request) or chunk_problem(request)
end


return clean

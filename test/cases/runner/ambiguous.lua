-- runner.ambiguous: whether two readers could read a body differently, by a reading of our
-- own. It is the judge of the verdict `request_body_ambiguous`, so it shares no code with it.
local FOLDS = { ["\u{17f}"] = "s", ["\u{212a}"] = "k" }

-- One reading under way: text, at (the next byte), found (true once it is ambiguous).
local reader = {}
reader.__index = reader


function reader:blank()
  self.at = self.text:find("[^ \t\r\n]", self.at) or #self.text + 1
  return self.text:sub(self.at, self.at)
end


local function unescaped(body)
  local pair = body:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    local code = 0x10000 + ((tonumber(high, 16) & 0x3ff) << 10) + (tonumber(low, 16) & 0x3ff)
    return utf8.char(code)
  end)
  local lone = pair:find("\\u[dD][89a-fA-F]%x%x") ~= nil
  local plain = pair:gsub("\\(.)(%x?%x?%x?%x?)", function(c, hex)
    if c == "u" and #hex == 4 then
      return utf8.char(tonumber(hex, 16))
    end
    return c .. hex
  end)
  return plain, lone
end


-- The string at the reader's place, unescaped.
function reader:string()
  local from, i = self.at + 1, self.at + 1
  repeat
    i = assert(self.text:find('["\\]', i), "cut")
    local done = self.text:sub(i, i) == '"'
    i = i + (done and 0 or 2)
  until done
  self.at = i + 1
  local body = self.text:sub(from, i - 1)
  local plain, lone = unescaped(body)
  if lone or not utf8.len(body) or plain:find("\0", 1, true) then
    self.found = true
  end
  return plain
end


local function folded(name)
  for long, short in pairs(FOLDS) do
    name = name:gsub(long, short)
  end
  return name:lower()
end


function reader:members()
  local seen = {}
  self.at = self.at + 1
  while self:blank() == '"' do
    local name = folded(self:string())
    if seen[name] then
      self.found = true
    end
    seen[name] = true
    assert(self:blank() == ":", "no colon")
    self.at = self.at + 1
    self:value()
    if self:blank() == "," then
      self.at = self.at + 1
    end
  end
  assert(self:blank() == "}", "object")
  self.at = self.at + 1
end


function reader:items()
  self.at = self.at + 1
  while self:blank() ~= "]" do
    assert(self.at <= #self.text, "list")
    self:value()
    if self:blank() == "," then
      self.at = self.at + 1
    end
  end
  self.at = self.at + 1
end


function reader:value()
  local c = self:blank()
  if c == "{" then
    return self:members()
  elseif c == "[" then
    return self:items()
  elseif c == '"' then
    return self:string()
  end
  local rest = assert(self.text:match("^[%w+.-]+()", self.at), "value")
  self.at = rest
end


--- True when the text repeats a member (also under the engine's folding), goes on after its
-- value, starts with a byte order mark, or holds NUL, a lone surrogate or bytes that are not
-- UTF-8. A text that is no JSON at all is not ambiguous.
return function(text)
  if text:sub(1, 3) == "\xef\xbb\xbf" then
    return true
  end
  local r = setmetatable({ text = text, at = 1, found = false }, reader)
  local is_json = pcall(r.value, r)
  if is_json then
    r:blank()
    return r.found or r.at <= #text
  end
  return r.found
end

-- support.base64: decodes, for test data that holds bytes no text can.
local base64 = {}

local VALUES = {}
for i = 0, 63 do
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  VALUES[alphabet:byte(i + 1)] = i
end


--- The bytes of a padded base64 text.
function base64.decode(text)
  local out, bits, width = {}, 0, 0
  for i = 1, #text do
    local value = VALUES[text:byte(i)]
    if value then
      bits, width = (bits << 6 | value) & 0xffffff, width + 6
      if width >= 8 then
        width = width - 8
        out[#out + 1] = string.char(bits >> width & 0xff)
      end
    end
  end
  return table.concat(out)
end


return base64

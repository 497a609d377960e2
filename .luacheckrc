-- .luacheckrc: each folder's world, so that reaching beyond it is a lint error first.
max_line_length = 100

local function fields(list)
  local out = {}
  for name in list:gmatch("%S+") do
    out[name] = {}
  end
  return { fields = out }
end

-- What src/policy/sandbox.c builds, and nothing more.
stds.sandbox = {
  read_globals = {
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "require", "select",
    "setmetatable", "tonumber", "tostring", "type", "xpcall",
    string = fields "byte char find format gmatch gsub len lower match rep sub upper",
    table = fields "concat insert remove sort unpack",
    math = fields [[abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min
      mininteger modf pi rad sin sqrt tan tointeger type ult]],
    text = fields [[base64 clean cut cut_any digits fields find find_last glob lower matches
      json_decode json_encode member null parts quote same sha256 split starts trim upper]],
  },
}
-- What operators' rules see (src/policy/sandbox.c).
stds.rules = { read_globals = { "print" } }

std = "lua54"
files["lua"] = { std = "sandbox" }
-- Loading runs in a VM of its own, with the standard libraries (src/policy/config.h).
files["lua/config"] = { std = "lua54", read_globals = { text = stds.sandbox.read_globals.text } }
-- The operators' kit runs under a plain lua5.4.
files["lua/sockguard"] = { std = "lua54" }
files["examples/rules"] = { std = "sandbox+rules" }
files["examples/rules/spec"] = { std = "lua54+busted" }
files["bench/rules.lua"] = { std = "sandbox+rules" }
files["spec"] = { std = "lua54+busted", read_globals = { "text" } }
files["test"] = { std = "lua54+busted", read_globals = { "text" } }

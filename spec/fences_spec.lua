-- fences_spec: scripts/check-fences sees each breach, and nothing else.
local scratch = require "support.scratch"
local uv = require "luv"

local SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


-- A tree with one file; returns whether the fences hold, and what was said.
local function verdict(path, text)
  local tree = scratch.new()
  local at = tree
  for folder in path:gmatch("([^/]+)/") do
    at = at .. "/" .. folder
    uv.fs_mkdir(at, tonumber("755", 8))
  end
  scratch.write(tree .. "/" .. path, text)
  local pipe = assert(io.popen("scripts/check-fences " .. tree .. " 2>&1", "r"))
  local said = pipe:read("a")
  local holds = pipe:close()
  scratch.remove(tree)
  return holds and true or false, said
end


local function breach(what, path, text)
  it("refuses " .. what, function()
    local holds, said = verdict(path, text)
    assert.is_false(holds)
    assert.matches(path .. ":%d+:", said)
  end)
end


local function fine(what, path, text)
  it("admits " .. what, function()
    local holds, said = verdict(path, text)
    assert.is_true(holds, said)
  end)
end


describe("the fences", function()
  breach("base that knows http", "src/base/a.c", SPDX .. '#include "http/head.h"\n')
  breach("http that knows the policy", "src/http/a.h", '#include "policy/policy.h"\n')
  breach("a policy that knows libuv", "src/policy/a.c", SPDX .. "#include <uv.h>\n")
  breach("a proxy that knows Lua", "src/proxy/a.c", SPDX .. "#include <lua.h>\n")
  breach("a proxy that sees more than policy.h", "src/proxy/a.c",
    SPDX .. '#include "policy/vm.h"\n')
  breach("a proxy that knows the program", "src/proxy/a.c", SPDX .. '#include "app/serve.h"\n')
  breach("a second door to llhttp", "src/http/a.c", SPDX .. "#include <llhttp.h>\n")
  breach("an include that climbs", "src/http/a.c", SPDX .. '#include "../base/str.h"\n')
  breach("a banned call", "src/base/a.c", SPDX .. "void f(char *a)\n{\n    strcpy(a, a);\n}\n")
  breach("a second door to Lua", "src/policy/a.c", SPDX .. "int f = lua_pcall(L, 0, 0, 0);\n")
  breach("an exit outside app", "src/proxy/a.c", SPDX .. "void f(void) { exit(1); }\n")
  breach("a C file without its licence line", "src/base/a.c", "int a;\n")
  breach("a Lua file without its purpose", "lua/a.lua", "return {}\n")
  breach("a file of 601 lines", "lua/a.lua", "-- a: long\n" .. ("\n"):rep(600))
  breach("what is unfinished", "lua/a.lua", "-- a: b\n-- TO" .. "DO: more\n")
  breach("a path of one machine", "lua/a.lua", '-- a: b\nreturn "/ho' .. 'me/someone/x"\n')

  fine("the proxy with policy.h", "src/proxy/a.c", SPDX .. '#include "policy/policy.h"\n')
  fine("llhttp in head.c", "src/http/head.c", SPDX .. "#include <llhttp.h>\n")
  fine("vm.c with its call", "src/policy/vm.c", SPDX .. "int f = lua_pcall(L, 0, 0, 0);\n")
  fine("app with its exit", "src/app/main.c", SPDX .. "void f(void) { exit(1); }\n")
  fine("a comment about a banned call", "src/base/a.c",
    SPDX .. "/* strcpy(a, b) would\n * do sprintf(x) */\nint a; // gets(x)\n")
  fine("a name that holds a banned one", "src/base/a.c", SPDX .. "int x = my_exit(1);\n")
  fine("a file of 600 lines", "lua/a.lua", "-- a: long\n" .. ("\n"):rep(599))
end)

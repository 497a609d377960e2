-- confine_e2e: what the serving process may still do, as the kernel tells it.
local house = require "support.house"
local http = require "support.http"
local proxy = require "support.proxy"
local scratch = require "support.scratch"
local shell = require "support.shell"

local RULES = "rules:\n  - match: { method: GET, path: /_ping }\n    action: allow\n"
local NOBODY, GROUP = 65532, 4321


local function status(h, name)
  local file = assert(io.open("/proc/" .. h.guard.pid .. "/status"))
  local text = file:read "a"
  file:close()
  return text:match("\n" .. name .. ":%s*([^\n]*)")
end


local function started(h)
  return h.guard:log_text():match '"confined":"([^"]*)"'
end


local function answers(h)
  local response = http.request(h.address, { target = "/_ping" })
  return response and response.status
end


describe("a serving process", function()
  it("has no new privileges, and where it can be neither calls nor files to spare", function()
    local h = house.start { config = RULES }
    assert.equal(200, answers(h))
    assert.equal("1", status(h, "NoNewPrivs"))
    local sanitized = proxy.is_sanitized()
    assert.equal(sanitized and "0" or "2", status(h, "Seccomp"))
    h:stop()
    assert.equal(sanitized and "no new privileges" or "no new privileges,landlock,seccomp",
                 started(h))
  end)

  it("does as it is told in its settings", function()
    local h = house.start { config = RULES .. "confine: { seccomp: off, landlock: off }\n" }
    assert.equal(200, answers(h))
    assert.equal("0", status(h, "Seccomp"))
    h:stop()
    assert.equal("no new privileges", started(h))
  end)

  it("of several workers is confined in every thread", function()
    if proxy.is_sanitized() then
      return
    end
    local h = house.start { config = RULES .. "workers: 3\n" }
    for _ = 1, 12 do
      assert.equal(200, answers(h))
    end
    local _, modes = shell.run("cat /proc/" .. h.guard.pid .. "/task/*/status | grep ^Seccomp:")
    local n = 0
    for mode in modes:gmatch "Seccomp:%s*(%d)" do
      assert.equal("2", mode)
      n = n + 1
    end
    assert.is_true(n > 3)
    h:stop()
  end)
end)


describe("started as root with confine.user", function()
  local folder, engine, h

  setup(function()
    folder = scratch.new()
    engine = require("support.engine").start { path = folder .. "/engine.sock" }
    assert.equal(0, shell.run(("chmod 755 %s && chgrp %d %s && chmod 660 %s"):format(
      folder, GROUP, engine.path, engine.path)))
    h = { address = folder .. "/own/sockguard.sock" }
    h.guard = proxy.start {
      config = "confine: { user: " .. NOBODY .. " }\n" .. RULES, upstream = engine.path,
      address = h.address,
    }
  end)

  teardown(function()
    h.guard:stop()
    engine:stop()
    scratch.remove(folder)
  end)

  it("it is that user, in the engine's group, without capabilities", function()
    assert.equal(200, answers(h))
    assert.matches(("%d\t"):format(NOBODY):rep(3), status(h, "Uid"))
    assert.equal(tostring(GROUP), status(h, "Groups"):match "%d+")
    for _, set in ipairs { "CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb" } do
      assert.matches("^0+$", status(h, set))
    end
  end)

  it("its memory is closed to other processes of that user", function()
    local as_user = ("setpriv --reuid %d --regid %d --clear-groups "):format(NOBODY, NOBODY)
    local code = shell.run(as_user .. "sleep 5 & sleep 0.2; " .. as_user
      .. "sh -c 'exec 3</proc/$0/mem' $!")
    assert.equal(0, code) -- that of another program of theirs is open
    code = shell.run(as_user .. "sh -c 'exec 3</proc/" .. h.guard.pid .. "/mem'")
    assert.are_not.equal(0, code)
  end)
end)


describe("confine.user", function()
  it("is refused where it is no user, or root", function()
    for _, value in ipairs { "root", "0", "65532:", "65532:0", "-1" } do
      local ok, why = pcall(house.start, {
        config = RULES .. "confine: { user: '" .. value .. "' }\n" })
      assert.is_false(ok)
      assert.matches("confine.user: is", why)
    end
  end)

  it("does not take a folder that has other things in it", function()
    local folder = scratch.new()
    shell.run("mkdir " .. folder .. "/full && chown 0:0 " .. folder .. "/full && touch " .. folder
      .. "/full/x")
    local ok, why = pcall(house.start, {
      config = "confine: { user: 65532 }\n" .. RULES, address = folder .. "/full/s.sock" })
    scratch.remove(folder)
    assert.is_false(ok)
    assert.matches("holds other files", why)
  end)
end)

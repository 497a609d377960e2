-- docs_spec: the generated tables in docs/ are what the program prints today.
require "support.text"
local doc = require "core.doc"

-- table -> the file that holds it, below one heading and one paragraph of our own
local FILES = {
  controls = "docs/cis-docker-benchmark.md", settings = "docs/settings.md",
  members = "docs/body-members.md", library = "docs/lua.md",
  redaction = "docs/redaction.md",
}


local function read(path)
  local file = assert(io.open(path, "rb"))
  local source = file:read("a")
  file:close()
  return source
end


local function source(module)
  return read("lua/" .. module:gsub("%.", "/") .. ".lua")
end


describe("docs", function()
  it("name every function of `text` that rules have", function()
    local page = read "docs/lua.md"
    for name in pairs(text) do -- luacheck: globals text
      assert.is_truthy(page:find("`text." .. name, 1, true), name)
    end
  end)

  for name, path in pairs(FILES) do
    it("hold the table of " .. name .. " as `sockguard docs " .. name .. "` prints it", function()
      assert.is_truthy(read(path):find(doc(name, source), 1, true),
        path .. " is not up to date: put what `build/sockguard docs " .. name .. "` prints there")
    end)
  end

  it("say of every member of a body what judges it, or why nothing does", function()
    local rows = 0
    for last in doc("members"):gmatch "| `[^\n]* | ([^|\n]*) |\n" do
      assert.is_true(#last > 3, last)
      rows = rows + 1
    end
    assert.is_true(rows > 200)
  end)

  it("name the tables that there are when asked for another", function()
    local ok, complaint = pcall(doc, "nothing")
    assert.is_false(ok)
    assert.equal('there is no table "nothing"; there are controls, settings, members, redaction, '
      .. 'library',
      complaint)
  end)
end)

-- contract_spec: what every check promises, whatever it checks.
require "support.text"
local registry = require "core.registry"
local values = require "support.values"

-- The controls of Section 5 that a request shows: those of the page and the strict ones. (5.1
-- to 5.31 as the page counts, without 5.32, which docker-bench-security has for 5.31.)
local CONTROLS = {}
for minor = 1, 31 do
  CONTROLS[minor] = "5." .. minor
end


local function of_surface(surface)
  local out = {}
  for _, check in ipairs(registry.checks) do
    if check.surface == surface then
      out[#out + 1] = check
    end
  end
  return out
end


local function describe_finding(findings)
  local lines = {}
  for i, finding in ipairs(findings) do
    lines[i] = finding.id .. ": " .. finding.found
  end
  return table.concat(lines, "; ")
end


-- Every path that a check or a reading of the surface reads, readings resolved.
local function read_paths(surface)
  local readings, paths = {}, {}
  for _, reading in ipairs(registry.readings) do
    if reading.surface == surface then
      readings[reading.name] = reading
    end
  end
  for _, check in ipairs(of_surface(surface)) do
    for _, name in ipairs(check.reads) do
      for _, path in ipairs(readings[name] and readings[name].from or { name }) do
        paths[path] = true
      end
    end
  end
  return paths
end


local function member_at(members, path)
  local found
  for name in path:gmatch "[^.]+" do
    local next_members
    found = nil
    for _, member in ipairs(members or {}) do
      if member.name == name then
        found, next_members = member, member.members
      end
    end
    members = next_members
  end
  return found
end


-- Members of the tree that nobody reads and that say no why.
local function unread(members, paths, prefix, out)
  for _, member in ipairs(members) do
    local path = prefix .. member.name
    if not paths[path] and not member.why then
      if member.kind == "record" then
        unread(member.members, paths, path .. ".", out)
      else
        out[#out + 1] = path
      end
    end
  end
  return out
end


local function verify_example(check, example)
  if example.body and not check.id:find "unknown" then
    assert.same({}, values.unknown(check.surface, example.body))
  end
  for name, value in pairs(example.knobs or {}) do
    local shape = check.knobs[name]
    assert.is_true(not shape or shape.valid(value))
  end
end


describe("the registry", function()
  it("gives every check its own id, and its own code and place within its surface", function()
    local codes, orders = {}, {}
    for _, check in ipairs(registry.checks) do
      assert.equal(check, registry.by_id[check.id])
      assert.is_nil(codes[check.surface .. check.code], check.id)
      assert.is_nil(orders[check.surface .. check.order], check.id)
      codes[check.surface .. check.code], orders[check.surface .. check.order] = true, true
      assert.equal(check.surface, check.id:match "^[^.]+")
    end
  end)

  it("covers every control of the page, each with one number of docker-bench-security", function()
    local covered = {}
    for _, check in ipairs(registry.checks) do
      for _, control in ipairs(check.controls) do
        local minor = math.tointeger(control.cis:match "^5%.(%d+)$")
        assert.equal("5." .. minor + 1, control.bench)
        covered[control.cis] = true
      end
    end
    for _, number in ipairs(CONTROLS) do
      assert.is_true(covered[number], number)
      covered[number] = nil
    end
    assert.same({}, covered)
  end)

  it("agrees with itself about settings that checks share", function()
    for _, knob in ipairs(registry.knobs) do
      for _, id in ipairs(knob.checks) do
        local check = registry.by_id[id]
        for name, shape in pairs(check.knobs) do
          if registry.key(check, name) == knob.key then
            assert.same({ knob.shape.type, knob.shape.default }, { shape.type, shape.default })
          end
        end
      end
    end
  end)

  it("accepts every default by its own rule", function()
    for _, knob in ipairs(registry.knobs) do
      assert.is_true(knob.shape.default == nil or knob.shape.valid(knob.shape.default), knob.key)
    end
  end)
end)


describe("the schemas", function()
  for _, surface in ipairs(registry.surfaces) do
    local schema = require("schema." .. surface)

    it("know every member that checks of " .. surface .. " read", function()
      for path in pairs(read_paths(surface)) do
        local first, rest = path:match "^([^.]+)%.?(.*)$"
        local members = schema.document and schema.document.members
        for _, fact in ipairs(schema.facts or {}) do
          if fact.name == first then
            members, path = fact.document.members, rest
          end
        end
        local elsewhere = { query = true, header = true, unknown = true, body = true,
                            own = true }
        if path ~= "" and not elsewhere[first] then
          local member = member_at(members, path)
          assert.is_table(member, path)
          assert.not_equal("harmless", member.kind, path)
        end
      end
    end)

    it("have each member of " .. surface .. " judged, or say why not", function()
      local members = schema.document and schema.document.members or {}
      local paths = read_paths(surface)
      assert.same({}, paths.body and {} or unread(members, paths, "", {}))
    end)
  end
end)


for _, check in ipairs(registry.checks) do
  describe(check.id, function()
    for i, example in ipairs(check.allows) do
      it("lets its allowed example " .. i .. " pass, and so do all its neighbours", function()
        local settings = values.settings(check, example.knobs)
        local found = values.decide(check.surface, settings, example)
        assert.equal("", describe_finding(found))
      end)
    end

    for i, example in ipairs(check.denies) do
      it("is the first to find its denied example " .. i, function()
        local settings = values.settings(check, example.knobs)
        local found = values.decide(check.surface, settings, example)
        assert.equal(check.id, found[1] and found[1].id, describe_finding(found))
        assert.is_true(#found[1].found > 0 and #found[1].found < 160)
      end)
    end

    it("gives examples whose members the schema knows, and settings that are valid", function()
      for _, side in ipairs { check.allows, check.denies } do
        for _, example in ipairs(side) do
          verify_example(check, example)
        end
      end
    end)
  end)
end

-- config_values_spec: words of YAML and of variables, lengths of time, sizes, addresses.
require "support.text"
local address = require "config.address"
local json = require "config.json"
local nearest = require "config.nearest"
local scalar = require "config.scalar"
local units = require "config.units"
local yaml = require "config.yaml"


local function plain(word)
  return { scalar.resolve { value = word, plain = true } }
end


describe("a plain word of YAML", function()
  it("is a switch only as true or false in three spellings", function()
    for _, word in ipairs { "true", "True", "TRUE" } do
      assert.same({ "bool", true }, plain(word))
    end
    for _, word in ipairs { "yes", "no", "on", "off", "y", "n", "tRUE", "Yes" } do
      assert.same({ "string", word }, plain(word))
    end
  end)

  it("is nothing as null, a tilde or no letters", function()
    for _, word in ipairs { "", "~", "null", "Null", "NULL" } do
      assert.same({ "null" }, plain(word))
    end
  end)

  it("is a whole number in four bases, with a leading 0 as octal", function()
    local numbers = {
      ["0"] = 0, ["12"] = 12, ["-7"] = -7, ["+7"] = 7, ["0600"] = 384, ["0o17"] = 15,
      ["0x1f"] = 31, ["-0x1F"] = -31, ["0b101"] = 5, ["1_000"] = 1000,
      ["9223372036854775807"] = math.maxinteger,
    }
    for word, value in pairs(numbers) do
      assert.same({ "int", value }, plain(word), word)
    end
  end)

  it("is a fraction, or text, where it is no whole number of 64 bits", function()
    assert.same({ "float", 1.5 }, plain "1.5")
    assert.same({ "float", 8.0 }, plain "08")
    assert.same({ "float", 2e3 }, plain "2e3")
    assert.same({ "float", 9223372036854775808.0 }, plain "9223372036854775808")
    for _, word in ipairs { "1.2.3", "-", ".", "0x", "0xg", "1e", ".inf", "12h", "2020-01-01" } do
      assert.same({ "string", word }, plain(word), word)
    end
  end)

  it("is text in quotes, and what its tag says", function()
    assert.same({ "string", "12" }, { scalar.resolve { value = "12" } })
    assert.same({ "string", "12" }, { scalar.resolve { value = "12", plain = true, tag = "str" } })
    assert.same({ "int", 12 }, { scalar.resolve { value = "12", tag = "int" } })
  end)
end)


describe("a value", function()
  it("becomes a switch from numbers and from twelve spellings", function()
    assert.is_true(scalar.to_bool("int", 1))
    assert.is_false(scalar.to_bool("float", 0.0))
    for _, word in ipairs { "1", "t", "T", "true", "TRUE", "True" } do
      assert.is_true(scalar.to_bool("string", word))
    end
    for _, word in ipairs { "0", "f", "F", "false", "FALSE", "False", "" } do
      assert.is_false(scalar.to_bool("string", word))
    end
    for _, word in ipairs { "yes", "on", " true", "tRue", "2" } do
      assert.is_nil(scalar.to_bool("string", word))
    end
  end)

  it("becomes a whole number from text, switches and whole fractions only", function()
    assert.equal(384, scalar.to_int("string", "0600"))
    assert.equal(1, scalar.to_int("bool", true))
    assert.equal(3, scalar.to_int("float", 3.0))
    assert.is_nil(scalar.to_int("float", 3.5))
    assert.is_nil(scalar.to_int("string", ""))
    assert.is_nil(scalar.to_int("string", "3 "))
    assert.is_nil(scalar.to_int("string", "99999999999999999999"))
  end)

  it("becomes text from anything", function()
    assert.equal("384", scalar.to_string("int", 384))
    assert.equal("1", scalar.to_string("bool", true))
    assert.equal("0", scalar.to_string("bool", false))
    assert.equal("1.5", scalar.to_string("float", 1.5))
    assert.equal("2", scalar.to_string("float", 2.0))
  end)
end)


describe("a length of time", function()
  it("is a sum of decimal numbers with units", function()
    local times = {
      ["250ms"] = 250, ["1m30s"] = 90000, ["1.5h"] = 5400000, ["0"] = 0, ["-1s"] = -1000,
      ["+2s"] = 2000, [".5s"] = 500, ["1.s"] = 1000, ["0s"] = 0,
    }
    for word, ms in pairs(times) do
      assert.equal(ms, units.duration(word), word)
    end
  end)

  it("is never rounded down to none", function()
    for _, word in ipairs { "1ns", "500us", "500µs", "1000000ns" } do
      assert.equal(1, units.duration(word), word)
    end
  end)

  it("is nothing without a unit, with a strange one, or past 64 bits", function()
    for _, word in ipairs { "", "5", "-", "s", ".s", "5 s", "5S", "5d", "1..5s", "1h5",
                            "9999999h" } do
      assert.is_nil(units.duration(word), word)
    end
  end)
end)


describe("a number of bytes", function()
  it("has units of a thousand and of 1024", function()
    local sizes = { ["0"] = 0, ["5"] = 5, ["5B"] = 5, ["8KB"] = 8000, ["8KiB"] = 8192,
                    ["8 MiB"] = 8388608, ["2GB"] = 2000000000 }
    for word, bytes in pairs(sizes) do
      assert.equal(bytes, units.size(word), word)
    end
  end)

  it("is nothing in other spellings, or past what is exact", function()
    for _, word in ipairs { "", "-1", "1.5MiB", "8mib", "8M", "1TiB", "9999999999999999",
                            "999999999999999GiB" } do
      assert.is_nil(units.size(word), word)
    end
  end)
end)


describe("an address", function()
  it("is of this machine as localhost, 127.0.0.0/8 or ::1", function()
    for _, word in ipairs { "localhost:1", "127.0.0.1:2375", "127.9.9.9:0", "[::1]:65535",
                            "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1" } do
      assert.is_true(address.is_loopback(word), word)
    end
  end)

  it("is of others wherever that is not certain", function()
    for _, word in ipairs { ":2375", "0.0.0.0:1", "[::]:1", "LOCALHOST:1", "localhost", "127.0.0.1",
                            "127.0.0.1:65536", "127.0.0.1:x", "127.1:1", "0127.0.0.1:1",
                            "127.0.0.1.:1", "::1:1", "[::1:1", "[::1%lo]:1", "[1::1::1]:1",
                            "[::ffff:128.0.0.1]:1", "192.168.0.1:1", "" } do
      assert.is_false(address.is_loopback(word), word)
    end
  end)

  it("is the same in every spelling", function()
    local same = { { "[::1]:02375", "[0:0::0:1]:2375" }, { "LOCALHOST:1", "localhost:01" },
                   { "[::ffff:10.0.0.1]:1", "10.0.0.1:1" } }
    for _, pair in ipairs(same) do
      assert.equal(address.canonical(pair[1]), address.canonical(pair[2]))
    end
    assert.not_equal(address.canonical("[::1]:1"), address.canonical("[::2]:1"))
    assert.not_equal(address.canonical("a:1"), address.canonical("a:2"))
  end)
end)


describe("the nearest name", function()
  local NAMES = { "allow_privileged", "format", "level", "output" }

  it("forgives a letter too many, too few, another, or two swapped", function()
    assert.equal("level", nearest("levell", NAMES))
    assert.equal("level", nearest("levl", NAMES))
    assert.equal("format", nearest("formot", NAMES))
    assert.equal("output", nearest("otuput", NAMES))
    assert.equal("allow_privileged", nearest("alow_priviledged", NAMES))
  end)

  it("is none where nothing is near", function()
    assert.is_nil(nearest("zzzzz", NAMES))
    assert.is_nil(nearest("lvl", NAMES))
    assert.is_nil(nearest("x", NAMES))
  end)
end)


describe("a YAML document", function()
  it("keeps the line of every value", function()
    local root = yaml.read("a: 1\nb:\n  - x\n  - y: 2\n")
    local list = root.entries[2].node
    assert.equal(1, root.entries[1].line)
    assert.equal(3, list.items[1].line)
    assert.equal(4, list.items[2].entries[1].line)
  end)

  it("is cut nowhere without being refused or read", function()
    local whole = "log: &a {level: \"debug\"}\nlisten:\n  - [x, 'y']\n  - *a\n  - |\n    z\n"
    for length = 0, #whole do
      local ok, found = pcall(yaml.read, whole:sub(1, length))
      assert.is_true(ok or (type(found) == "table" and type(found.line) == "number"))
    end
  end)
end)


describe("a value as JSON", function()
  it("escapes what JSON does not hold as it is", function()
    assert.equal([["a\"b\\c\n\u0001\u007f"]], json("a\"b\\c\n\1\127"))
  end)

  it("tells lists from tables with names", function()
    assert.equal("[]", json {})
    assert.equal("[[1],null]", "[" .. json { 1 } .. "," .. json(nil) .. "]")
    assert.equal("{\"a\":true,\"b\":{\"c\":[]}}", json { b = { c = {} }, a = true })
  end)
end)

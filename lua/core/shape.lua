-- core.shape: what a setting may hold, its default, and how a check wants to see it.
--
-- A shape is a table:
--   type      "bool", "int", "string", "list" (of strings), "lists" (of lists of strings)
--             or "records" (a list of tables with the shapes in `fields`); how YAML and
--             environment values are read (platform.md 1.2) follows from it
--   default   the value when nobody sets it; nil means absent
--   expect    what is expected, in words, for messages
--   valid     function(value) -> true, or nil and why not; the type is right already
--   compile   function(value) -> what the check gets; runs once, at load
--   key       the full dotted key, where it is not the surface's own group
local shape = {}


local function always_valid()
  return true
end


local function as_it_is(value)
  return value
end


local function new(fields)
  fields.valid = fields.valid or always_valid
  fields.compile = fields.compile or as_it_is
  return fields
end


-- A set of the trimmed, non-blank entries: { [entry] = true }, and the entries in
-- order in the list part.
local function to_set(entries, normalise)
  local set = {}
  for _, entry in ipairs(entries) do
    local item = normalise(text.trim(entry))
    if item ~= nil and item ~= "" and not set[item] then
      set[item] = true
      set[#set + 1] = item
    end
  end
  return set
end


--- A switch.
function shape.flag(default, options)
  return new {
    type = "bool", default = default, expect = "true or false",
    key = options and options.key,
  }
end


--- A whole number of at least `least`; absent when default is nil.
function shape.count(default, least)
  return new {
    type = "int", default = default, expect = "a whole number of at least " .. least,
    valid = function(value)
      if value >= least then
        return true
      end
      return nil, "is less than " .. least
    end,
  }
end


--- A text; absent when nobody sets it. options: key, default, expect, valid.
function shape.text(options)
  options = options or {}
  return new {
    type = "string", default = options.default, expect = options.expect or "a text",
    valid = options.valid, key = options.key,
  }
end


--- One of a few words, exactly as written.
function shape.word(default, words)
  local known = {}
  for _, word in ipairs(words) do
    known[word] = true
  end
  return new {
    type = "string", default = default, expect = "one of " .. table.concat(words, ", "),
    valid = function(value)
      if known[value] then
        return true
      end
      return nil, "is not one of the words"
    end,
  }
end


--- A list of strings; checks get a set. options: normalise (string -> string or nil to
-- drop), valid (entry -> true, or nil and why), expect, key.
function shape.names(options)
  options = options or {}
  local normalise = options.normalise or as_it_is
  return new {
    type = "list", default = {}, expect = options.expect or "a list of strings",
    key = options.key,
    valid = function(value)
      for i, entry in ipairs(value) do
        local ok, why = (options.valid or always_valid)(entry)
        if not ok then
          return nil, "entry " .. i .. " " .. why
        end
      end
      return true
    end,
    compile = function(value)
      return to_set(value, normalise)
    end,
  }
end


--- A list of strings that a check wants to see in a form of its own. options: expect,
-- valid (entry -> true, or nil and why), compile (list -> what the check gets).
function shape.entries(options)
  local plain = shape.names { expect = options.expect, valid = options.valid }
  plain.compile = options.compile
  return plain
end


--- A list of globs (`*` is anything but a slash, `**` anything); checks get a list of
-- functions that tell whether a text matches.
function shape.globs()
  return shape.entries {
    expect = "a list of patterns",
    compile = function(entries)
      local out = {}
      for i, entry in ipairs(entries) do
        local glob = text.glob(entry)
        out[i] = function(value)
          return text.matches(glob, value)
        end
      end
      return out
    end,
  }
end


local function absolute(entry)
  if text.starts(entry, "/") then
    return true
  end
  return nil, "is not an absolute path"
end


--- A list of absolute host paths, cleaned; checks get a set.
function shape.paths()
  return shape.names {
    expect = "a list of absolute paths", valid = absolute,
    normalise = function(entry)
      if text.starts(entry, "/") then
        return text.clean(entry)
      end
    end,
  }
end


--- A list of lists of strings (argument vectors, capability sets).
function shape.lists(options)
  options.type, options.default = "lists", {}
  return new(options)
end


--- A list of tables; `fields` maps each member to its shape.
function shape.records(options)
  options.type, options.default = "records", {}
  return new(options)
end


return shape

-- corrected: cases whose expectation is wrong for us: id -> the expectation that holds and
-- why. Their number is printed. Only what the specification itself suggests belongs here;
-- what is merely stricter is in stricter.lua.
return {
  ["glob-quirk-double-trailing-bare"] = {
    expect = { matched = true },
    why = "platform.md 2.3 suggests that /foo/**/** matches /foo, as /foo/** does",
  },
}

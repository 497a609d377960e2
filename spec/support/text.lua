-- support.text: makes the C library that policy code calls `text` a global, as the
-- program's own VM does.
text = require "sockguard_text" -- luacheck: globals text

return text

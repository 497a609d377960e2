/* lib.h - the functions lent to Lua, in one table named `text`, in linear time.
 *
 *   text.trim(s)            without Unicode white space at both ends (inspection.md 0)
 *   text.fields(s)          split on runs of the same white space, blanks dropped
 *   text.lower(s)           simple lower case, code point by code point: ASCII
 *   text.upper(s)           and the letters inspection.md 0 names
 *   text.same(a, b)         fold-equal: simple case folding (U+017F, U+212A too)
 *   text.starts(s, prefix)  boolean
 *   text.find(s, needle)    1-based position of a plain needle or nil
 *   text.find_last(s, needle)
 *   text.cut(s, sep)        before, after; after is nil when sep is not in s
 *   text.cut_any(s, seps)   at the first byte that is in seps: before, after
 *   text.split(s, sep)      list
 *   text.clean(path)        lexical path cleaning, Go's path.Clean
 *   text.digits(s)          true when s is one or more ASCII digits
 *   text.quote(s)           in double quotes, with Go-style escapes, cut to fit a finding
 *   text.base64(s)          decoded (standard or URL alphabet, padded or not) or nil
 *   text.glob(pattern)      a compiled exec-token glob; load time only
 *   text.matches(glob, s)   boolean
 *   text.json(s, schema)    see body.h; the strict reader, for documents in headers
 *
 * The same table is opened in the configuration VM and under busted (as a C
 * module built from the same file), so that checks run the same everywhere.
 */
#ifndef SOCKGUARD_POLICY_LIB_H
#define SOCKGUARD_POLICY_LIB_H

#include <lua.h>

/* Pushes the `text` table. May raise. A lua_CFunction, so luaL_requiref works. */
int lib_open(lua_State *L);

#endif

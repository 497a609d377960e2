/* lib.h - the functions lent to Lua, in one table named `text`, in linear time.
 *
 *   text.trim(s)            without Unicode white space at both ends (inspection.md 0)
 *   text.fields(s)          split on runs of the same white space, blanks dropped
 *   text.lower(s)           simple case mapping, code point by code point, of ASCII and
 *   text.upper(s)           of the two letters inspection.md 0 names: lower(U+212A) is k,
 *                           upper(U+017F) is S; every other letter stays as it is
 *   text.same(a, b)         fold-equal: simple case folding (U+017F, U+212A too)
 *   text.starts(s, prefix)  boolean
 *   text.find(s, needle)    1-based position of a plain needle or nil
 *   text.find_last(s, needle)  the same from the end; needle of at most 256 bytes
 *   text.cut(s, sep)        before, after; after is nil when sep is not in s
 *   text.parts(s, sep, n)   up to n (2 to 8) parts, the last one with all that is left, as
 *                           that many results
 *   text.cut_any(s, seps)   at the first byte that is in seps: before, after
 *   text.split(s, sep)      list
 *   text.clean(path)        lexical path cleaning, Go's path.Clean
 *   text.digits(s)          true when s is one or more ASCII digits
 *   text.quote(s)           in double quotes, with Go-style escapes; what is too long for
 *                           a finding is cut and ends in ..."
 *   text.base64(s)          decoded (standard or URL alphabet, padded or not) or nil
 *   text.glob(pattern)      a compiled exec-token glob; load time only (LIB_GLOBS_MAX)
 *   text.matches(glob, s)   boolean; pattern times s of at most LIB_MATCH_MAX
 *   text.member(json, name) the string member that a reader would take name for:
 *                           true and its value, nil when absent or null; false when json
 *                           is no single object or null, or the member is of another
 *                           kind or there twice
 *   text.json_decode(s)     the value, or nil and why not: objects and lists as tables, null as
 *                           text.null, whole numbers exact; read like a body (json_lua.h)
 *   text.json_encode(v)     JSON text, names in order; raises for what has none
 *   text.sha256(s)          hexadecimal, of at most LIB_DIGEST_MAX bytes
 *
 * Every other argument is a string (a glob where it says so); anything else raises, as do
 * an empty separator and what is over a limit.
 *
 * The same table is opened in the configuration VM and under busted (as the C module
 * sockguard_text, built from the same file), so that checks run the same everywhere.
 */
#ifndef SOCKGUARD_POLICY_LIB_H
#define SOCKGUARD_POLICY_LIB_H

#include <lua.h>

enum {
    LIB_GLOBS_MAX = 2 * 1024 * 1024, /* bytes of one state's globs: they are not Lua's */
    LIB_DIGEST_MAX = 1024 * 1024,
    LIB_MATCH_MAX = 8 * 1024 * 1024, /* length of pattern times text: some milliseconds */
};

/* Pushes the `text` table. May raise. A lua_CFunction, so luaL_requiref works. */
int lib_open(lua_State *L);

#endif

/* pattern_lua.h - string.find, match, gmatch and gsub, on pattern.h.
 *
 * As in Lua 5.4, but that a call (of gmatch: an iteration) has PATTERN_STEPS_MAX steps, a pattern
 * at most PATTERN_LENGTH_MAX bytes, a result of gsub at most TEXT_MAX (format.h), and that numbers
 * are no strings. What is over a limit raises. Nothing is owned across a call into Lua.
 */
#ifndef SOCKGUARD_POLICY_PATTERN_LUA_H
#define SOCKGUARD_POLICY_PATTERN_LUA_H

#include <lua.h>

#include <stdbool.h>

/* True for what gmatch returns: a function that remembers where it is. */
bool pattern_is_iterator(lua_State *L, int index);

/* Adds the four functions to the table on top. May raise. */
void pattern_string(lua_State *L);

#endif

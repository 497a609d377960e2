/* format.h - string.format for policy code.
 *
 * The conversions of Lua's own (c d i o x X a A e E f F g G s %) with at most two
 * digits of width and of precision, results of at most TEXT_MAX bytes, and no
 * addresses: no %p, and a table or function is written as the name of its type.
 */
#ifndef SOCKGUARD_POLICY_FORMAT_H
#define SOCKGUARD_POLICY_FORMAT_H

#include <lua.h>

enum { TEXT_MAX = 64 * 1024 };

/* string.format, as a lua_CFunction. */
int format_string(lua_State *L);

/* Pushes what tostring says of the value at index, without an address. May call a
 * __tostring of policy code. */
void format_value(lua_State *L, int index);

#endif

/* guarded.h - standard functions written anew, where Lua's own could run long, swallow
 * a limit's fault, or reach what policy code must not reach.
 *
 * Each adds its functions to the table on top of the stack. May raise.
 */
#ifndef SOCKGUARD_POLICY_GUARDED_H
#define SOCKGUARD_POLICY_GUARDED_H

#include <lua.h>

enum { LIST_MAX = 100 * 1000 }; /* items in a list that table.* works on */

/* pcall and xpcall hand limits' faults and memory errors on; a handler of xpcall runs
 * after the stack was unwound, where hooks are on. setmetatable takes tables only and
 * no metatable with __gc, __close, __mode or __metatable; it keeps a copy, so members
 * added to a metatable later have no effect. getmetatable is for tables only.
 * tostring shows no address. */
void guarded_base(lua_State *L);

/* rep and format, for results of at most TEXT_MAX bytes. */
void guarded_string(lua_State *L);

/* concat insert remove sort unpack, from the table of Lua's own at index stock: refuse
 * tables with a metatable (a length or an index that lies never ends) and lists over
 * LIST_MAX. sort compares through a call even without a function of the caller's, so
 * that a limit can end it. */
void guarded_table(lua_State *L, int stock);

#endif

/* frozen.h - read-only views of Lua tables, for operators' rules.
 *
 * A view looks like its table to indexing, #, ==, pairs, ipairs, next and those functions of
 * table that read; a table in it is seen through a view of its own. It cannot be written, has no
 * metatable that policy code could get at, and there is no way from it to the table. Only tables
 * without a metatable can be seen so.
 *
 * All of it happens inside a vm_call and may raise for memory.
 */
#ifndef SOCKGUARD_POLICY_FROZEN_H
#define SOCKGUARD_POLICY_FROZEN_H

#include <lua.h>

/* Once per state, before anything else here. */
void frozen_open(lua_State *L);

/* Replaces the value on top by what a rule may see of it: a table by a view. */
void frozen_push(lua_State *L);

/* The table behind the view at index is put in its place; other values stay. */
void frozen_see_through(lua_State *L, int index);

/* next, which sees through views. A lua_CFunction. */
int frozen_next(lua_State *L);

/* Makes the function on top, and all that it reaches, safe to keep from one request to the next:
 * every table that an outer local of it holds is replaced by a view. Raises, naming the local,
 * where that cannot be done: a table with a metatable, a table as a key. The function stays. */
void frozen_closure(lua_State *L);

#endif

/* frozen.h - read-only views of Lua tables, for operators' rules.
 *
 * A view looks like its table to indexing, #, ==, pairs, ipairs, next and those functions of
 * table that read. It cannot be written, has no metatable that policy code could get at, and there
 * is no way from it to the table. There are two kinds. A deep view (frozen_push) shows tables
 * inside of its own through views that are made when they are looked at. A flat one shows what is
 * there, at the speed of Lua's own indexing, so nothing in its table may need a view.
 *
 * All of it happens inside a vm_call and may raise for memory.
 */
#ifndef SOCKGUARD_POLICY_FROZEN_H
#define SOCKGUARD_POLICY_FROZEN_H

#include <lua.h>

#include <stdbool.h>

/* Once per state, before anything else here. */
void frozen_open(lua_State *L);

/* Replaces the value on top by what a rule may see of it: a table without a metatable by a deep
 * view; what has a metatable is read-only already. */
void frozen_push(lua_State *L);

/* Pushes a view of nothing yet, to be bound to one table after the other. */
void frozen_blank(lua_State *L, bool flat);

/* Binds the view at index, of that kind, to the table on top, and pops it. */
void frozen_bind(lua_State *L, int index, bool flat);

/* The table behind the view at index is put in its place; other values stay. */
void frozen_see_through(lua_State *L, int index);

/* next, which sees through views. A lua_CFunction. */
int frozen_next(lua_State *L);

/* Makes the value on top, a table that nobody else has or a function, safe to keep from one request
 * to the next: tables become flat views, those inside of it and those that outer locals of
 * functions hold too. Raises where that cannot be done: a table with a metatable, a table as a key.
 */
void frozen_keep(lua_State *L);

#endif

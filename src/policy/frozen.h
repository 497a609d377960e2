/* frozen.h - read-only views of Lua tables, for operators' rules.
 *
 * A view looks like its table to indexing, #, ==, pairs, ipairs, next and those functions of
 * table that read. It cannot be written, has no metatable that policy code could get at, and there
 * is no way from it to the table. There are two kinds. A deep view (frozen_push) shows tables
 * inside of its own through views that are made when they are looked at. A flat one (frozen_keep)
 * shows what is there, at the speed of Lua's own indexing.
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

/* Pushes what a rule may be given of the value at index. Of a small table without tables inside
 * that is a copy of the rule's own, because # and pairs of a view cost more than the copy. */
void frozen_give(lua_State *L, int index);

/* The table behind the view at index is put in its place; other values stay. True: it was a deep
 * view, so what is handed out of the table needs frozen_push. */
bool frozen_see_through(lua_State *L, int index);

/* next, which sees through views, and pairs, which hands out no other next: Lua's own would show
 * what a view is made of. lua_CFunctions. */
int frozen_next(lua_State *L);
int frozen_pairs(lua_State *L);

/* Makes the value on top, a table that nobody else has or a function, safe to keep from one request
 * to the next: tables become flat views, those inside of it and those that outer locals of
 * functions hold too. Raises where that cannot be done: a table with a metatable, a table as a key.
 */
void frozen_keep(lua_State *L);

#endif

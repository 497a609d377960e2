/* bytecode.h - what a compiled Lua function does that its source may not.
 *
 * A rule keeps nothing from one request to the next. Tables that it holds are read-only
 * (frozen.h); what is left is an assignment to a local of an enclosing function, which Lua
 * compiles to one instruction. Reads the form that lua_dump writes, of Lua 5.4 only: bytecode_known
 * says whether this Lua's is the one that is understood, by trying.
 *
 * Inside a vm_call; may raise for memory.
 */
#ifndef SOCKGUARD_POLICY_BYTECODE_H
#define SOCKGUARD_POLICY_BYTECODE_H

#include <lua.h>

#include <stdbool.h>

/* Finds such an assignment in the main function on top of the stack, or in those inside it.
 * Pushes the local's name and returns the line of the function that assigns to it; returns 0,
 * with nothing pushed, when there is none, and -1 when the form is not understood. */
int bytecode_outer_store(lua_State *L);

/* True when bytecode_outer_store tells the difference here. */
bool bytecode_known(lua_State *L);

#endif

/* text.h - the string functions of lib.h: pure, each linear in its arguments. */
#ifndef SOCKGUARD_POLICY_TEXT_H
#define SOCKGUARD_POLICY_TEXT_H

#include "base/str.h"

#include <lauxlib.h>

extern const luaL_Reg text_functions[];

/* The string argument at index; raises on anything else, numbers included: a wrong
 * kind is never read as text. */
struct str text_arg(lua_State *L, int index);

#endif

/* json_lua.h - JSON for policy code: text.json_decode and text.json_encode of lib.h, and text.null.
 *
 * Read by the same tokenizer as request bodies, so what is ambiguous there is refused here. Bounds:
 * JSON_TEXT_MAX bytes in, TEXT_MAX (format.h) out, JSON_NODES_MAX values, JSON_DEPTH_MAX deep.
 */
#ifndef SOCKGUARD_POLICY_JSON_LUA_H
#define SOCKGUARD_POLICY_JSON_LUA_H

#include <lua.h>

enum { JSON_TEXT_MAX = 256 * 1024, JSON_NODES_MAX = 20 * 1000, JSON_DEPTH_MAX = 64 };

/* Adds the two functions and null to the table on top. May raise. */
void json_functions(lua_State *L);

#endif

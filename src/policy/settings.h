/* settings.h - what lua/config/main.lua returns, as plain values for C.
 *
 * All functions run inside a protected call of the configuration VM and may raise. What
 * they point to (strings, arrays) belongs to that VM: strings to the table they came
 * from, arrays to a userdata that is left on the stack. The caller anchors both.
 */
#ifndef SOCKGUARD_POLICY_SETTINGS_H
#define SOCKGUARD_POLICY_SETTINGS_H

#include "policy/config.h"
#include "policy/redaction.h"
#include "policy/rules.h"

#include <lua.h>

/* Fills *out from the table at index; pushes the userdata with the rule paths, then
 * the ones with the hidden variables' and the host names. */
void settings_read(lua_State *L, int index, struct settings *out);

/* Each pushes one userdata that holds the array, and gives its length. */
struct rule_source *settings_rules(lua_State *L, int index, size_t *n);
struct redaction_line *settings_redactions(lua_State *L, int index, size_t *n);
struct config_leaf *settings_leaves(lua_State *L, int index, size_t *n);
const char **settings_strings(lua_State *L, int index, size_t *n);

/* Pushes onto `to` a copy of the table at index of `from`: strings, booleans,
 * numbers and tables of these, NESTED_MAX deep. May raise in `to` only. */
enum { NESTED_MAX = 16 };
void settings_copy(lua_State *from, int index, lua_State *to);

#endif

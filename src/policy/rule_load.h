/* rule_load.h - operators' rule files, from text to records.
 *
 * Each file runs once, in an environment that shows the sandbox and nothing of other files
 * (sandbox.h). What it returns is checked by lua/core/rule.lua, and what its functions hold is
 * made read-only, so that nothing passes from one request to the next (frozen.h, bytecode.h).
 */
#ifndef SOCKGUARD_POLICY_RULE_LOAD_H
#define SOCKGUARD_POLICY_RULE_LOAD_H

#include "policy/internal.h"
#include "policy/rule_files.h"

/* Inside a vm_call, once, after sandbox_push, with its `require` on top, which stays. */
void rule_load_open(lua_State *L, struct policy *p);

struct rule_load_args {
    const struct rule_file *file;
};

/* A vm_call body: runs one file. arg is a struct rule_load_args. Raises "PATH:LINE: why". */
int rule_load_file(lua_State *L);

/* Inside a vm_call: pushes the list of accepted records. */
void rule_load_push(lua_State *L);

#endif

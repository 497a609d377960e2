/* config_vm.h - the world of the Lua code that reads configuration.
 *
 * Unlike the policy's it has the standard libraries, for it runs once and its input is
 * bounded. Both functions are for a protected call and may raise.
 */
#ifndef SOCKGUARD_POLICY_CONFIG_VM_H
#define SOCKGUARD_POLICY_CONFIG_VM_H

#include <lua.h>

/* Opens the libraries and `text` (lib.h). Lua modules are those compiled into the
 * program; C modules (yaml) are found where Lua has them, never through a variable or
 * the working directory. */
void config_vm_open(lua_State *L);

/* Lets go of all that was needed for loading only: libraries, modules, globals. */
void config_vm_strip(lua_State *L);

#endif

/* command.h - the commands: each takes its own arguments and returns the exit code.
 *
 * 0 success (check: allowed), 1 error, 2 usage, 3 denied (check only). argv[0] is the
 * command's name.
 */
#ifndef SOCKGUARD_APP_COMMAND_H
#define SOCKGUARD_APP_COMMAND_H

#include "policy/config.h"

enum exit_code { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_DENIED = 3 };

int cmd_serve(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_docs(int argc, char **argv);
int cmd_healthcheck(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Opens the configuration that -c names (NULL: the usual places) with the process's
 * environment; says what is wrong on stderr. NULL on failure. own: as in config_source. */
struct config *command_config(const char *path, const char *const *flags, bool serving,
                              const struct own_found *own);

/* True when colour is wanted on that stream: a terminal, NO_COLOR unset or FORCE_COLOR. */
bool command_colour(int fd);

#endif

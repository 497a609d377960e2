/* config.h - configuration: YAML and environment to settings, each with its origin.
 *
 * Loading runs in a Lua state of its own (full libraries, lyaml for the YAML
 * events) that lives as long as the struct config. Precedence, strongest first:
 * command-line flags, SOCKGUARD_* variables, the two aliases, the file, defaults.
 *
 * Every fault names file, line, key and what was expected; all faults of one stage
 * are reported together. A known key whose effect is not built refuses to load when
 * it is set away from its default. Plain settings for C are in struct settings; the
 * policy VM receives the nested table of all of them.
 */
#ifndef SOCKGUARD_POLICY_CONFIG_H
#define SOCKGUARD_POLICY_CONFIG_H

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lua_State;
struct config;
struct own_found;

enum { LISTENERS_MAX = 32, SOCKET_PATH_MAX = 108 };

/* What a file may hold; nodes and nesting are bounded by lua/config/yaml.lua. */
enum { CONFIG_TEXT_MAX = 1024 * 1024 };

struct listener_settings {
    const char *name;    /* "default" for the single-listener form */
    const char *socket;  /* unix socket path, or "" */
    const char *address; /* host:port as it was written, or "" */
    const char *host;    /* its parts; an empty host is every address */
    uint16_t port;
    unsigned mode;    /* 0600 or 0660 */
    int64_t uid, gid; /* -1: not set */
};

enum confine_mode { CONFINE_AUTO, CONFINE_ON, CONFINE_OFF };

/* All times in milliseconds, 0 = no limit; all sizes in bytes. Strings live as long
 * as the config. */
struct settings {
    size_t n_listeners;
    struct listener_settings listeners[LISTENERS_MAX];
    const char *upstream_socket;
    struct {
        uint64_t head, body, connect, request, keep_alive, lookup, drain;
    } timeouts; /* request is upstream.request_timeout */
    struct {
        enum log_level level;
        enum log_format format;
        const char *output; /* "stderr", "stdout" or a path */
        bool access;
    } log;
    bool deny_verbose;
    bool allow_attestation_statements;
    const char **redact_env_names; /* globs; none: every variable is hidden */
    size_t n_redact_env_names;
    bool health_enabled;
    const char *health_path;
    bool allow_body_blind_writes;
    bool allow_read_exfiltration;
    bool accept_buildkit_tunnels;
    unsigned api_version_min; /* as target_api_version: 1024 */
    struct {
        uint64_t memory; /* bytes */
        uint64_t cpu_ms;
        uint64_t instructions;
        const char **rules; /* files or folders of operators' rules */
        size_t n_rules;
        bool allow_waivers;
    } lua;
    struct {
        uint64_t connections;
        uint64_t tunnels;
        uint64_t body_bytes; /* of judged bodies, whole process */
    } limits;
    struct {
        bool has_user; /* become that one, when started as root */
        unsigned uid, gid;
        enum confine_mode landlock, seccomp;
    } confine;
    const char *self_container; /* our own container's name or id; "": none is known */
    bool self_found;            /* nobody has named it: own_find has */
    bool self_required;         /* the engine must confirm it before we serve */
    size_t workers;             /* 0: as many as there are processors to run on */
    const char **host_names;    /* names a TCP client may put in Host */
    size_t n_host_names;
};

/* Where configuration comes from. Everything borrowed for the call. With neither path
 * nor text, the first of the usual files that is there, else the defaults. */
struct config_source {
    const char *path;         /* a file, or NULL */
    bool path_required;       /* given with -c: its absence is a fault */
    struct str text;          /* YAML instead of a file, when text.p is not NULL */
    const char *text_name;    /* its name in messages */
    const char *const *env;   /* NULL-terminated "NAME=value" list, or NULL for none */
    const char *const *flags; /* NULL-terminated "dotted.key=value" list, or NULL */
    bool serving;             /* also run the start-up guards of platform.md 1.5 */
    const struct own_found
        *own; /* what a search for our own container found; NULL: none was made */
};

enum config_stage { CONFIG_STAGE_LOAD, CONFIG_STAGE_VALIDATE, CONFIG_STAGE_OK };

/* Opens *out (config_free). On failure *out is NULL, err has the report and *stage,
 * when given, which stage refused. */
int config_open(struct config **out, const struct config_source *source, enum config_stage *stage,
                struct err *err);
void config_free(struct config *c); /* NULL is fine */

const struct settings *config_settings(const struct config *c);

/* The file it was read from, or "" for defaults. */
const char *config_path(const struct config *c);

/* Warnings of the load (dead rules, acknowledged risks …), one sentence each. */
size_t config_warning_count(const struct config *c);
const char *config_warning(const struct config *c, size_t i);

/* Rules in order, for rules_open and for `validate`. Borrowed from the config. */
struct rule_source;
size_t config_rules(const struct config *c, const struct rule_source **out);

/* What is hidden of the engine's answers, for redaction_open. Borrowed from the config. */
struct redaction_line;
size_t config_redactions(const struct config *c, const struct redaction_line **out);

/* What shows that settings.self_container is ours, when self_found; else NULL. */
const struct own_found *config_own(const struct config *c);

/* The operators' rule files, as they were when the configuration was read. */
struct rule_files;
const struct rule_files *config_rule_files(const struct config *c);

/* Each leaf in order of its key: key, value as JSON text, origin ("default",
 * "FILE:LINE", "environment NAME", "flag --x"). */
struct config_leaf {
    const char *key;
    const char *value;
    const char *origin;
};
size_t config_leaves(const struct config *c, const struct config_leaf **out);

/* Pushes the nested table of all settings but `rules` and `listeners` onto another Lua
 * state. May raise there; the config is unharmed by that. */
void config_push(const struct config *c, struct lua_State *to);

#endif

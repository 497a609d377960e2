/* own.h - sockguard's own container: which requests would reach it.
 *
 * Where sockguard runs in a container of the engine that it guards, a client that may stop, enter
 * or read that container decides what sockguard lets through (design.md H13). What a request
 * names is compared with the id and the name that the engine has told of our own container, as
 * the engine resolves a reference: the full id, a name with or without one leading slash, any
 * beginning of the id. A name with a slash inside is a link's, which an inspect does not show,
 * so it counts as ours. Case counts, as it does for the engine.
 *
 * Refused here, by path and query, without Lua: every route below /containers/{id} but those that
 * only look (json, logs, stats, top, changes, the list of checkpoints, wait), so archive and
 * export are among the refused; the same below /libpod/containers; commit of it; a build that
 * joins its network. In create bodies, and for the start of an exec that runs in it:
 * lua/knobs/own_container.lua.
 *
 * The name may change (rename at the engine's own socket, a new container of an operator's
 * name). So a guarded request that comes more than OWN_FRESH_MS after the engine's last answer
 * about our container waits for another one, made like any look-up; nothing guarded passes before
 * the first. What cannot be asked is a denial, and so is an answer about a container that a search
 * took for ours and that is not (own.lua): then we are in some other of this engine's. A 404 means
 * that the engine has no container of ours; it is asked again after the same time.
 *
 * Not covered: a rename within OWN_FRESH_MS; bodies that no check reads (networks' connect and
 * disconnect, builds, everything of Podman's own API, its pods included); prune, which takes
 * stopped containers only; host paths that we mount too (allowed_bind_mounts is about those); the
 * resize of an exec; whoever holds the engine's own socket.
 */
#ifndef SOCKGUARD_POLICY_OWN_H
#define SOCKGUARD_POLICY_OWN_H

#include "policy/own_find.h"
#include "policy/policy.h"

#include <lua.h>

enum { OWN_NAME_MAX = 256, OWN_FRESH_MS = 10 * 1000 };

struct config;

struct own {
    bool is_asked_about;        /* false: the engine never is (check, test), or nothing is known */
    bool is_absent;             /* the engine's last answer: it has no such container */
    bool is_found;              /* by a search: the engine's answer must prove it */
    char given[OWN_NAME_MAX];   /* what is asked about until the id is known; "": no protection */
    char id[OWN_ID_LENGTH + 1]; /* or the beginning of it, or "" */
    char name[OWN_NAME_MAX];    /* or "" */
    uint64_t fresh_until;       /* by the monotonic clock, in milliseconds */
    struct own_found found;     /* with is_found */
};

/* exact: as policy_open says; the engine is then never asked. */
void own_open(struct own *own, const struct config *config, bool exact);

/* True when the engine may read ref as our own container. */
bool own_is(const struct own *own, struct str ref);

/* Inside the vm_call that opens the policy; require: the index of the policy's. */
void own_load(lua_State *L, const struct own *own, int require);

/* Inside a judgement: pushes what checks read as "own"; nil while there is none. */
void own_push(lua_State *L);

/* Denies in *d, and returns true, when path or query name our own container. */
bool own_refuses(const struct policy *p, const struct policy_request *r, struct decision *d);

/* Whether the engine must be asked about our own container before this request passes, and how. */
bool own_is_due(const struct policy *p, const struct policy_request *r);
void own_plan(const struct policy *p, struct lookup *out);

/* Takes the answer. False: nobody knows what our own container is called; *d denies. */
bool own_take(struct policy *p, const struct fact *answer, struct decision *d);

#endif

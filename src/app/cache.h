/* cache.h - the policies of a batch, opened once per distinct configuration.
 *
 * Owns configurations and policies; keeps the last few used. A configuration that is
 * refused is kept too, with its report.
 */
#ifndef SOCKGUARD_APP_CACHE_H
#define SOCKGUARD_APP_CACHE_H

#include "base/err.h"
#include "base/str.h"
#include "policy/config.h"
#include "policy/policy.h"

struct cache;

struct cached {
    struct config *config; /* NULL: refused */
    struct policy *policy; /* NULL: refused */
    enum config_stage stage;
    struct err err;
};

/* path: the file for requests that bring no text. NULL: out of memory. */
struct cache *cache_new(const char *path);
void cache_free(struct cache *c); /* NULL is fine */

/* text: YAML, p NULL for the file. env: NULL-terminated list, or NULL. key tells them
 * apart. The result is good until the next call. NULL: out of memory. */
const struct cached *cache_get(struct cache *c, struct str key, struct str text,
                               const char *const *env);

#endif

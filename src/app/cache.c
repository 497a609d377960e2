/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cache.h"

#include <stdlib.h>

enum { ENTRIES = 8 };

struct entry {
    char *key; /* owned; NULL: free */
    size_t key_length;
    struct cached value;
};

struct cache {
    const char *path; /* borrowed */
    size_t next;      /* to be replaced */
    struct entry entries[ENTRIES];
};

struct cache *cache_new(const char *path)
{
    struct cache *c = calloc(1, sizeof *c);
    if (c)
        c->path = path;
    return c;
}

static void entry_release(struct entry *e)
{
    policy_free(e->value.policy);
    config_free(e->value.config);
    free(e->key);
    *e = (struct entry){.key = NULL};
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < ENTRIES; i++)
        entry_release(&c->entries[i]);
    free(c);
}

static void open_entry(const struct cache *c, struct entry *e, struct str text,
                       const char *const *env)
{
    const struct config_source source = {
        .path = text.p ? NULL : c->path,
        .path_required = !text.p && c->path,
        .text = text,
        .text_name = "config",
        .env = env,
    };
    struct cached *v = &e->value;
    if (config_open(&v->config, &source, &v->stage, &v->err))
        return;
    v->stage = CONFIG_STAGE_VALIDATE;
    if (policy_open(&v->policy, v->config, true, &v->err) == RC_OK) {
        v->stage = CONFIG_STAGE_OK;
        return;
    }
    config_free(v->config);
    v->config = NULL;
}

const struct cached *cache_get(struct cache *c, struct str key, struct str text,
                               const char *const *env)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *e = &c->entries[i];
        if (e->key && str_eq((struct str){e->key, e->key_length}, key))
            return &e->value;
    }
    struct entry *e = &c->entries[c->next];
    c->next = (c->next + 1) % ENTRIES;
    entry_release(e);
    e->key = malloc(key.n + 1);
    if (!e->key)
        return NULL;
    memcpy(e->key, key.p, key.n);
    e->key_length = key.n;
    open_entry(c, e, text, env);
    return &e->value;
}

/* target.h - a request target, decoded once.
 *
 * Rules, route table, logs and the forwarded path all see what is computed here,
 * and nothing else decodes or cleans a path.
 */
#ifndef SOCKGUARD_HTTP_TARGET_H
#define SOCKGUARD_HTTP_TARGET_H

#include "http/head.h"
#include "http/refusal.h"

struct target {
    struct str path;    /* decoded once and cleaned, version prefix included; in store */
    struct str version; /* the prefix as in "/v1.41", or empty; part of path */
    struct str normal;  /* path without the prefix; part of path */
    struct str query;   /* raw, without the `?`; borrowed from the target */
    bool has_query;     /* a `?` was there, also with nothing behind it */
};

/* Splits, decodes and cleans. store has room for at least raw.n bytes (or 1), is the
 * caller's and must live as long as *out; *out is filled only on REFUSAL_NONE.
 * Cleaning: `//` collapses, `.` drops, `..` resolves and never leaves the root, a trailing
 * slash drops; then one prefix /v<digits>[.<digits>[.<digits>]]/ is split off.
 * Refused: absolute and authority form, fragments, bad escapes, an encoded NUL, a raw byte
 * outside printable ASCII, a query with `;` (REFUSAL_BAD_TARGET); `*` (REFUSAL_NO_RULE: no
 * rule can allow it). */
enum refusal target_read(struct str raw, char *store, struct target *out);

/* How long the version prefix /v<digits>[.<digits>[.<digits>]] of a cleaned path is, without
 * the `/` that must follow it; 0 when there is none. */
size_t target_version_length(struct str path);

/* The API version as major times 1000 plus minor: "/v1.41" is 1041, none or not of the form
 * major.minor is 0. */
unsigned target_api_version(struct str version);

enum { QUERY_PAIRS_MAX = 64 };

struct query_pair {
    struct str key;   /* decoded */
    struct str value; /* decoded, `+` is a space */
};

struct query {
    size_t n;
    struct query_pair pairs[QUERY_PAIRS_MAX];
};

/* Decodes a query as the engine does (Go's url.ParseQuery). store has room for
 * raw.n bytes. RC_OK, RC_SYNTAX (bad escape or `;`), RC_TOOBIG (more pairs than
 * QUERY_PAIRS_MAX); after a failure *out holds no pair. Pairs keep their order; repeated
 * keys are all there. */
int query_read(struct str raw, char *store, struct query *out);

/* The first value of key; p is NULL when it is not there. */
struct str query_value(const struct query *q, struct str key);

#endif

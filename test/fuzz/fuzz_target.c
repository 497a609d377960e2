/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_target.c - any bytes as a request target and as a query.
 *
 * Beyond memory safety: what was cleaned stays as it is when it is cleaned again, the parts
 * are parts of the whole, and the route of a path is one of the table's.
 */
#include "http/route.h"
#include "http/target.h"

#include "base/err.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *own(size_t n)
{
    void *p = malloc(n ? n : 1);
    assert(p);
    return p;
}

static void check_clean(struct str path)
{
    assert(path.n && path.p[0] == '/');
    assert(path.n == 1 || path.p[path.n - 1] != '/');
    assert(!memchr(path.p, '\0', path.n));
    for (size_t i = 0; i + 1 < path.n; i++) {
        const struct str rest = str_skip(path, i);
        assert(!str_starts(rest, STR("//")));
        assert(!str_starts(rest, STR("/./")) && !str_eq(rest, STR("/.")));
        assert(!str_starts(rest, STR("/../")) && !str_eq(rest, STR("/..")));
    }
}

static void check_query(struct str raw)
{
    struct query q;
    char *store = own(raw.n);
    const int rc = query_read(raw, store, &q);
    assert(rc == RC_OK || q.n == 0);
    assert(rc == RC_OK || rc == RC_SYNTAX || rc == RC_TOOBIG);
    size_t bytes = 0;
    for (size_t i = 0; i < q.n; i++)
        bytes += q.pairs[i].key.n + q.pairs[i].value.n;
    assert(bytes <= raw.n);
    free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str raw = {(const char *)data, size};
    struct target t;
    char *store = own(size);
    check_query(raw);
    if (target_read(raw, store, &t) == REFUSAL_NONE) {
        check_clean(t.path);
        check_clean(t.normal);
        assert(t.version.n + t.normal.n == t.path.n);
        assert(t.query.n < size);
        (void)target_api_version(t.version);
        for (int m = METHOD_GET; m < METHOD_COUNT; m++) {
            const struct route *r = route_find((enum method)m, t.normal);
            assert(r && r->path && r->query);
            assert(r->method == METHOD_NONE || r->method == (enum method)m);
        }
    }
    free(store);
    return 0;
}

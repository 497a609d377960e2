/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/repeated.h"

void repeated_init(struct repeated *r)
{
    *r = (struct repeated){0};
    buf_init(&r->raw, REPEATED_MAX);
    buf_init(&r->edited, REPEATED_MAX);
}

void repeated_release(struct repeated *r)
{
    buf_release(&r->raw);
    buf_release(&r->edited);
    r->plan = NULL;
}

struct str repeated_find(const struct repeated *r, const struct edit_plan *plan,
                         enum edit_reader reader, enum framing framing, struct str raw)
{
    if (r->plan != plan || r->reader != reader || r->framing != framing ||
        !str_eq(buf_str(&r->raw), raw))
        return (struct str){NULL, 0};
    return buf_str(&r->edited);
}

void repeated_keep(struct repeated *r, const struct edit_plan *plan, enum edit_reader reader,
                   enum framing framing, struct str raw, struct str edited)
{
    buf_clear(&r->raw);
    buf_clear(&r->edited);
    const bool kept = !buf_append(&r->raw, raw) && !buf_append(&r->edited, edited);
    r->plan = kept ? plan : NULL;
    r->reader = reader;
    r->framing = framing;
}

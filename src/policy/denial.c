/* SPDX-License-Identifier: Apache-2.0 */
/* denial.c - the body of a denial, in the engine's error shape. */
#include "policy/internal.h"

#include "base/writer.h"

/* Names of secrets and the unlock key's route are no business of an error text. */
static void put_path(struct writer *w, const struct target *t)
{
    struct str hidden = {NULL, 0};
    if (str_starts(t->normal, STR("/secrets/")))
        hidden = STR("/secrets/<redacted>");
    else if (str_eq(t->normal, STR("/swarm/unlockkey")))
        hidden = STR("/swarm/<redacted>");
    if (!hidden.p) {
        writer_text(w, STR("path"), t->path);
        return;
    }
    char text[128];
    struct buf path = {.data = text, .cap = sizeof text, .max = sizeof text};
    if (!w->rc)
        w->rc = buf_append(&path, (struct str){t->version.p, t->version.n < 64 ? t->version.n : 0});
    if (!w->rc)
        w->rc = buf_append(&path, hidden);
    writer_text(w, STR("path"), buf_str(&path));
}

static void put_check(const struct policy *p, const struct finding *f, struct writer *w)
{
    const struct check_info *info = policy_check(p, f->check);
    if (!info)
        return;
    writer_text(w, STR("knob"), str_of(info->knob));
    if (info->n_controls > 0) {
        writer_text(w, STR("cis"), str_of(info->controls[f->control].cis));
        writer_text(w, STR("bench"), str_of(info->controls[f->control].bench));
    }
    writer_text(w, STR("fix"), str_of(info->fix));
}

int policy_denial_json(const struct policy *p, const struct policy_request *r,
                       const struct decision *d, struct buf *out)
{
    const size_t before = out->len;
    struct writer w = writer_start(out);
    writer_open(&w, STR(""), '{');
    writer_text(&w, STR("message"),
                d->refusal == REFUSAL_API_VERSION ? str_of(d->reason)
                                                  : refusal_info(d->refusal)->text);
    if (p->deny_verbose) {
        writer_text(&w, STR("method"), method_name(r->method));
        put_path(&w, &r->target);
        writer_text(&w, STR("reason"), str_of(d->reason));
        if (d->n_findings > 0)
            put_check(p, &d->findings[0], &w);
    }
    writer_close(&w, '}');
    if (!w.rc)
        w.rc = buf_append(out, STR("\n"));
    if (w.rc)
        out->len = before;
    return w.rc;
}

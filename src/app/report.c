/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include "base/base64.h"
#include "base/writer.h"

#include <stdio.h>
#include <stdlib.h>

static void put_finding(struct writer *w, const struct policy *p, const struct finding *f)
{
    writer_open(w, STR(""), '{');
    writer_text(w, STR("check"), str_of(f->code));
    const struct check_info *info = policy_check(p, f->check);
    if (info) {
        writer_text(w, STR("id"), str_of(info->id));
        writer_text(w, STR("knob"), str_of(info->knob));
    }
    if (info && info->n_controls > 0) {
        writer_text(w, STR("cis"), str_of(info->controls[f->control].cis));
        writer_text(w, STR("bench"), str_of(info->controls[f->control].bench));
    }
    writer_text(w, STR("found"), str_of(f->found));
    writer_close(w, '}');
}

static void put_decision(struct writer *w, const struct policy *p, const struct inspection *i)
{
    const struct decision *d = &i->decision;
    const struct str reason =
        i->refusal && i->refusal != d->refusal ? refusal_info(i->refusal)->text : str_of(d->reason);
    writer_text(w, STR("reason"), reason);
    if (d->n_findings > 0)
        writer_text(w, STR("check"), str_of(d->findings[0].code));
    writer_number(w, STR("rule"), d->rule);
    writer_text(w, STR("surface"), surface_name(i->request.route->surface));
    writer_text(w, STR("normalized_path"), i->request.target.normal);
    if (d->unknown[0])
        writer_text(w, STR("unknown_fields"), str_of(d->unknown));
    writer_open(w, STR("findings"), '[');
    for (size_t k = 0; k < d->n_findings; k++)
        put_finding(w, p, &d->findings[k]);
    writer_close(w, ']');
    if (d->waived[0])
        writer_text(w, STR("waivers"), str_of(d->waived));
    if (policy_printed(p) > 0) {
        writer_open(w, STR("printed"), '[');
        for (size_t k = 0; k < policy_printed(p); k++)
            writer_text(w, STR(""), str_of(policy_print(p, k)));
        writer_close(w, ']');
    }
    writer_open(w, STR("lookups"), '[');
    for (size_t k = 0; k < i->n_lookups; k++)
        writer_text(w, STR(""), str_of(i->lookups[k].path));
    writer_close(w, ']');
    struct buf reply;
    buf_init(&reply, 4096);
    if (i->refusal && i->refusal == d->refusal &&
        policy_denial_json(p, &i->request, d, &reply) == RC_OK)
        writer_raw(w, STR("reply"), (struct str){reply.data, reply.len - 1});
    buf_release(&reply);
}

static void put_forward(struct writer *w, const struct inspection *i)
{
    struct buf bytes;
    buf_init(&bytes, 2 * HEAD_BYTES_MAX + i->body.max);
    char *text = NULL;
    if (inspection_forward(i, &bytes) == RC_OK)
        text = malloc(base64_length(bytes.len) + 1);
    if (text) {
        base64_encode(buf_str(&bytes), text);
        writer_text(w, STR("forward_b64"), (struct str){text, base64_length(bytes.len)});
    } else {
        w->rc = RC_NOMEM;
    }
    free(text);
    buf_release(&bytes);
}

/* The ids of the checks that came to that outcome. */
static void put_outcome(struct writer *w, const struct policy *p, struct str name,
                        const enum outcome *outcomes, enum outcome outcome)
{
    writer_open(w, name, '[');
    for (size_t k = 0; k < policy_check_count(p); k++)
        if (outcomes[k] == outcome)
            writer_text(w, STR(""), str_of(policy_check(p, (int)k)->id));
    writer_close(w, ']');
}

int report_json(struct buf *out, const struct policy *p, struct str id, const struct inspection *i,
                bool show_forward, const enum outcome *outcomes)
{
    struct writer w = writer_start(out);
    const bool allowed = i->refusal == REFUSAL_NONE;
    writer_open(&w, STR(""), '{');
    if (id.n)
        writer_raw(&w, STR("id"), id);
    writer_text(&w, STR("verdict"), allowed ? STR("allow") : STR("deny"));
    writer_text(&w, STR("decision"), allowed ? STR("allow") : STR("deny"));
    writer_number(&w, STR("status"), allowed ? 200 : refusal_info(i->refusal)->status);
    writer_text(&w, STR("reason_code"),
                allowed ? STR("matched_allow_rule") : refusal_info(i->refusal)->code);
    if (i->evaluated)
        put_decision(&w, p, i);
    else
        writer_text(&w, STR("reason"), refusal_info(i->refusal)->text);
    if (outcomes) {
        put_outcome(&w, p, STR("passed"), outcomes, OUTCOME_PASS);
        put_outcome(&w, p, STR("denied"), outcomes, OUTCOME_DENY);
    }
    if (allowed && show_forward)
        put_forward(&w, i);
    writer_close(&w, '}');
    return w.rc;
}

void report_control(const struct check_info *info, int control, const char *before,
                    const char *after)
{
    const char *bench = info->controls[control].bench;
    printf("%sCIS %s", before, info->controls[control].cis);
    if (bench[0])
        printf(" (docker-bench-security %s)", bench);
    fputs(after, stdout);
}

static void print_finding(const struct policy *p, const struct finding *f)
{
    printf("  %-8s %s\n", f->code, f->found);
    const struct check_info *info = policy_check(p, f->check);
    if (!info)
        return;
    if (info->n_controls > 0)
        report_control(info, f->control, "           control  ", "\n");
    if (info->knob[0])
        printf("           knob     %s\n", info->knob);
    printf("           fix      %s\n", info->fix);
}

void report_text(const struct policy *p, const struct inspection *i, bool colour)
{
    const bool allowed = i->refusal == REFUSAL_NONE;
    const struct decision *d = &i->decision;
    const char *const on = colour ? (allowed ? "\033[32m" : "\033[31m") : "";
    printf("%s%s%s", on, allowed ? "ALLOW" : "DENY", colour ? "\033[0m" : "");
    if (!allowed)
        printf("  %u %s", refusal_info(i->refusal)->status, refusal_info(i->refusal)->code.p);
    putchar('\n');
    if (!i->evaluated) {
        printf("  reason   %s\n", refusal_info(i->refusal)->text.p);
        return;
    }
    printf("  path     %.*s\n", (int)i->request.target.normal.n, i->request.target.normal.p);
    if (d->rule >= 0)
        printf("  rule     %d (counted from 0)\n", d->rule);
    else
        printf("  rule     none matches\n");
    if (!allowed)
        printf("  reason   %s\n",
               d->refusal == i->refusal ? d->reason : refusal_info(i->refusal)->text.p);
    if (d->unknown[0])
        printf("  unknown  %s\n", d->unknown);
    if (d->waived[0])
        printf("  waived   by %s\n", d->waived);
    for (size_t k = 0; k < policy_printed(p); k++)
        printf("  printed  %s\n", policy_print(p, k));
    for (size_t k = 0; k < d->n_findings; k++)
        print_finding(p, &d->findings[k]);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explain.h"

#include "app/report.h"
#include "base/writer.h"

#include <stdio.h>

enum { REPORT_MAX = 64 * 1024 * 1024 };

static const struct outcome_look {
    const char *word, *mark, *colour;
} looks[] = {
    [OUTCOME_OFF] = {"off", " ", ""},
    [OUTCOME_UNJUDGED] = {"unjudged", "?", "\033[33m"},
    [OUTCOME_PASS] = {"pass", "\xe2\x9c\x93", "\033[32m"},
    [OUTCOME_DENY] = {"deny", "\xe2\x9c\x97", "\033[31m"},
};

static const struct config_leaf *find_leaf(const struct config *c, const char *key)
{
    const struct config_leaf *leaves;
    const size_t n = config_leaves(c, &leaves);
    for (size_t i = 0; i < n; i++)
        if (str_eq(str_of(leaves[i].key), str_of(key)))
            return &leaves[i];
    return NULL;
}

static const struct finding *find_finding(const struct decision *d, size_t check)
{
    for (size_t i = 0; i < d->n_findings; i++)
        if (d->findings[i].check == (int)check)
            return &d->findings[i];
    return NULL;
}

/* Checks are named after the surface that they judge: container_create.privileged. */
static bool is_of_surface(const struct check_info *info, const struct inspection *i)
{
    const struct str surface = surface_name(i->request.route->surface);
    const struct str id = str_of(info->id);
    return str_starts(id, surface) && id.n > surface.n && id.p[surface.n] == '.';
}

static void print_check(const struct config *c, const struct check_info *info,
                        const struct finding *f, enum outcome outcome, bool colour)
{
    const struct outcome_look *look = &looks[outcome];
    printf("  %s%s %-8s%s  %s", colour ? look->colour : "", look->mark, look->word,
           colour && look->colour[0] ? "\033[0m" : "", info->title);
    for (size_t k = 0; k < info->n_controls; k++)
        report_control(info, (int)k, k ? ", " : "  [", "");
    printf("%s\n              check    %s\n", info->n_controls ? "]" : "", info->id);
    if (f)
        printf("              found    %s\n              fix      %s\n", f->found, info->fix);
    for (size_t k = 0; k < info->n_knobs; k++) {
        const struct config_leaf *leaf = find_leaf(c, info->knobs[k]);
        if (leaf)
            printf("              setting  %s = %s  (%s)\n", leaf->key, leaf->value, leaf->origin);
        else
            printf("              setting  %s is not set: the rule's own default holds\n",
                   info->knobs[k]);
    }
}

static size_t print_switched_off(const struct policy *p, const struct inspection *i,
                                 const enum outcome *outcomes)
{
    size_t n = 0;
    for (size_t k = 0; k < policy_check_count(p); k++) {
        const struct check_info *info = policy_check(p, (int)k);
        if (outcomes[k] == OUTCOME_OFF && is_of_surface(info, i))
            printf("%s%s", n++ ? ", " : "Switched off by their settings: ", info->id);
    }
    if (n)
        putchar('\n');
    return n;
}

void explain_text(const struct policy *p, const struct config *c, const struct inspection *i,
                  const enum outcome *outcomes, bool colour)
{
    size_t n = 0;
    for (size_t k = 0; k < policy_check_count(p); k++) {
        if (outcomes[k] == OUTCOME_OFF)
            continue;
        if (n++ == 0)
            puts("\nChecks that apply");
        print_check(c, policy_check(p, (int)k), find_finding(&i->decision, k), outcomes[k], colour);
    }
    if (n > 0)
        (void)print_switched_off(p, i, outcomes);
    else
        puts("\nNo check applies: the rules, the route and the request's form decide alone");
}

static void put_setting(struct writer *w, const struct config_leaf *leaf)
{
    writer_open(w, STR(""), '{');
    writer_text(w, STR("key"), str_of(leaf->key));
    writer_raw(w, STR("value"), str_of(leaf->value));
    writer_text(w, STR("origin"), str_of(leaf->origin));
    writer_close(w, '}');
}

static void put_check(struct writer *w, const struct config *c, const struct check_info *info,
                      const struct finding *f, enum outcome outcome)
{
    writer_open(w, STR(""), '{');
    writer_text(w, STR("id"), str_of(info->id));
    writer_text(w, STR("check"), str_of(info->code));
    writer_text(w, STR("title"), str_of(info->title));
    writer_text(w, STR("outcome"), str_of(looks[outcome].word));
    if (f) {
        writer_text(w, STR("found"), str_of(f->found));
        writer_text(w, STR("fix"), str_of(info->fix));
    }
    writer_open(w, STR("controls"), '[');
    for (size_t k = 0; k < info->n_controls; k++) {
        writer_open(w, STR(""), '{');
        writer_text(w, STR("cis"), str_of(info->controls[k].cis));
        writer_text(w, STR("bench"), str_of(info->controls[k].bench));
        writer_close(w, '}');
    }
    writer_close(w, ']');
    writer_open(w, STR("settings"), '[');
    for (size_t k = 0; k < info->n_knobs; k++) {
        const struct config_leaf *leaf = find_leaf(c, info->knobs[k]);
        if (leaf)
            put_setting(w, leaf);
    }
    writer_close(w, ']');
    writer_close(w, '}');
}

int explain_json(struct buf *out, const struct policy *p, const struct config *c,
                 const struct inspection *i, const enum outcome *outcomes)
{
    struct buf decision;
    buf_init(&decision, REPORT_MAX);
    const int rc = report_json(&decision, p, STR(""), i, false, NULL);
    struct writer w = writer_start(out);
    w.rc = rc;
    writer_open(&w, STR(""), '{');
    writer_raw(&w, STR("decision"), buf_str(&decision));
    writer_open(&w, STR("checks"), '[');
    for (size_t k = 0; k < policy_check_count(p); k++) {
        const struct check_info *info = policy_check(p, (int)k);
        if (outcomes[k] != OUTCOME_OFF || (i->evaluated && is_of_surface(info, i)))
            put_check(&w, c, info, find_finding(&i->decision, k), outcomes[k]);
    }
    writer_close(&w, ']');
    writer_close(&w, '}');
    buf_release(&decision);
    return w.rc;
}

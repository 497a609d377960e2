/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* From this API version on there are clients that read addresses into types of their own, and give
 * up on a list in which one is none (the docker command 29; it speaks no older version). */
enum { VERSION_PARSES_ADDRESSES = 1044 };

void policy_rest(struct policy *p)
{
    vm_rest(p->vm);
}

void policy_watch(struct policy *p, enum outcome *outcomes)
{
    for (size_t i = 0; outcomes && i < p->plan->n_infos; i++)
        outcomes[i] = OUTCOME_OFF;
    p->outcomes = outcomes;
}

void policy_mutate(struct policy *p, int check, enum mutation how)
{
    p->mutant = check;
    p->mutation = how;
}

size_t policy_rule_count(const struct policy *p)
{
    return rules_count(p->rules);
}

size_t policy_check_count(const struct policy *p)
{
    return p->plan->n_infos;
}

const struct check_info *policy_check(const struct policy *p, int check)
{
    return check >= 0 && (size_t)check < p->plan->n_infos ? &p->plan->infos[check] : NULL;
}

static void set_reason(struct decision *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_reason(struct decision *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(d->reason, sizeof d->reason, format, args);
    va_end(args);
}

static void refuse(struct decision *d, enum refusal why)
{
    d->verdict = VERDICT_DENY;
    d->refusal = why;
}

/* A version component, saturating: digit runs are unbounded. */
static unsigned read_component(struct str *s)
{
    unsigned v = 0;
    while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        v = v > 99999 ? v : v * 10 + (unsigned)(s->p[0] - '0');
        *s = str_skip(*s, 1);
    }
    return v;
}

/* A version as 1000 times its first number and its second. */
static unsigned read_version(struct str version)
{
    struct str rest = str_skip(version, 2); /* "/v" */
    const unsigned major = read_component(&rest);
    rest = str_skip(rest, 1);
    const unsigned minor = read_component(&rest);
    return 1000 * (major < 1000 ? major : 1000) + (minor < 1000 ? minor : 999);
}

/* Engines before API 1.24 let a start body replace the container's HostConfig
 * (design.md H3), so older versions are answered as a newer engine words it. */
static bool version_too_old(const struct policy *p, struct str version)
{
    return version.n && read_version(version) < p->api_version_min;
}

static struct str type_without_parameters(struct str type)
{
    const char *semicolon = type.n ? memchr(type.p, ';', type.n) : NULL;
    if (semicolon)
        type.n = (size_t)(semicolon - type.p);
    return str_trim(type);
}

/* What clients send archives as: the docker CLI says text/plain where it says nothing,
 * dockerode application/tar. */
static bool type_is_archive(struct str type)
{
    static const struct str known[] = {
        {"application/x-tar", 17},  {"application/octet-stream", 24}, {"application/gzip", 16},
        {"application/x-gzip", 18}, {"application/tar", 15},          {"text/plain", 10},
    };
    const struct str bare = type_without_parameters(type);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq_nocase(bare, known[i]))
            return true;
    return bare.n == 0;
}

/* images/create reads its body in one case only: an import from the request itself. */
static bool imports_body(const struct policy_request *r)
{
    struct query q;
    char *store = r->target.query.n ? malloc(r->target.query.n) : NULL;
    bool imports = false;
    if (store && query_read(r->target.query, store, &q) == RC_OK)
        imports = str_eq(query_value(&q, STR("fromSrc")), STR("-"));
    free(store);
    return imports;
}

/* The form parser of the engine lets body values win over the query, and some of its
 * handlers read a body that nobody would expect there: only the route's own kind passes. */
static bool body_kind_passes(const struct policy_request *r, struct decision *d)
{
    if (!r->has_body)
        return true;
    const bool json =
        str_eq_nocase(type_without_parameters(r->content_type), STR("application/json"));
    enum body_kind kind = r->route->body;
    if (kind == BODY_IMPORT)
        kind = imports_body(r) ? BODY_ARCHIVE : BODY_UNREAD;
    switch (kind) {
    case BODY_ANY:
        return true;
    case BODY_JSON:
        if (json)
            return true;
        refuse(d, REFUSAL_BODY_TYPE);
        set_reason(d, "a body on %s must have Content-Type application/json", r->route->path);
        return false;
    case BODY_UNREAD:
        if (json)
            return true;
        break;
    case BODY_ARCHIVE:
        if (type_is_archive(r->content_type))
            return true;
        refuse(d, REFUSAL_BODY_TYPE);
        set_reason(d, "a body on %s must have Content-Type application/x-tar", r->route->path);
        return false;
    case BODY_NONE:
    case BODY_IMPORT:
        break;
    }
    refuse(d, REFUSAL_BODY_UNEXPECTED);
    set_reason(d, "the engine takes no request body on %s", r->route->path);
    return false;
}

static bool query_passes(const struct policy_request *r, struct decision *d)
{
    if (!r->route->judges_query || r->target.query.n == 0)
        return true;
    struct query q;
    char *store = malloc(r->target.query.n);
    const int rc = store ? query_read(r->target.query, store, &q) : RC_NOMEM;
    bool passes = rc == RC_OK;
    if (!passes)
        set_reason(d, "the query cannot be read in one way only");
    for (size_t i = 0; passes && i < q.n; i++) {
        const struct str key = q.pairs[i].key;
        const bool known = route_knows_query(r->route, key);
        bool repeated = false;
        for (size_t j = 0; j < i; j++)
            repeated = repeated || str_eq(q.pairs[j].key, key);
        if (known && !repeated)
            continue;
        passes = false;
        set_reason(d, repeated ? "a query key of %s is given twice" : "%s has no such query key",
                   r->route->path);
    }
    free(store);
    if (!passes)
        refuse(d, REFUSAL_QUERY_REFUSED);
    return passes;
}

/* The engine takes anything for yes but "", 0, no, false and none. */
static bool is_yes(struct str value)
{
    static const struct str no[] = {{"", 0}, {"0", 1}, {"no", 2}, {"false", 5}, {"none", 4}};
    value = str_trim(value);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (str_eq_nocase(value, no[i]))
            return false;
    return true;
}

/* Signed statements about an image tell what it was built from, arguments included. */
static bool attestation_passes(const struct policy *p, const struct policy_request *r,
                               struct decision *d)
{
    if (p->allow_attestation_statements || r->target.query.n == 0 ||
        !str_eq(str_of(r->route->path), STR("/images/{id}/attestations")))
        return true;
    struct query q;
    char *store = malloc(r->target.query.n);
    bool passes = store && query_read(r->target.query, store, &q) == RC_OK;
    for (size_t i = 0; passes && i < q.n; i++)
        passes = !str_eq(q.pairs[i].key, STR("statement")) || !is_yes(q.pairs[i].value);
    free(store);
    if (passes)
        return true;
    refuse(d, REFUSAL_RESPONSE_REJECTED);
    set_reason(d, "statements of attestations are not shown; "
                  "response.allow_attestation_statements: true lets them through");
    return false;
}

/* What route and rules allow, but cannot be judged. */
static bool surface_passes(const struct policy *p, const struct policy_request *r,
                           struct decision *d)
{
    const struct route *route = r->route;
    const bool unseen = route->surface == SURFACE_BUILDKIT ? p->accept_buildkit_tunnels
                                                           : p->allow_body_blind_writes;
    if (route->surface == SURFACE_NONE || unseen)
        return true;
    if (!policy_surface(p, route)) {
        refuse(d, REFUSAL_NOT_BUILT);
        set_reason(d, "this version cannot inspect %s requests; %s: true lets them through unseen",
                   surface_name(route->surface).p,
                   route->surface == SURFACE_BUILDKIT ? "insecure_accept_opaque_buildkit_tunnels"
                                                      : "insecure_allow_body_blind_writes");
        return false;
    }
    return true;
}

void policy_route(const struct policy *p, const struct policy_request *r, struct decision *out)
{
    struct decision *d = out;
    d->verdict = VERDICT_DENY;
    d->refusal = REFUSAL_POLICY_FAULT;
    d->n_findings = 0;
    d->unknown[0] = d->waived[0] = '\0';
    d->fault_check = -1;

    const struct rule_verdict v = rules_decide(p->rules, r->method, r->target.normal);
    d->rule = v.rule;
    const size_t n = v.reason.n < sizeof d->reason ? v.reason.n : sizeof d->reason - 1;
    memcpy(d->reason, v.reason.p, n);
    d->reason[n] = '\0';
    if (!v.allow) {
        const bool none = str_eq(v.reason, STR("no matching allow rule"));
        refuse(d, none ? REFUSAL_NO_RULE : REFUSAL_DENY_RULE);
        return;
    }
    if (version_too_old(p, r->target.version)) {
        refuse(d, REFUSAL_API_VERSION);
        const struct str version = str_skip(r->target.version, 2);
        set_reason(d,
                   "client version %.*s is too old. Minimum supported API version is %u.%u, please "
                   "upgrade your client to a newer version",
                   version.n > 32 ? 32 : (int)version.n, version.p, p->api_version_min / 1000,
                   p->api_version_min % 1000);
        return;
    }
    if (own_refuses(p, r, d))
        return;
    if (r->route->many_segments) {
        refuse(d, REFUSAL_PATH_AMBIGUOUS);
        set_reason(d, "the engine could read this path otherwise than the rules do (%s)",
                   r->route->path);
        return;
    }
    if (!surface_passes(p, r, d) || !body_kind_passes(r, d) || !query_passes(r, d) ||
        !attestation_passes(p, r, d))
        return;
    d->verdict = VERDICT_ALLOW;
    d->refusal = REFUSAL_NONE;
}

const struct edit_plan *policy_edits(const struct policy *p, const struct policy_request *r,
                                     enum edit_reader *reader)
{
    const struct str version = r->target.version;
    *reader = version.n == 0                                     ? EDIT_READER_ANY
              : read_version(version) < VERSION_PARSES_ADDRESSES ? EDIT_READER_BYTES
                                                                 : EDIT_READER_ADDRESSES;
    return redaction_plan(p->redaction, r->route);
}

bool policy_judges(const struct policy *p, const struct policy_request *r)
{
    return judge_is_needed(p, r) || own_is_due(p, r);
}

size_t policy_body_max(const struct policy *p, const struct route *route)
{
    const struct surface_plan *s = policy_surface(p, route);
    return s ? s->body_max : 0;
}

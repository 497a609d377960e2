/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decide.c - any bytes as a create body, decided by the whole CIS preset.
 *
 * What is allowed is read a second time, by second_reader.c, which shares no code with the
 * program; a control of the page that it sees broken stops the run.
 */
#include "policy/config.h"
#include "policy/policy.h"

#include "second_reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the second reading has seen. */
struct seen {
    bool rootfs, memory, pids, cpu, drops_all, no_new_privileges;
    size_t host_configs;
};

static void no_element(void *arg, const struct value *v)
{
    (void)arg;
    char text[WORD_MAX];
    if (v->kind != '"')
        return;
    second_word(v, text);
    /* a host path in front of a colon; a name of a volume was looked up, and is new */
    assert(text[0] != '/' || !memchr(v->text, ':', v->n));
}

static void dropped(void *arg, const struct value *v)
{
    char text[WORD_MAX];
    if (v->kind != '"')
        return;
    second_word(v, text);
    ((struct seen *)arg)->drops_all |= strcmp(text, "all") == 0;
}

static void option(void *arg, const struct value *v)
{
    struct seen *s = arg;
    char text[WORD_MAX];
    if (v->kind != '"')
        return;
    second_word(v, text);
    if (strncmp(text, "no-new-privileges", 17) == 0)
        s->no_new_privileges =
            !text[17] || strstr(text + 17, "true") != NULL; /* the last one counts */
    assert(strncmp(text, "seccomp", 7) != 0 || (!strstr(text, "unconfined") && !strchr(text, '{')));
    assert(strncmp(text, "systempaths", 11) != 0 || !strstr(text, "unconfined"));
}

static bool is_positive(const struct value *v)
{
    return v->kind == 'n' && v->text[0] != '-' && strspn(v->text, "0") < v->n;
}

static void judge_mode(const struct value *v)
{
    char text[WORD_MAX];
    if (v->kind != '"')
        return;
    second_word(v, text);
    assert(strcmp(text, "host") != 0);
    assert(strncmp(text, "container:", 10) != 0 || !text[10]);
    assert(strncmp(text, "ns:", 3) != 0);
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static void judge_host_config(struct seen *s, const char *name, const struct value *v)
{
    static const char *const modes[] = {"networkmode", "pidmode",      "ipcmode", "utsmode",
                                        "usernsmode",  "cgroupnsmode", NULL};
    static const char *const empty[] = {
        "capadd",   "devices", "devicerequests", "devicecgrouprules", "volumesfrom",
        "groupadd", "sysctls", "links",          "annotations",       NULL};
    static const char *const cpu[] = {"nanocpus", "cpuquota", "cpuperiod", "cpushares", NULL};
    if (strcmp(name, "privileged") == 0)
        assert(v->kind != 't');
    if (is_one_of(name, modes))
        judge_mode(v);
    if (is_one_of(name, empty))
        assert(v->items == 0 || v->text[v->n - 1] == v->kind);
    if (strcmp(name, "binds") == 0 && v->kind == '[')
        second_each(v, no_element, NULL);
    if (strcmp(name, "capdrop") == 0 && v->kind == '[')
        second_each(v, dropped, s);
    if (strcmp(name, "securityopt") == 0 && v->kind == '[')
        second_each(v, option, s);
    if (strcmp(name, "maskedpaths") == 0 || strcmp(name, "readonlypaths") == 0)
        assert(v->kind == '0' || v->items > 0);
    if (strcmp(name, "cgroupparent") == 0)
        assert(v->kind == '0' || v->n == 2);
    s->rootfs |= strcmp(name, "readonlyrootfs") == 0 && v->kind == 't';
    s->memory |= strcmp(name, "memory") == 0 && is_positive(v);
    s->pids |= strcmp(name, "pidslimit") == 0 && is_positive(v);
    s->cpu |= is_one_of(name, cpu) && is_positive(v);
}

static void judge_member(void *arg, int depth, const char *parent, const char *name,
                         const struct value *v)
{
    struct seen *s = arg;
    if (depth == 1 && strcmp(name, "hostconfig") == 0)
        s->host_configs++;
    if (depth == 1 && strcmp(name, "privileged") == 0)
        assert(v->kind != 't');
    if (depth == 2 && strcmp(parent, "hostconfig") == 0)
        judge_host_config(s, name, v);
}

static struct policy *open_preset(void)
{
    static const struct config_source source = {
        .path = SOURCE_DIR "/presets/cis-docker-benchmark.yaml", .path_required = true};
    struct config *config = NULL;
    struct policy *policy = NULL;
    struct err err = {""};
    if (config_open(&config, &source, NULL, &err) || policy_open(&policy, config, true, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    config_free(config);
    return policy;
}

static struct decision decide(struct policy *p, struct str body)
{
    static char store[64];
    struct decision d;
    struct lookup lookups[LOOKUPS_MAX];
    struct fact facts[LOOKUPS_MAX];
    struct policy_request r = {.method = METHOD_POST,
                               .content_type = STR("application/json"),
                               .body = body,
                               .has_body = true};
    assert(target_read(STR("/v1.41/containers/create"), store, &r.target) == REFUSAL_NONE);
    r.route = route_find(r.method, r.target.normal);
    policy_route(p, &r, &d);
    assert(d.verdict == VERDICT_ALLOW);
    const size_t n = policy_plan(p, &r, lookups, &d);
    assert(n == 0 || d.verdict == VERDICT_DENY);
    for (size_t i = 0; i < n; i++)
        facts[i] = (struct fact){.kind = FACT_ANSWER, .status = 404};
    if (n > 0)
        policy_decide(p, &r, lookups, facts, n, &d);
    policy_rest(p);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *policy;
    if (!policy)
        policy = open_preset();
    if (size == 0)
        return 0;
    const struct decision d = decide(policy, (struct str){(const char *)data, size});
    assert((d.verdict == VERDICT_ALLOW) == (d.refusal == REFUSAL_NONE));
    assert(d.verdict == VERDICT_ALLOW || d.reason[0]);
    if (d.verdict != VERDICT_ALLOW)
        return 0;
    struct seen s = {.host_configs = 0};
    assert(second_read((const char *)data, size, judge_member, &s));
    assert(s.host_configs == 1 && s.rootfs && s.memory && s.pids && s.cpu && s.drops_all &&
           s.no_new_privileges);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - decide_bench CONFIG BODY [ROUNDS]: what deciding one container create costs
 * with that configuration (and SOCKGUARD_* variables), reading of the body and the collector's
 * share included, in microseconds of this process's CPU. For instructions run it under
 * callgrind with `--collect-atstart=no --toggle-collect=decide_rounds`: ROUNDS and a tenth of
 * it, and one, are collected. Fails when the body is denied. */
#include "policy/config.h"
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20, ROUNDS = 1000000 };

static char body[BODY_MAX];

static double cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* All that the proxy asks about one such request. */
static bool decide(struct policy *p, const struct policy_request *r)
{
    struct decision d;
    struct lookup lookups[LOOKUPS_MAX];
    policy_route(p, r, &d);
    if (d.verdict != VERDICT_ALLOW || !policy_judges(p, r))
        return false;
    if (policy_plan(p, r, lookups, &d) != 0)
        return false;
    policy_rest(p);
    return d.verdict == VERDICT_ALLOW;
}

/* Not inlined: what is in here is what is measured. */
__attribute__((noinline)) static uint64_t decide_rounds(struct policy *p,
                                                        const struct policy_request *r, uint64_t n)
{
    uint64_t allowed = 0;
    for (uint64_t i = 0; i < n; i++)
        allowed += decide(p, r);
    return allowed;
}

static long peak_kib(void)
{
    struct rusage r;
    (void)getrusage(RUSAGE_SELF, &r);
    return r.ru_maxrss;
}

static int measure(struct policy *p, struct str text, uint64_t rounds)
{
    static const char raw[] = "/v1.41/containers/create?name=web";
    char store[sizeof raw];
    struct policy_request r = {
        .method = METHOD_POST,
        .content_type = STR("application/json"),
        .body = text,
        .has_body = true,
    };
    if (target_read(STR(raw), store, &r.target))
        return 1;
    r.route = route_find(r.method, r.target.normal);
    (void)decide_rounds(p, &r, rounds / 10 + 1);
    const long before = peak_kib();
    const double start = cpu_us();
    const uint64_t allowed = decide_rounds(p, &r, rounds);
    const double us = (cpu_us() - start) / (double)rounds;
    if (allowed != rounds) {
        (void)fprintf(stderr, "decide_bench: the body is denied\n");
        return 1;
    }
    (void)printf("%zu bytes: %.2f us a decision, %ld KiB more (%" PRIu64 " rounds)\n", text.n, us,
                 peak_kib() - before, rounds);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t rounds = ROUNDS;
    FILE *f = argc > 2 ? fopen(argv[2], "rb") : NULL;
    if (!f || (argc > 3 && decimal_parse(str_of(argv[3]), 1000000000, &rounds)) || rounds == 0) {
        (void)fprintf(stderr, "usage: decide_bench CONFIG BODY [ROUNDS]\n");
        return 2;
    }
    const struct str text = {body, fread(body, 1, sizeof body, f)};
    (void)fclose(f);
    struct config *config = NULL;
    struct policy *policy = NULL;
    struct err err = {""};
    const struct config_source source = {
        .path = argv[1], .path_required = true, .env = (const char *const *)environ};
    int code = 1;
    if (config_open(&config, &source, NULL, &err) || policy_open(&policy, config, false, &err))
        (void)fprintf(stderr, "decide_bench: %s\n", err.text);
    else
        code = measure(policy, text, rounds);
    policy_free(policy);
    config_free(config);
    return code;
}

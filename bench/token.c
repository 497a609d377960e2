/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - token_bench FILE [ROUNDS]: what tokenizing one text costs, in microseconds of
 * this process's CPU. For instructions run it with few rounds under callgrind. */
#include "http/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { TEXT_MAX = 1 << 20, ROUNDS = 100000 };

static char text[TEXT_MAX];

/* The number of tokens, 0 for a text that is refused. */
static size_t count_tokens(struct str s)
{
    struct tokenizer t = {0};
    for (size_t n = 1;; n++) {
        size_t used;
        const struct token token = token_next(&t, s, true, &used);
        if (token.kind == TOKEN_END)
            return n;
        if (token.kind > TOKEN_END)
            return 0;
        s = str_skip(s, used);
    }
}

static double cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    uint64_t rounds = ROUNDS;
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!f || (argc > 2 && decimal_parse(str_of(argv[2]), 1000000000, &rounds)) || rounds == 0) {
        (void)fprintf(stderr, "usage: token_bench FILE [ROUNDS]\n");
        return 2;
    }
    const struct str s = {text, fread(text, 1, sizeof text, f)};
    (void)fclose(f);

    const double start = cpu_us();
    size_t tokens = 0;
    for (uint64_t i = 0; i < rounds; i++)
        tokens = count_tokens(s);
    const double us = (cpu_us() - start) / (double)rounds;
    if (tokens == 0) {
        (void)fprintf(stderr, "token_bench: %s is refused\n", argv[1]);
        return 1;
    }
    (void)printf("%zu bytes, %zu tokens: %.2f us a text (%" PRIu64 " rounds)\n", s.n, tokens, us,
                 rounds);
    return 0;
}

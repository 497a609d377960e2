/* SPDX-License-Identifier: Apache-2.0 */
#include "http/refusal.h"

#include <assert.h>

static const struct refusal_info table[REFUSAL_COUNT] = {
#define X(name, status, code, closes, text)                                                        \
    [REFUSAL_##name] = {status, closes, {code, sizeof(code) - 1}, {text, sizeof(text) - 1}},
#include "http/refusal.def"
#undef X
};

const struct refusal_info *refusal_info(enum refusal r)
{
    assert(r > REFUSAL_NONE && r < REFUSAL_COUNT);
    return &table[r];
}

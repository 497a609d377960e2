/* refusal.h - the ways to say no, by name.
 *
 * REFUSAL_NONE is zero, which here means "not refused": a struct that must deny
 * when cleared (struct decision) does not rely on it.
 */
#ifndef SOCKGUARD_HTTP_REFUSAL_H
#define SOCKGUARD_HTTP_REFUSAL_H

#include "base/str.h"

enum refusal {
    REFUSAL_NONE,
#define X(name, status, code, closes, text) REFUSAL_##name,
#include "http/refusal.def"
#undef X
    REFUSAL_COUNT,
};

struct refusal_info {
    uint16_t status;
    bool closes;
    struct str code; /* reason code; static storage */
    struct str text; /* static storage */
};

/* The row of r (not REFUSAL_NONE). */
const struct refusal_info *refusal_info(enum refusal r);

#endif

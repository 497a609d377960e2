/* ledger.h - what the workers of a proxy have in common: what is counted for the process.
 *
 * Atomics, and the budget of judged bodies. Nothing else is shared between workers.
 */
#ifndef SOCKGUARD_PROXY_LEDGER_H
#define SOCKGUARD_PROXY_LEDGER_H

#include "proxy/budget.h"

struct ledger {
    struct budget bodies;
    atomic_size_t tunnels;   /* exchanges that are streams or may become one */
    atomic_size_t lookups;   /* bytes of the engine's answers to look-ups, held */
    atomic_bool unreachable; /* the engine, as last told to the observer */
};

/* Counts n more; false (and nothing is counted) when that were over the limit. 0: no limit. */
static inline bool ledger_claim(atomic_size_t *count, size_t n, size_t limit)
{
    if (atomic_fetch_add(count, n) + n <= limit || !limit)
        return true;
    atomic_fetch_sub(count, n);
    return false;
}

#endif

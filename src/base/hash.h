/* hash.h - a keyed hash of bytes that somebody else chose.
 *
 * SipHash-2-4: without the key nobody can make names that collide, so a table of them
 * stays fast whatever a peer sends. Not a signature: 64 bits.
 */
#ifndef SOCKGUARD_BASE_HASH_H
#define SOCKGUARD_BASE_HASH_H

#include "base/str.h"

struct hash_key {
    uint64_t half[2];
};

/* A key from the system's random source: RC_OK or RC_SYSTEM. */
int hash_key_init(struct hash_key *key);

/* The hash of the eight bytes of tweak (least first), followed by s. */
uint64_t hash_bytes(const struct hash_key *key, uint64_t tweak, struct str s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/err.h"

#include <unistd.h>

int hash_key_init(struct hash_key *key)
{
    return getentropy(key, sizeof *key) ? RC_SYSTEM : RC_OK;
}

static inline uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static inline void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void take(uint64_t v[4], uint64_t block)
{
    v[3] ^= block;
    mix(v);
    mix(v);
    v[0] ^= block;
}

/* Up to eight bytes, the first one least. */
static inline uint64_t block_of(const char *p, size_t n)
{
    uint64_t block = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n == sizeof block) {
        memcpy(&block, p, sizeof block);
        return block;
    }
#endif
    for (size_t i = 0; i < n; i++)
        block |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return block;
}

uint64_t hash_bytes(const struct hash_key *key, uint64_t tweak, struct str s)
{
    uint64_t v[4] = {
        key->half[0] ^ UINT64_C(0x736f6d6570736575),
        key->half[1] ^ UINT64_C(0x646f72616e646f6d),
        key->half[0] ^ UINT64_C(0x6c7967656e657261),
        key->half[1] ^ UINT64_C(0x7465646279746573),
    };
    const uint64_t length = ((uint64_t)s.n + sizeof tweak) << 56;
    take(v, tweak);
    for (; s.n >= 8; s.p += 8, s.n -= 8)
        take(v, block_of(s.p, 8));
    take(v, block_of(s.p, s.n) | length);
    v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++)
        mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

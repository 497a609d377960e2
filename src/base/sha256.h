/* sha256.h - SHA-256 (FIPS 180-4) of bytes that are all there. */
#ifndef SOCKGUARD_BASE_SHA256_H
#define SOCKGUARD_BASE_SHA256_H

#include "base/str.h"

enum { SHA256_SIZE = 32 };

void sha256(struct str s, uint8_t out[SHA256_SIZE]);

#endif

/* owner.h - from a member to the struct that embeds it. */
#ifndef SOCKGUARD_PROXY_OWNER_H
#define SOCKGUARD_PROXY_OWNER_H

#include <stddef.h>

#define OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif

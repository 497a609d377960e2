/* tally.h - counts what this process asks of the kernel and of the heap.
 *
 * Linking tally.c puts functions of the same names in front of the C library's, so that
 * libuv's calls are counted too. The rig's own sockets use send and recv, which are not.
 */
#ifndef SOCKGUARD_TEST_TALLY_H
#define SOCKGUARD_TEST_TALLY_H

struct tally {
    unsigned reads;
    unsigned writes;
    unsigned controls; /* epoll_ctl */
    unsigned mallocs;  /* calloc and realloc too; always 0 with a sanitizer */
};

extern struct tally tally;

#endif

/* pair.h - a rig with one client and one connection of the engine, as most specs need it. */
#ifndef SOCKGUARD_TEST_PAIR_H
#define SOCKGUARD_TEST_PAIR_H

#include "rig.h"

extern struct rig r;
extern struct end client, engine;

/* Of cmocka: the client is connected, the engine's end is still to be accepted. */
int pair_setup(void **state);
int pair_teardown(void **state);
/* For setups of one's own: change (or NULL) may set r.options and r.policy. */
int pair_setup_with(void (*change)(void));

/* Sends a request and waits until its head is at the engine. */
void ask(const char *text);

#define PAIR(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
#define PAIR_WITH(name, setup) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)

#define PING "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"

#endif

/* rig.h - a proxy on a loop of its own, with a client's and an engine's end in hand.
 *
 * Clients and engine are plain non-blocking sockets that the test reads and writes step by
 * step; every wait turns the loop. Whatever does not come within RIG_MS fails the test. At
 * the end the loop must close clean: no handle may be left.
 *
 * The policy is a stand-in (fake_policy.c): it denies paths that begin with /denied,
 * judges bodies on POST /containers/create, and denies those that contain "Privileged". With
 * policy.lookups it wants to know GET /fact/0 and so on first, and denies unless each answer
 * is a 200 that begins with "harmless".
 */
#ifndef SOCKGUARD_TEST_RIG_H
#define SOCKGUARD_TEST_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "proxy/proxy.h"

enum { RIG_MS = 5000, RIG_REPORTS = 64, RIG_HOSTS = 4 };

struct policy {
    size_t body_max;
    struct edit_plan *edits, *stream; /* of answers below /edited and /edited-stream */
    size_t lookups;
    unsigned routed, decided, refused, rested;
};

/* One end of a connection. */
struct end {
    int fd;
    char *in; /* everything that came, NUL-terminated */
    size_t n, cap;
    bool over; /* the other side has ended or reset it */
};

/* What is kept of an exchange_report. */
struct told {
    enum exchange_end end;
    enum method method;
    char path[64];
    char id[33];
    char client_id[64];
    bool decided;
    enum verdict verdict;
    enum refusal refusal;
    bool local, peer_local;
    uid_t uid;
    uint16_t status;
    uint64_t bytes;
};

struct rig {
    uv_loop_t loop;
    struct proxy *proxy;
    struct policy policy;
    struct proxy_worker worker;   /* change between rig_init and rig_start */
    struct proxy_options options; /* change between rig_init and rig_start */
    struct proxy_observer observer;
    struct proxy_listener listeners[2];
    char folder[64];
    char front[96], back[96]; /* the two sockets */
    int engine;               /* listens on back; -1: no engine */
    bool draining, drained;
    size_t n_told;
    struct told told[RIG_REPORTS];
    unsigned events[8];
};

void rig_init(struct rig *r);
void rig_start(struct rig *r);
/* init and start. */
void rig_open(struct rig *r);
void rig_drain(struct rig *r);
void rig_until_drained(struct rig *r);
/* Drains if that was not begun, and proves that nothing is left. */
void rig_close(struct rig *r);

void rig_engine_listen(struct rig *r);
void rig_engine_stop(struct rig *r);

/* Turns the loop once; waits a moment when nothing was to be done. */
void rig_turn(struct rig *r);
void rig_turn_for(struct rig *r, unsigned ms);
void rig_until_told(struct rig *r, size_t n);

void end_connect(struct rig *r, struct end *e); /* a client on the unix socket */
void end_connect_tcp(struct rig *r, struct end *e, uint16_t port);
void end_accept(struct rig *r, struct end *e);     /* the proxy's connection to the engine */
bool end_accept_now(struct rig *r, struct end *e); /* false: there is none */
void end_close(struct end *e);
void end_finish(struct end *e); /* says nothing more, and goes on reading */
void end_send(struct rig *r, struct end *e, const char *text);
void end_send_bytes(struct rig *r, struct end *e, const char *bytes, size_t n);
/* Reads what is there, without waiting. */
void end_poll(struct end *e);
void end_until(struct rig *r, struct end *e, const char *text); /* has come, at or after what was
                                                                   forgotten last */
void end_until_bytes(struct rig *r, struct end *e, size_t n);
void end_until_over(struct rig *r, struct end *e);
void end_forget(struct end *e); /* what came so far */
/* Sends the same bytes again and again, without reading, until none are taken any more, or
 * max were; returns how many. */
size_t end_flood(struct rig *r, struct end *e, const char *bytes, size_t n, size_t max);
bool end_has(const struct end *e, const char *text);

/* A GET of path through the proxy that the engine answers with `answer`. */
void rig_get(struct rig *r, struct end *client, struct end *engine, const char *path);

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

#endif

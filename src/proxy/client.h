/* client.h - a client's connection: heads in, replies in order.
 *
 * One exchange at a time. Bytes that arrive early (pipelined requests, the rest of a
 * body that nobody wants yet) wait in a small stash; at its ceiling reading pauses. An
 * answer that closes is followed by a half-close and a moment of reading on, so that the
 * client gets it even while it is still sending. Owned by the worker; frees itself when
 * its handle has closed.
 */
#ifndef SOCKGUARD_PROXY_CLIENT_H
#define SOCKGUARD_PROXY_CLIENT_H

#include "proxy/listener.h"
#include "proxy/worker.h"

enum {
    EARLY_MAX = 16 * 1024, /* reading pauses once so much has come early */
};

struct client {
    struct stream stream;
    struct worker *worker;
    const struct listener *listener; /* borrowed until the client has closed */
    struct client *prev, *next;      /* all of the worker */
    struct exchange *exchange;       /* the one under way, or NULL */
    struct deadline_entry deadline;
    struct peer peer;
    struct reader reader;
    struct buf stash; /* what came early, or the beginning of a head */
    size_t searched;  /* how much of it holds no end of a head */
    bool served;      /* it has had an answer */
    bool running;     /* client_wake is at work further up */
    bool lingering;   /* answered for the last time: what comes is dropped */
};

/* Takes the accepted descriptor, which the worker has counted already. */
void client_open(struct worker *w, struct arrival a);

/* Goes on with what is in the stash: to be called when an exchange has begun to want
 * bytes, or stopped to. Does nothing when it is already at it. */
void client_wake(struct client *c);

/* The exchange has ended, its answer is handed over. */
void client_done(struct client *c, bool close);

/* At once; an exchange under way has been ended by the caller. */
void client_close(struct client *c);

/* For the drain: those that wait for nothing go now, the others after their answer. With
 * force all go now. */
void client_shut(struct client *c, bool force);

void client_on_head_due(struct deadline_entry *e);
void client_on_close_due(struct deadline_entry *e);
void client_on_watch_due(struct deadline_entry *e);

#endif

/* exchange.h - one request and its answer.
 *
 * An exchange has two sides that move on their own, because the engine may answer before
 * the request is whole. The request side (exchange_request.c) is what becomes of the
 * client's bytes; the response side (exchange_response.c) is what the client is told.
 * exchange_body.c moves the request's bytes; exchange.c begins and ends exchanges and gives
 * answers of our own.
 *
 * Belongs to one client, and to one upstream connection at a time. From the free list of
 * its worker. Every function here may end the exchange: a caller that wants to go on looks
 * at its client's `exchange` again.
 */
#ifndef SOCKGUARD_PROXY_EXCHANGE_H
#define SOCKGUARD_PROXY_EXCHANGE_H

#include "proxy/worker.h"

struct gather;

/* What becomes of the client's body bytes. */
#define REQUEST_STATES(X)                                                                          \
    X(WAIT)    /* not wanted yet: no decision, no room, no connection */                           \
    X(HELD)    /* gathered, to be judged */                                                        \
    X(FLOWING) /* sent on as they come */                                                          \
    X(DISCARD) /* read and dropped */                                                              \
    X(TUNNEL)  /* the body is over, and what comes now is a stream's */                            \
    X(DONE)    /* there are no more */

enum request_state {
#define X(name) REQUEST_##name,
    REQUEST_STATES(X)
#undef X
        REQUEST_STATE_COUNT,
};

/* What the client has been told. */
#define RESPONSE_STATES(X)                                                                         \
    X(NONE)    /* nothing; the request is being looked at */                                       \
    X(ASKED)   /* nothing; a local endpoint is thinking */                                         \
    X(LOOKUP)  /* nothing; the engine is asked what the policy must know */                        \
    X(DIAL)    /* nothing; the engine cannot be connected to just now */                           \
    X(AWAITED) /* nothing; the request is on its way */                                            \
    X(EDITED)  /* nothing; the engine's answer is gathered, to be edited */                        \
    X(FLOWING) /* the engine's head, and its body as it comes */                                   \
    X(TUNNEL)  /* that it has a stream now, and its bytes as they come */                          \
    X(DONE)    /* everything */

enum response_state {
#define X(name) RESPONSE_##name,
    RESPONSE_STATES(X)
#undef X
        RESPONSE_STATE_COUNT,
};

struct exchange {
    struct exchange *next; /* in the free list */
    struct worker *worker;
    struct client *client;     /* borrowed */
    struct upstream *upstream; /* lent by the pool, or NULL */
    enum request_state request;
    enum response_state response;
    struct deadline_entry deadline;
    char id[REQUEST_ID];
    uint64_t started; /* ns */

    /* The request. */
    struct buf bytes;       /* the head as it came, then the decoded target */
    struct held_head *held; /* borrows from bytes; NULL once forwarded */
    enum method method;
    struct target target;         /* in bytes */
    struct str client_request_id; /* in bytes */
    const struct route *route;
    uint64_t length; /* announced; with a length only */
    bool has_body;   /* one byte or more, or of unknown length */
    bool chunked;
    bool expects;    /* a 100 is owed before the body comes */
    bool old_client; /* HTTP/1.0 */
    struct budget_place room;
    bool has_room;       /* holds room, or waits for it */
    struct buf body;     /* the judged body */
    size_t discard_left; /* SIZE_MAX: no limit */

    /* The policy's word. judged is NULL where rules alone decided. */
    bool evaluated;
    bool is_judged; /* more than its route decides whether it passes */
    enum verdict verdict;
    enum refusal denial;
    int rule;
    char reason[REASON_MAX];
    struct decision *judged;
    struct lookups *lookups; /* owned; NULL where none was needed */

    /* To the engine. */
    struct buf out;    /* the head; later that of an edited answer */
    bool hijack;       /* it may become a tunnel, and counts as one */
    bool asks_upgrade; /* with the client's own Upgrade */
    bool head_sent;
    bool retried;        /* on a fresh connection; not twice */
    uint64_t dial_until; /* loop time, ms */

    /* What is hidden of the answer. */
    const struct edit_plan *edits; /* borrowed from the policy; NULL: nothing is */
    enum edit_reader reader;
    bool editing;      /* edit is under way */
    uint16_t answered; /* the engine's status */
    struct edit edit;
    struct buf edited;  /* what can be sent on of it */
    const char *detail; /* a constant: why it was refused, or NULL */

    /* To the client. */
    enum refusal refusal;
    bool local;
    bool close;    /* the client's connection ends with this exchange */
    bool dechunk;  /* the client cannot read chunks */
    bool to_close; /* the answer's body ends with the engine's connection */
    bool reusable; /* the engine keeps the connection */
    uint16_t status;
    uint64_t sent;
};

/* Client side. bytes is one whole head. */
void exchange_begin(struct client *c, struct str bytes);
/* For a head that never became one. */
void exchange_begin_refused(struct client *c, enum refusal why);
bool exchange_wants(const struct exchange *ex);       /* body bytes can be taken now */
bool exchange_blocks(const struct exchange *ex);      /* there are some to come, but not now */
bool exchange_has_request(const struct exchange *ex); /* nothing more of it is needed */
/* Returns how many bytes it used. Only when it wants some. */
size_t exchange_feed(struct exchange *ex, struct str bytes);
/* Sends a head that was kept back to go together with the first bytes of its body. */
void exchange_flush(struct exchange *ex);
void exchange_client_drained(struct exchange *ex);
void exchange_close_after(struct exchange *ex);
/* The client has ended and the rest of the request, or of its stream, will never come. */
void exchange_starved(struct exchange *ex);
/* The client has gone as a whole, and nothing that it said is still to be delivered. */
bool exchange_is_abandoned(const struct exchange *ex);
/* Ends it without an answer, or within one, and closes the client. */
void exchange_cut(struct exchange *ex, enum exchange_end end);

/* Upstream side. */
void exchange_heard(struct exchange *ex, struct str bytes);
void exchange_upstream_ended(struct exchange *ex, int status);
void exchange_upstream_drained(struct exchange *ex);
void exchange_upstream_broken(struct exchange *ex);

/* Deadlines, budget, worker. */
void exchange_on_body_due(struct deadline_entry *e);
void exchange_on_budget_due(struct deadline_entry *e);
void exchange_on_dial_due(struct deadline_entry *e);
void exchange_on_request_due(struct deadline_entry *e);
void exchange_on_granted(struct budget_place *p);
void exchange_release_free(struct worker *w);

/* Between the files of the exchange. */
void exchange_enter_request(struct exchange *ex, enum request_state next);
void exchange_enter_response(struct exchange *ex, enum response_state next);
/* An answer of our own instead of the engine's: the refusal's text, or (deny) the policy's
 * denial as worker->decision has it. Within an answer: cuts. */
void exchange_refuse(struct exchange *ex, enum refusal why);
void exchange_deny(struct exchange *ex);
void exchange_answer(struct exchange *ex, uint16_t status, struct str json);
static inline struct str exchange_id(const struct exchange *ex)
{
    return (struct str){ex->id, sizeof ex->id};
}

/* Hands what was gathered to the client's connection. False: that is gone, and the exchange cut. */
bool exchange_send(struct exchange *ex, struct gather *g);
/* The whole answer has been handed to the client's connection. excess: the engine has sent more. */
void exchange_answered(struct exchange *ex, bool excess);
/* Ends the exchange if both sides are done. */
void exchange_settle(struct exchange *ex);
/* Gives the connection to the engine back, or closes it when it cannot be used again. */
void exchange_let_go(struct exchange *ex, bool reusable);
/* Asks the policy: about the head; about a body that is whole (or not wanted); not at all,
 * because the body will not be whole. exchange_decide asks the engine first where the
 * policy must know something; exchange_judge goes on from there. */
void exchange_consider(struct exchange *ex);
void exchange_decide(struct exchange *ex);
void exchange_judge(struct exchange *ex);
void exchange_give_up(struct exchange *ex, enum refusal why);
/* Takes a connection from the pool or dials one, and sends. */
void exchange_connect(struct exchange *ex);
/* Sends a request whose body, if any, is held. */
void exchange_send_whole(struct exchange *ex);
struct policy_request exchange_policy_request(const struct exchange *ex);
/* Keeps worker->decision for the report; puts what was kept of it back there. */
void exchange_keep_decision(struct exchange *ex, bool judged);
void exchange_recall_decision(struct exchange *ex);

#endif

/* proxy.h - the proxy as its composer (src/app) sees it.
 *
 * A proxy listens, asks the policy about every request, forwards what is allowed to the
 * engine and tells an observer what became of each exchange. It never blocks a loop and
 * never exits the process.
 *
 * It runs on one or more workers. The first one's loop is the caller's to run: it accepts,
 * and serves too. Each other one gets a thread of the proxy's own, from proxy_start until
 * the drain has ended. Functions here are called on the first one's thread.
 *
 * Life cycle: proxy_start, then proxy_drain once, then proxy_free from its callback or
 * later. Times are milliseconds; 0 means no limit unless said otherwise. SIGPIPE must be
 * ignored by the process.
 */
#ifndef SOCKGUARD_PROXY_PROXY_H
#define SOCKGUARD_PROXY_PROXY_H

#include "base/err.h"
#include "http/route.h"
#include "policy/policy.h"

#include <sys/types.h>
#include <uv.h>

struct proxy;

enum { PROXY_LISTENERS_MAX = 32, PROXY_WORKERS_MAX = 32 };

/* One place to listen at: a unix socket when `path` is set, else TCP. Everything borrowed
 * until proxy_free. */
struct proxy_listener {
    const char *name;
    const char *path; /* unix socket; its folder must be there */
    mode_t mode;      /* the socket's, 0600 or 0660 */
    bool set_uid, set_gid;
    uid_t uid;
    gid_t gid;
    const char *host; /* TCP: an address or a host name; NULL: every address */
    uint16_t port;    /* 0: any free one, see proxy_listener_port */
};

struct proxy_timeouts {
    uint64_t head;       /* a request head, from its first byte (or from the connect) */
    uint64_t body;       /* a judged body, from its head; also the rest of a denied one */
    uint64_t budget;     /* waiting for room in body_bytes */
    uint64_t connect;    /* to the engine */
    uint64_t lookup;     /* all that the engine is asked about one request */
    uint64_t request;    /* the engine's response head, where the route has a deadline */
    uint64_t keep_alive; /* between requests of a client */
    uint64_t drain;      /* for exchanges under way once proxy_drain was called */
    uint64_t idle;       /* of a connection to the engine that nobody uses */
};

struct proxy_limits {
    size_t connections; /* clients at a time; more are told so. 0: no limit */
    size_t tunnels;     /* raw streams at a time; a request for more is told so. 0: no limit */
    size_t body_bytes;  /* judged bodies being held, all together; at least the largest one */
};

enum exchange_end {
    EXCHANGE_ANSWERED,    /* the whole answer was handed to the client's connection */
    EXCHANGE_CLIENT_GONE, /* the client left before it was whole */
    EXCHANGE_CUT,         /* the engine broke off in the middle of its answer */
    EXCHANGE_SHUT,        /* the drain's time was over */
};

/* One exchange, told when it has ended. Everything is borrowed for the call. */
struct exchange_report {
    enum exchange_end end;
    enum method method;        /* METHOD_NONE when no head could be read */
    struct str path;           /* decoded and cleaned, with the version prefix; may be empty */
    struct str normal;         /* the same without the prefix */
    const struct route *route; /* NULL when it was not looked for */
    struct str request_id;
    struct str client_request_id; /* the client's own X-Request-Id; p NULL when absent */
    const char *listener;
    const struct peer *peer;
    const struct decision *decision; /* NULL when the policy was not asked */
    enum refusal refusal;  /* why the answer is ours and not the engine's; REFUSAL_NONE: it is the
                              engine's, or a local endpoint's */
    const char *detail;    /* what was wrong with the engine's answer, in words, or NULL */
    bool local;            /* answered by a local endpoint */
    uint16_t status;       /* sent to the client; 0: none was */
    uint64_t bytes;        /* of the answer's body (as sent, chunk framing included) */
    uint64_t microseconds; /* from the head's arrival to the end */
};

enum proxy_event {
    PROXY_ACCEPT_PAUSED,   /* descriptors or memory are used up; tried again soon */
    PROXY_ACCEPT_RESUMED,  /* the first client after that */
    PROXY_LISTENER_FAILED, /* it accepts no more; code is a negative errno */
    PROXY_UPSTREAM_UNREACHABLE,
    PROXY_UPSTREAM_REACHED, /* the first time after it was not */
};

/* What a worker tells, on its own thread. Any function may be NULL. None may start or end a
 * proxy. */
struct proxy_observer {
    void (*on_exchange)(void *arg, const struct exchange_report *r);
    /* d: what the policy has just said of a request that it looks into, at once after */
    void (*on_judged)(void *arg, const struct decision *d);
    /* name: the listener's, or the upstream's socket */
    void (*on_event)(void *arg, enum proxy_event e, const char *name, int code);
    void *arg;
};

/* Gives a local endpoint's answer: at once, from inside `ask`, or later, once. */
typedef void proxy_answer_fn(void *answer_arg, uint16_t status, struct str json);

/* Endpoints of our own (health), looked for before rules, for GET only. path is decoded
 * but not cleaned, and has its version prefix. */
struct proxy_local {
    bool (*matches)(void *arg, struct str path);
    void (*ask)(void *arg, struct str path, proxy_answer_fn *answer, void *answer_arg);
    void (*forget)(void *arg, void *answer_arg); /* the client has gone: do not answer */
    void *arg;
};

/* What one worker works with, all of it its own. */
struct proxy_worker {
    uv_loop_t *loop;
    struct policy *policy;
    const struct proxy_observer *observer; /* may be NULL */
    const struct proxy_local *local;       /* may be NULL */
};

/* Whatever is pointed to is borrowed until proxy_free; the rest is copied. */
struct proxy_options {
    const struct proxy_worker *workers;
    size_t n_workers;
    const char *upstream_socket;
    const struct proxy_listener *listeners;
    size_t n_listeners;
    struct proxy_timeouts timeouts;
    struct proxy_limits limits;
    const char *const *host_names; /* that a Host on TCP may carry, beside localhost and IPs */
    size_t n_host_names;
};

/* The reference's values, and ours where it has none. */
extern const struct proxy_timeouts proxy_default_timeouts;
extern const struct proxy_limits proxy_default_limits;

/* Binds all listeners, and only when all are bound starts to serve. RC_OK, RC_NOMEM or
 * RC_SYSTEM with the reason; nothing is left behind then. */
int proxy_start(struct proxy **out, const struct proxy_options *o, struct err *err);

typedef void proxy_drained_fn(void *arg);

/* Stops accepting, lets exchanges finish, closes the rest after timeouts.drain (0: at
 * once). done is called when the last handle has closed, never from inside this call. */
void proxy_drain(struct proxy *p, proxy_drained_fn *done, void *arg);

/* Only when proxy_drain's done has been called (also from inside it). NULL is fine. */
void proxy_free(struct proxy *p);

enum listener_state {
    LISTENER_STOPPED,
    LISTENER_BOUND,
    LISTENER_SERVING,
    LISTENER_DRAINING,
    LISTENER_FAILED,
};

/* This one from any thread. */
enum listener_state proxy_listener_state(const struct proxy *p, size_t i);
uint16_t proxy_listener_port(const struct proxy *p, size_t i); /* 0 for a unix socket */

/* Of all workers together. */
struct proxy_counts {
    size_t clients;
    size_t exchanges;
    size_t upstreams; /* connections to the engine, idle ones included */
    size_t upstreams_idle;
    size_t body_bytes; /* held now */
};
struct proxy_counts proxy_count(const struct proxy *p);

#endif

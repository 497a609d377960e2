/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/client.h"

#include "proxy/exchange.h"
#include "proxy/owner.h"
#include "proxy/peer.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

/* KEPT: a stash that grew beyond this gives its memory back. TRIM: glibc keeps what a
 * crowd of connections used unless it is told. */
enum { STASH_KEPT = 4096, TRIM_FROM = 256 };

void client_close(struct client *c)
{
    deadline_disarm(&c->deadline);
    stream_close(&c->stream);
}

/* Nothing more will be answered. Ends when the client ends, or soon. */
static void linger(struct client *c)
{
    c->lingering = true;
    if (!c->running) /* else its bytes are in use further up */
        buf_release(&c->stash);
    stream_finish(&c->stream);
    if (c->stream.ended && c->stream.unsent == 0) {
        client_close(c);
        return;
    }
    stream_resume(&c->stream);
    struct worker *w = c->worker;
    deadline_arm(c->stream.unsent ? &w->keep_alive : &w->linger, &c->deadline);
}

void client_done(struct client *c, bool close)
{
    c->exchange = NULL;
    c->served = true;
    if (close) {
        linger(c);
        return;
    }
    deadline_arm(&c->worker->keep_alive, &c->deadline);
    client_wake(c);
}

/* One head from the front of bytes, begun as an exchange. Returns how many bytes it took;
 * 0: the head is not whole yet. */
static size_t take_head(struct client *c, struct str bytes)
{
    const size_t n = head_length(bytes, c->searched);
    c->searched = 0;
    if (n && n <= HEAD_BYTES_MAX) {
        deadline_disarm(&c->deadline);
        exchange_begin(c, (struct str){bytes.p, n});
        return n;
    }
    if (n || bytes.n >= HEAD_BYTES_MAX) {
        exchange_begin_refused(c, REFUSAL_HEAD_TOO_LARGE);
        return bytes.n;
    }
    c->searched = bytes.n;
    if (c->deadline.in != &c->worker->head)
        deadline_arm(&c->worker->head, &c->deadline);
    return 0;
}

/* One step forward; 0: nothing can be taken now. A client that does not read its answers
 * gets no more of them. */
static size_t take(struct client *c, struct str bytes)
{
    if (c->lingering || c->stream.closing)
        return bytes.n;
    if (c->exchange)
        return exchange_wants(c->exchange) ? exchange_feed(c->exchange, bytes) : 0;
    return c->stream.unsent ? 0 : take_head(c, bytes);
}

/* A client that is not read, or that has nothing more to say, cannot tell that it goes. */
static void watch(struct client *c)
{
    struct deadline_class *in = &c->worker->watch;
    if (c->exchange && (c->stream.paused || c->stream.ended) && c->deadline.in != in)
        deadline_arm(in, &c->deadline);
}

static void set_reading(struct client *c)
{
    const bool blocked = c->exchange && exchange_blocks(c->exchange);
    const bool full = c->stash.len >= EARLY_MAX && (c->exchange || c->stream.unsent);
    if (blocked || full)
        stream_pause(&c->stream);
    else
        stream_resume(&c->stream);
}

/* The client has ended: what its request lacks will not come. */
static void starve(struct client *c)
{
    if (c->stream.ended && c->exchange && !c->stash.len && !exchange_has_request(c->exchange))
        exchange_starved(c->exchange);
}

/* After a run: what is left waits; a client that ended and waits for nothing goes. */
static void rest(struct client *c, struct str left, bool from_stash, size_t used)
{
    if (c->stream.closing || c->lingering) {
        buf_release(&c->stash);
        return;
    }
    if (from_stash)
        buf_consume(&c->stash, used);
    else if (left.n && buf_append(&c->stash, left)) {
        if (c->exchange)
            exchange_cut(c->exchange, EXCHANGE_CLIENT_GONE);
        else
            client_close(c);
        return;
    }
    if (c->stash.len == 0 && c->stash.cap > STASH_KEPT)
        buf_release(&c->stash);
    if (c->stream.ended && !c->exchange && !c->stream.unsent) {
        client_close(c);
        return;
    }
    starve(c);
    set_reading(c);
    watch(c);
}

/* Takes as much as can be taken of the stash, or of fresh bytes when the stash is empty. */
static void run(struct client *c, struct str fresh)
{
    c->running = true;
    bool from_stash = c->stash.len > 0;
    if (from_stash && fresh.n && buf_append(&c->stash, fresh)) {
        c->running = false;
        if (c->exchange)
            exchange_cut(c->exchange, EXCHANGE_CLIENT_GONE);
        else
            client_close(c);
        return;
    }
    const struct str bytes = from_stash ? buf_str(&c->stash) : fresh;
    size_t used = 0;
    while (used < bytes.n) {
        const bool busy = c->exchange != NULL;
        const size_t n = take(c, str_skip(bytes, used));
        if (n == 0 && !(busy && !c->exchange)) /* one that ended leaves the rest to the next */
            break;
        used += n;
    }
    if (c->exchange)
        exchange_flush(c->exchange);
    c->running = false;
    rest(c, str_skip(bytes, used), from_stash, used);
}

void client_wake(struct client *c)
{
    if (!c->running && !c->stream.closing && !c->lingering)
        run(c, (struct str){"", 0});
}

static void on_read(struct stream *s, struct str bytes)
{
    struct client *c = OWNER(s, struct client, stream);
    if (!c->lingering)
        run(c, bytes);
}

static void on_end(struct stream *s, int status)
{
    struct client *c = OWNER(s, struct client, stream);
    if (c->lingering || !c->exchange) {
        if (!s->unsent || status != UV_EOF)
            client_close(c);
        return;
    }
    if (status != UV_EOF || exchange_is_abandoned(c->exchange)) {
        exchange_cut(c->exchange, EXCHANGE_CLIENT_GONE);
        return;
    }
    starve(c);
    watch(c);
}

static void on_drain(struct stream *s)
{
    struct client *c = OWNER(s, struct client, stream);
    if (c->lingering) {
        if (s->ended)
            client_close(c);
        else
            deadline_arm(&c->worker->linger, &c->deadline);
        return;
    }
    if (c->exchange)
        exchange_client_drained(c->exchange);
    client_wake(c);
}

static void on_broken(struct stream *s)
{
    struct client *c = OWNER(s, struct client, stream);
    if (c->exchange)
        exchange_cut(c->exchange, EXCHANGE_CLIENT_GONE);
    else
        client_close(c);
}

static void forget(struct worker *w)
{
    if (atomic_fetch_sub(&w->n_clients, 1) == 1 && w->most_clients >= TRIM_FROM) {
        w->most_clients = 0;
        (void)malloc_trim(0);
    }
    w->on_change(w);
}

static void on_closed(struct stream *s)
{
    struct client *c = OWNER(s, struct client, stream);
    struct worker *w = c->worker;
    if (c->prev)
        c->prev->next = c->next;
    else
        w->clients = c->next;
    if (c->next)
        c->next->prev = c->prev;
    buf_release(&c->stash);
    free(c);
    forget(w);
}

static const struct stream_events events = {on_read, on_end, on_drain, on_broken, on_closed};

static struct client *client_new(struct worker *w, struct arrival a)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->worker = w;
    c->listener = a.listener;
    c->next = w->clients;
    if (c->next)
        c->next->prev = c;
    w->clients = c;
    const size_t now = atomic_load_explicit(&w->n_clients, memory_order_relaxed);
    if (now > w->most_clients)
        w->most_clients = now;
    reader_init(&c->reader, READER_REQUESTS);
    buf_init(&c->stash, HEAD_BYTES_MAX + STREAM_INPUT);
    peer_read(&c->peer, a.fd, listener_is_tcp(a.listener));
    return c;
}

void client_open(struct worker *w, struct arrival a)
{
    struct client *c = client_new(w, a);
    if (!c) {
        close(a.fd);
        forget(w);
        return;
    }
    if (stream_open(&c->stream, w->loop, a.fd, listener_is_tcp(a.listener), w->input, &events))
        return;
    if (a.surplus)
        exchange_begin_refused(c, REFUSAL_TOO_MANY);
    else
        deadline_arm(&w->head, &c->deadline);
}

void client_shut(struct client *c, bool force)
{
    if (force && c->exchange)
        exchange_cut(c->exchange, EXCHANGE_SHUT);
    else if (force)
        client_close(c);
    else if (c->exchange)
        exchange_close_after(c->exchange);
    else if (c->served && c->stash.len == 0 && !c->lingering)
        linger(c);
}

void client_on_head_due(struct deadline_entry *e)
{
    struct client *c = OWNER(e, struct client, deadline);
    if (c->stash.len)
        exchange_begin_refused(c, REFUSAL_HEAD_TIMEOUT);
    else
        client_close(c);
}

void client_on_close_due(struct deadline_entry *e)
{
    client_close(OWNER(e, struct client, deadline));
}

void client_on_watch_due(struct deadline_entry *e)
{
    struct client *c = OWNER(e, struct client, deadline);
    if (c->exchange && exchange_is_abandoned(c->exchange))
        exchange_cut(c->exchange, EXCHANGE_CLIENT_GONE);
    else
        watch(c);
}

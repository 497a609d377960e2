/* stream.h - one connection's bytes, whatever carries them.
 *
 * Owns the descriptor and its libuv handle; embedded in its owner, whose memory may go in
 * on_closed and not before. Reads go into one buffer that all streams of a loop share, so
 * on_read must be done with the bytes when it returns. Writes are tried at once; only what
 * the kernel did not take is copied and queued. Reading is on from the start and pauses
 * only when the owner says so.
 */
#ifndef SOCKGUARD_PROXY_STREAM_H
#define SOCKGUARD_PROXY_STREAM_H

#include "base/str.h"

#include <uv.h>

enum { STREAM_INPUT = 64 * 1024 };

struct stream;

/* All on the loop. None is called after stream_close but on_closed. */
struct stream_events {
    void (*on_read)(struct stream *s, struct str bytes);
    /* No more bytes will come: UV_EOF, or the error. Once. Writing may still work. */
    void (*on_end)(struct stream *s, int status);
    /* The queued rest has gone. */
    void (*on_drain)(struct stream *s);
    /* A queued write has failed: nothing more can be sent. */
    void (*on_broken)(struct stream *s);
    void (*on_closed)(struct stream *s);
};

struct stream {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    } uv;
    const struct stream_events *events; /* static */
    char *input;                        /* STREAM_INPUT bytes, borrowed from the worker */
    size_t unsent;                      /* bytes queued */
    bool tcp;
    bool paused;
    bool ended;     /* on_end was called */
    bool broken;    /* writing has failed */
    bool finishing; /* half-close once nothing is unsent */
    bool closing;
};

/* Takes the descriptor, which is non-blocking, and starts to read. On failure (negative uv
 * code) the descriptor is closed and on_closed will follow all the same. */
int stream_open(struct stream *s, uv_loop_t *loop, int fd, bool tcp, char *input,
                const struct stream_events *events);

/* Sends the bytes of n bufs (borrowed for the call, changed by it), in order, in one system
 * call where the kernel takes them. 0: all sent or queued, see `unsent`; negative: nothing
 * more can be sent; `*sent_none` (may be NULL) says whether not one byte of these went. */
int stream_write(struct stream *s, uv_buf_t *bufs, unsigned n, bool *sent_none);

void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Tells the peer that nothing more will come, once the queue is empty. Reading goes on. */
void stream_finish(struct stream *s);

/* True when the peer has gone, as far as the kernel knows, also while reading is paused: a
 * unix socket whose peer has closed and not only half-closed, a TCP connection that was
 * reset. A TCP peer that closed cannot be told from one that half-closed. */
bool stream_hung_up(const struct stream *s);

/* From anywhere, any number of times. Queued bytes are lost. */
void stream_close(struct stream *s);

#endif

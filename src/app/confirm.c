/* SPDX-License-Identifier: Apache-2.0 */
#include "app/confirm.h"

#include "app/dial.h"
#include "http/emit.h"

#include <errno.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024 * 1024 };

/* More bytes behind what in holds; false when there are none, or too many. */
static bool receive(int fd, struct buf *in)
{
    char piece[8192];
    const ssize_t n = recv(fd, piece, sizeof piece, 0);
    return n > 0 && buf_append(in, (struct str){piece, (size_t)n}) == RC_OK;
}

static bool receive_head(int fd, struct reader *r, struct buf *in, struct head *out)
{
    size_t n, seen = 0;
    while ((n = head_length(buf_str(in), seen)) == 0) {
        seen = in->len;
        if (!receive(fd, in))
            return false;
    }
    return head_read(r, (struct str){in->data, n}, METHOD_GET, out) == REFUSAL_NONE;
}

static bool receive_body(int fd, struct reader *r, struct buf *in, struct buf *body)
{
    for (;;) {
        size_t used = 0;
        struct str data = {"", 0};
        const enum frame_step step = frame_read(r, buf_str(in), &used, &data);
        if (step == FRAME_DONE)
            return true;
        if (step == FRAME_BAD || buf_append(body, data))
            return false;
        buf_consume(in, used);
        if (step == FRAME_MORE && !receive(fd, in))
            return false;
    }
}

/* What the engine answers to the question, the body's bytes in *body. */
static struct fact ask(int fd, const char *path, struct buf *in, struct buf *body)
{
    struct reader reader;
    struct head head;
    struct fact answer = {.kind = FACT_FAILED};
    reader_init(&reader, READER_RESPONSES);
    if (emit_lookup(in, str_of(path), STR("0")) || !dial_send(fd, buf_str(in)))
        return answer;
    buf_clear(in);
    if (!receive_head(fd, &reader, in, &head))
        return answer;
    answer.status = head.status;
    buf_consume(in, head_length(buf_str(in), 0));
    if (receive_body(fd, &reader, in, body))
        answer.kind = FACT_ANSWER;
    answer.body = buf_str(body);
    return answer;
}

int confirm_own(const char *upstream_socket, struct policy *p, struct err *err)
{
    struct lookup lookup;
    if (!policy_own_lookup(p, &lookup))
        return err_set(err, RC_INVALID, "nobody knows the name of sockguard's own container");
    const int fd = dial_unix(upstream_socket);
    if (fd < 0)
        return err_set(err, RC_SYSTEM, "%s: %s", upstream_socket, strerror(errno));
    struct buf in, body;
    buf_init(&in, ANSWER_MAX);
    buf_init(&body, ANSWER_MAX);
    const struct fact answer = ask(fd, lookup.path, &in, &body);
    const int rc = policy_own_told(p, &answer, err);
    buf_release(&in);
    buf_release(&body);
    (void)close(fd);
    return rc;
}

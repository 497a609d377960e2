/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/edited.h"

#include "http/emit.h"
#include "proxy/client.h"
#include "proxy/gather.h"
#include "proxy/owner.h"
#include "proxy/upstream.h"

bool edited_begins(const struct exchange *ex)
{
    const uint16_t status = ex->worker->response.status;
    return ex->edits && status >= 200 && status < 300 && status != 204 && status != 205;
}

static void refuse(struct exchange *ex, const char *why)
{
    ex->detail = why;
    exchange_refuse(ex, REFUSAL_RESPONSE_REJECTED);
}

/* Ends the head that waits in ex->out; it goes with the next write. */
static bool tell_head(struct exchange *ex, struct emit_body body, struct gather *g)
{
    if (emit_response_end(&ex->out, body, ex->close)) {
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
        return false;
    }
    ex->status = ex->answered;
    exchange_enter_response(ex, RESPONSE_FLOWING);
    gather_start(g, buf_str(&ex->out));
    return true;
}

/* Sends what there is as a part of an answer of unknown length. */
static bool flow(struct exchange *ex)
{
    struct gather g;
    gather_start(&g, STR(""));
    if (ex->response == RESPONSE_EDITED) {
        ex->close |= ex->old_client;
        if (!tell_head(
                ex, (struct emit_body){ex->old_client ? FRAMING_TO_CLOSE : FRAMING_CHUNKED, 0}, &g))
            return false;
    }
    const struct str bytes = buf_str(&ex->edited);
    if (bytes.n && ex->old_client)
        gather_add(&g, bytes);
    else if (bytes.n)
        gather_chunk(&g, bytes);
    if (!exchange_send(ex, &g))
        return false;
    ex->sent += bytes.n;
    buf_clear(&ex->edited);
    return true;
}

static bool edit(struct exchange *ex, struct str data, bool last)
{
    const int rc = edit_feed(&ex->edit, data, last, &ex->edited);
    if (rc == RC_OK)
        return true;
    refuse(ex, rc == RC_INVALID ? ex->edit.why : "no memory for editing it");
    return false;
}

/* All that is to be sent on is in ex->edited. */
static void send_rest(struct exchange *ex, bool excess)
{
    struct gather g;
    if (ex->response == RESPONSE_EDITED) {
        const struct str bytes = buf_str(&ex->edited);
        if (!tell_head(ex, (struct emit_body){FRAMING_LENGTH, bytes.n}, &g))
            return;
        gather_add(&g, bytes);
        ex->sent = bytes.n;
    } else {
        if (!flow(ex))
            return;
        gather_start(&g, ex->old_client ? STR("") : STR("0\r\n\r\n"));
    }
    if (exchange_send(ex, &g))
        exchange_answered(ex, excess);
}

/* Steps over a whole body. */
static enum frame_step read_frames(struct exchange *ex, struct str bytes)
{
    enum frame_step step = FRAME_DATA;
    while (step == FRAME_DATA) {
        size_t used = 0;
        struct str data;
        step = frame_read(&ex->upstream->reader, bytes, &used, &data);
        bytes = str_skip(bytes, used);
    }
    return step;
}

/* The body is in bytes, as a whole, and is the last one again: sends what became of that. */
static bool repeat(struct exchange *ex, const struct head *h, struct str bytes)
{
    if (h->framing == FRAMING_LENGTH ? h->length != bytes.n : h->framing != FRAMING_CHUNKED)
        return false;
    const struct str before =
        repeated_find(&ex->worker->repeated, ex->edits, ex->reader, h->framing, bytes);
    if (!before.p || buf_append(&ex->edited, before))
        return false;
    if (read_frames(ex, bytes) == FRAME_DONE)
        send_rest(ex, false);
    else
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
    return true;
}

/* begins: with what framing the body begins in bytes; FRAMING_NONE: it has begun before. */
static void take_body(struct exchange *ex, enum framing begins, struct str bytes)
{
    size_t total = 0;
    enum frame_step step = FRAME_DATA;
    while (step == FRAME_DATA) {
        size_t used = 0;
        struct str data = {"", 0};
        step = frame_read(&ex->upstream->reader, str_skip(bytes, total), &used, &data);
        total += used;
        if (data.n && !edit(ex, data, false))
            return;
        if (ex->edited.len > EDITED_GATHERED_MAX && !flow(ex))
            return;
    }
    if (step == FRAME_BAD) {
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
    } else if (step == FRAME_DONE) {
        if (!edit(ex, STR(""), true))
            return;
        if (begins && total == bytes.n && ex->response == RESPONSE_EDITED)
            repeated_keep(&ex->worker->repeated, ex->edits, ex->reader, begins, bytes,
                          buf_str(&ex->edited));
        send_rest(ex, total < bytes.n);
    } else if ((ex->response != RESPONSE_FLOWING || ex->edited.len == 0 || flow(ex)) &&
               ex->client->stream.unsent) {
        stream_pause(&ex->upstream->stream);
    }
}

void edited_heard(struct exchange *ex, struct str bytes)
{
    take_body(ex, FRAMING_NONE, bytes);
}

void edited_open(struct exchange *ex, struct str bytes)
{
    const struct head *h = &ex->worker->response;
    const struct str coding = head_field(h, FIELD_CONTENT_ENCODING);
    if (coding.n && !str_eq_nocase(coding, STR("identity"))) {
        refuse(ex, "the engine's answer has a content coding");
        return;
    }
    buf_clear(&ex->out);
    buf_clear(&ex->edited);
    if (emit_response_start(&ex->out, h, exchange_id(ex))) {
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
        return;
    }
    ex->answered = h->status;
    edit_start(&ex->edit, ex->edits, ex->reader);
    exchange_enter_response(ex, RESPONSE_EDITED);
    if (edit_plan_is_stream(ex->edits) ? flow(ex) : !repeat(ex, h, bytes))
        take_body(ex, h->framing, bytes);
}

void edited_upstream_ended(struct exchange *ex, int status)
{
    if (!ex->to_close || status != UV_EOF)
        exchange_refuse(ex, REFUSAL_UPSTREAM_BROKEN);
    else if (edit(ex, STR(""), true))
        send_rest(ex, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/edit_plan.h"

#include "base/fold.h"
#include "http/edit_text.h"

enum { KEY_MAX = 6 * EDIT_NAME_MAX + 2 }; /* a longer key is no member of a plan */

static const char shape_fault[] = "a value of another kind than the engine's answer has there";

static int refuse(struct edit *e, const char *why)
{
    e->why = why;
    return RC_INVALID;
}

static inline const struct edit_node *node_at(const struct edit *e, uint16_t number)
{
    return &e->plan->nodes[number];
}

/* The piece under way: bytes from `base` on are at p. */
struct window {
    const char *p;
    size_t base;
    size_t end;
    struct buf *out; /* borrowed */
};

/* Sends on what stands before `to` and has not been dealt with; part of it may be held. */
static int copy_to(struct edit *e, const struct window *w, size_t to)
{
    int rc = RC_OK;
    if (e->copied < w->base && e->copied < to) { /* what is held begins with the token */
        const char *const held = e->held.data + (e->copied - e->tokens.token.start);
        const size_t n = (to < w->base ? to : w->base) - e->copied;
        rc = buf_append(w->out, (struct str){held, n});
        e->copied += n;
    }
    if (!rc && e->copied < to) {
        rc = buf_append(w->out, (struct str){w->p + (e->copied - w->base), to - e->copied});
        e->copied = to;
    }
    return rc;
}

/* How much of the token has been read. */
static size_t token_length(const struct edit *e)
{
    return e->tokens.offset - e->tokens.token.start;
}

/* The token as far as it has been read, at most EDIT_HELD_MAX bytes of it: from the piece, or from
 * what is held and the piece, which are put together then. */
static int token_text(struct edit *e, const struct window *w, struct str *text)
{
    const size_t start = e->tokens.token.start;
    text->n = token_length(e) < EDIT_HELD_MAX ? token_length(e) : EDIT_HELD_MAX;
    if (start >= w->base) {
        text->p = w->p + (start - w->base);
        return RC_OK;
    }
    const int rc = buf_append(&e->held, (struct str){w->p, text->n - e->held.len});
    text->p = e->held.data;
    return rc;
}

/* The name is that of the member, as a decoder finds it. */
static bool is_name_folded(struct str name, struct str inner, bool escaped)
{
    char plain[KEY_MAX];
    if (escaped)
        inner = (struct str){plain, token_unescape(inner, plain)};
    return str_same_folded(name, inner);
}

/* Which member of the record has that name; 0: none. */
static uint16_t find_member(const struct edit_node *nodes, const struct edit_node *record,
                            struct str inner, const struct token *token)
{
    if (token->escaped || !token->ascii) {
        if (inner.n > KEY_MAX)
            return 0;
        for (uint16_t i = record->first; i; i = nodes[i].next)
            if (is_name_folded(nodes[i].name, inner, token->escaped))
                return i;
        return 0;
    }
    if (!(record->lengths >> inner.n % 64 & 1))
        return 0;
    for (uint16_t i = record->first; i; i = nodes[i].next)
        if (nodes[i].name.n == inner.n &&
            (memcmp(nodes[i].name.p, inner.p, inner.n) == 0 || str_eq_nocase(nodes[i].name, inner)))
            return i;
    return 0;
}

/* A member of the record under way begins: which node its value has. */
static void note_member(struct edit *e, struct str inner)
{
    const struct edit_node *const nodes = e->plan->nodes;
    const struct edit_node *const record = &nodes[e->frames[e->n_frames - 1].node];
    const uint16_t member = find_member(nodes, record, inner, &e->tokens.token);
    e->pending = member ? member : record->any;
    if (member && nodes[member].kind == EDIT_LIST)
        e->frames[e->n_frames - 1].seen |= (uint8_t)(1u << nodes[member].bit);
    e->frames[e->n_frames - 1].filled = true;
}

static int take_key(struct edit *e, const struct window *w)
{
    struct str text;
    const int rc = token_text(e, w, &text);
    if (rc)
        return rc;
    /* what is longer than any name is cut, and is none */
    note_member(e, (struct str){text.p + 1, text.n - 2});
    return RC_OK;
}

/* The node of the value that has just begun; 0: nothing in it is edited. */
static uint16_t take_node(struct edit *e)
{
    if (e->n_frames == 0)
        return EDIT_ROOT;
    const uint16_t node = e->frames[e->n_frames - 1].node;
    return e->frames[e->n_frames - 1].list ? node_at(e, node)->item : e->pending;
}

static int enter(struct edit *e, uint16_t number, enum token_kind kind)
{
    const bool list = kind == TOKEN_ARRAY;
    if (list != (node_at(e, number)->item != 0))
        return refuse(e, shape_fault);
    e->skipping = false;
    e->frames[e->n_frames].node = number;
    e->frames[e->n_frames].seen = 0;
    e->frames[e->n_frames].list = list;
    e->frames[e->n_frames].filled = false;
    e->n_frames++;
    return RC_OK;
}

/* Puts text in the place of the value whose token is under way. */
static int replace(struct edit *e, const struct window *w, struct str text)
{
    const int rc = copy_to(e, w, e->tokens.token.start);
    e->dropping = true;
    return rc ? rc : buf_append(w->out, text);
}

/* What stands for a value of that kind; p NULL: it stays. */
static struct str stand_in(const struct edit *e, enum edit_kind edit, enum token_kind kind)
{
    static const struct str mark = {"\"<redacted>\"", 12};
    if (edit == EDIT_LIST)
        return STR("[]");
    if (kind == TOKEN_NULL)
        return (struct str){NULL, 0};
    if (edit == EDIT_MARK)
        return mark;
    if (edit == EDIT_BYTES)
        return e->reader >= EDIT_READER_BYTES ? STR("\"PHJlZGFjdGVkPg==\"") : mark;
    if (edit == EDIT_ADDRESS)
        return e->reader >= EDIT_READER_ADDRESSES ? STR("\"\"") : mark;
    switch (kind) {
    case TOKEN_OBJECT:
        return STR("{}");
    case TOKEN_ARRAY:
        return STR("[]");
    case TOKEN_NUMBER:
        return STR("0");
    case TOKEN_STRING:
        return mark;
    default:
        return (struct str){NULL, 0};
    }
}

/* A text whose edit depends on what it says. It has ended, or is longer than what is held. */
static int edit_text(struct edit *e, const struct window *w, enum edit_kind edit)
{
    struct str text;
    const int rc = token_text(e, w, &text);
    if (rc)
        return rc;
    const bool whole = e->tokens.token.kind == TOKEN_STRING && token_length(e) <= EDIT_HELD_MAX;
    const struct str inner = {text.p + 1, text.n - 1 - whole};
    char out[EDIT_TEXT_ROOM];
    size_t n;
    if (!edit_text_changes(e->plan, edit, (enum edit_reader)e->reader, inner, whole, out, &n))
        return RC_OK;
    int failed = replace(e, w, STR("\""));
    failed = failed ? failed : buf_append_json(w->out, (struct str){out, n});
    return failed ? failed : buf_append(w->out, STR("\""));
}

static int edit_value(struct edit *e, const struct window *w, const struct edit_node *node,
                      enum token_kind kind)
{
    const enum edit_kind edit = (enum edit_kind)node->kind;
    if (edit > EDIT_ADDRESS && kind == TOKEN_STRING)
        return edit_text(e, w, edit);
    if (edit > EDIT_ADDRESS && (kind != TOKEN_NULL || node->is_item))
        return refuse(e, shape_fault);
    const struct str text = stand_in(e, edit, kind);
    return text.p ? replace(e, w, text) : RC_OK;
}

/* A value begins (a record or a list), or is there as a whole. */
static int begin_value(struct edit *e, const struct window *w, enum token_kind kind)
{
    const uint16_t number = take_node(e);
    const struct edit_node *node = node_at(e, number);
    const bool opens = kind == TOKEN_OBJECT || kind == TOKEN_ARRAY;
    e->skipping = opens;
    if (number == 0 || e->decided)
        return RC_OK;
    if (node->kind)
        return edit_value(e, w, node, kind);
    if (opens)
        return enter(e, number, kind);
    return kind == TOKEN_NULL && !node->loose ? RC_OK : refuse(e, shape_fault);
}

/* The value at hand has ended. */
static void end_value(struct edit *e)
{
    if (e->dropping)
        e->copied = e->tokens.offset;
    e->dropping = e->decided = false;
}

/* What a record lacks is added in front of its brace. */
static int leave(struct edit *e, const struct window *w)
{
    const uint8_t seen = e->frames[e->n_frames - 1].seen;
    const struct edit_node *record = node_at(e, e->frames[e->n_frames - 1].node);
    bool filled = e->frames[e->n_frames - 1].filled;
    const uint8_t lacking = record->lists & (uint8_t)~seen;
    int rc = lacking ? copy_to(e, w, e->tokens.token.start) : RC_OK;
    for (uint16_t i = record->first; i && lacking && !rc; i = node_at(e, i)->next) {
        const struct edit_node *member = node_at(e, i);
        if (member->kind != EDIT_LIST || !(lacking >> member->bit & 1))
            continue;
        rc = buf_append(w->out, filled ? STR(",\"") : STR("\""));
        rc = rc ? rc : buf_append(w->out, member->name);
        rc = rc ? rc : buf_append(w->out, STR("\":[]"));
        filled = true;
    }
    e->n_frames--;
    end_value(e);
    return rc;
}

/* A piece ends inside of a token that must be known whole: its bytes are held. */
static int hold(struct edit *e, const struct window *w)
{
    const size_t start = e->tokens.token.start;
    if (start >= w->base)
        buf_clear(&e->held);
    const size_t from = start > w->base ? start : w->base;
    const size_t room = EDIT_HELD_MAX - e->held.len;
    const size_t n = w->end - from < room ? w->end - from : room;
    return buf_append(&e->held, (struct str){w->p + (from - w->base), n});
}

/* The piece is used up, and no token under way needs more of the text to be known. */
static int pass_piece(struct edit *e, const struct window *w)
{
    if (!e->dropping)
        return copy_to(e, w, w->end);
    e->copied = w->end;
    return RC_OK;
}

static int end_piece(struct edit *e, const struct window *w)
{
    const enum token_kind kind = token_under_way(&e->tokens);
    if (kind == TOKEN_MORE || e->skipping || e->decided)
        return pass_piece(e, w);
    if (kind == TOKEN_KEY) {
        const int rc = copy_to(e, w, w->end);
        return rc ? rc : hold(e, w);
    }
    const struct edit_node *node = node_at(e, take_node(e));
    if (node->kind == EDIT_NONE)
        return pass_piece(e, w);
    if (token_length(e) < EDIT_HELD_MAX) {
        const int rc = copy_to(e, w, e->tokens.token.start);
        return rc ? rc : hold(e, w);
    }
    const int rc = edit_value(e, w, node, kind);
    e->decided = true;
    return rc ? rc : pass_piece(e, w);
}

/* A token of a record or list that leads on to edited values. */
static int take_token(struct edit *e, const struct window *w, enum token_kind kind)
{
    int rc;
    switch (kind) {
    case TOKEN_KEY:
        rc = take_key(e, w);
        break;
    case TOKEN_OBJECT_END:
    case TOKEN_ARRAY_END:
        rc = leave(e, w);
        break;
    default:
        rc = begin_value(e, w, kind);
        if (!e->skipping && kind != TOKEN_OBJECT && kind != TOKEN_ARRAY)
            end_value(e);
    }
    if (e->copied < w->base && !rc) /* what was held and stays */
        rc = copy_to(e, w, e->tokens.offset);
    return rc;
}

static int take_end(struct edit *e, const struct window *w, enum token_kind kind)
{
    return kind == TOKEN_END ? copy_to(e, w, w->end) : refuse(e, token_fault(&e->tokens));
}

void edit_start(struct edit *e, const struct edit_plan *plan, enum edit_reader reader)
{
    struct buf held = e->held;
    buf_clear(&held);
    held.max = EDIT_HELD_MAX;
    *e = (struct edit){.plan = plan, .reader = (uint8_t)reader, .why = "", .held = held};
    e->tokens.takes_nul = true;
    e->tokens.many = plan->many;
}

void edit_release(struct edit *e)
{
    buf_release(&e->held);
}

/* What is not looked into: the rest of a record or list that is passed or dropped as a whole, or
 * the value of a member that no plan names. */
static inline bool is_of_no_interest(const struct edit *e)
{
    return e->skipping || (e->tokens.token.kind == TOKEN_KEY && e->pending == 0);
}

/* Reads on to the end of that. TOKEN_MORE: the piece is used up; or a no. */
static enum token_kind skip(struct edit *e, struct str rest, bool last)
{
    const enum token_kind kind = token_read_value(&e->tokens, rest, last, e->n_frames);
    e->skipping = kind == TOKEN_MORE && e->tokens.depth > e->n_frames;
    if (kind < TOKEN_END && kind != TOKEN_MORE)
        end_value(e);
    return kind;
}

/* Members of the record under way, as long as they can be read at once. True: there were some. */
static bool take_members(struct edit *e, const struct window *w, int *rc)
{
    const size_t before = e->tokens.offset;
    enum token_member found = TOKEN_MEMBER_WHOLE;
    while (found == TOKEN_MEMBER_WHOLE && *rc == RC_OK) {
        const size_t used = e->tokens.offset - w->base;
        struct str name;
        found = token_read_member(&e->tokens, (struct str){w->p + used, w->end - w->base - used},
                                  &name);
        if (found != TOKEN_MEMBER_OTHER)
            note_member(e, name);
        if (found == TOKEN_MEMBER_WHOLE && e->pending) {
            *rc = begin_value(e, w, e->tokens.token.kind);
            end_value(e);
        }
    }
    return e->tokens.offset != before;
}

static inline bool in_record(const struct edit *e)
{
    return e->n_frames && !e->frames[e->n_frames - 1].list;
}

int edit_feed(struct edit *e, struct str piece, bool last, struct buf *out)
{
    const struct window w = {piece.p, e->tokens.offset, e->tokens.offset + piece.n, out};
    int rc = RC_OK;
    while (rc == RC_OK) {
        const size_t used = e->tokens.offset - w.base;
        const struct str rest = {piece.p + used, piece.n - used};
        const bool skips = is_of_no_interest(e);
        if (!skips && in_record(e) && take_members(e, &w, &rc))
            continue;
        const enum token_kind kind =
            skips ? skip(e, rest, last) : token_read(&e->tokens, rest, last);
        if (kind == TOKEN_MORE)
            return end_piece(e, &w);
        if (kind >= TOKEN_END)
            return take_end(e, &w, kind);
        if (!skips)
            rc = take_token(e, &w, kind);
    }
    return rc;
}

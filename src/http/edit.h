/* edit.h - rewrites values of a JSON text while it flows by.
 *
 * A plan names the values as paths of members; an editor walks the text with token.h and appends
 * to a buffer what is to be sent on. Every byte outside of the named values stays as it is: the
 * order of members, spaces, escapes, digits. The text comes in any pieces; what an editor keeps
 * between two of them is bounded (EDIT_HELD_MAX), whatever the text's size.
 *
 * It fails closed: a text that is no JSON, or has something else than a record or a list on the
 * way to a value that a plan names, is refused, and nothing more of it may be sent. Member names
 * are found as a client's decoder may find them: equal, or equal under simple case folding, after
 * their escapes are resolved; of a repeated member each one is edited.
 */
#ifndef SOCKGUARD_HTTP_EDIT_H
#define SOCKGUARD_HTTP_EDIT_H

#include "base/buf.h"
#include "http/token.h"

/* Who reads the text: how its types take what stands for a hidden value. */
enum edit_reader {
    EDIT_READER_ANY,       /* nobody knows: the mark is a text */
    EDIT_READER_BYTES,     /* decodes base64 */
    EDIT_READER_ADDRESSES, /* and parses addresses */
};

/* What becomes of a value. null stays null but for EDIT_LIST. */
enum edit_kind {
    EDIT_NONE,    /* it is on the way to others */
    EDIT_MARK,    /* anything becomes "<redacted>" */
    EDIT_EMPTY,   /* the empty one of its kind: "<redacted>", 0, [] or {}; true and false stay */
    EDIT_LIST,    /* anything, null too, becomes []; where the record lacks it, it is added */
    EDIT_BYTES,   /* anything becomes "<redacted>", in base64 where that is decoded */
    EDIT_ADDRESS, /* anything becomes "<redacted>", or "" where addresses are parsed */
    EDIT_HOST,    /* the same, but the addresses that mean any or this host stay */
    EDIT_OPTION,  /* a text that is an address, or holds one or a path of the host: "<redacted>" */
    EDIT_BIND,    /* source of a bind string: only an absolute one becomes "<redacted>" */
    EDIT_VALUE,   /* NAME=value becomes NAME=<redacted>; without `=` "<redacted>" */
    EDIT_NAMED,   /* the same, where the plan's `hides` says so of NAME */
    EDIT_EXEC,    /* the event "exec_create: command" becomes "exec_create: <redacted>" */
};

enum {
    EDIT_HELD_MAX = 16 * 1024, /* of one text that is looked into; a longer one is replaced */
    EDIT_DEPTH_MAX = 12,       /* records and lists on the way to a value */
    EDIT_NODES_MAX = 512,      /* of a plan */
    EDIT_NAME_MAX = 64,        /* of a member that a plan names */
};

struct edit_plan;

/* An empty plan; NULL without memory. Texts given to it are borrowed until edit_plan_free.
 * many: the text is any number of values one after the other (a stream of events). */
struct edit_plan *edit_plan_new(bool many);
void edit_plan_free(struct edit_plan *p); /* NULL is fine */

/* path: names with dots between them; "*" is any member, "[]" behind a name (or in front of all)
 * each element: "[].Mounts[].Source". Up to EDIT_ADDRESS they are for any value, the others for
 * texts. RC_OK, RC_NOMEM, RC_TOOBIG; RC_INVALID: a path that leads through what another one
 * edits or reads otherwise. */
int edit_plan_add(struct edit_plan *p, struct str path, enum edit_kind kind);
bool edit_plan_is_empty(const struct edit_plan *p);
bool edit_plan_is_stream(const struct edit_plan *p); /* many */

/* For EDIT_NAMED: whether the value of that name is hidden. Without it each one is. */
typedef bool edit_hides_fn(const void *arg, struct str name);
void edit_plan_hide(struct edit_plan *p, edit_hides_fn *hides, const void *arg);

/* One text under way. Zeroed is fine for edit_release. */
struct edit {
    const struct edit_plan *plan;
    struct tokenizer tokens;
    size_t copied;    /* bytes of the text that have been dealt with */
    const char *why;  /* after a refusal: what was wrong; a constant */
    struct buf held;  /* of the token that a piece ended in, from its start */
    uint16_t pending; /* the node of the value that comes next */
    uint8_t n_frames;
    uint8_t reader; /* enum edit_reader */
    bool skipping;  /* inside of a record or list that is passed or dropped as a whole */
    bool dropping;  /* the value under way is not sent on */
    bool decided;   /* the text under way has been dealt with before its end */
    struct {
        uint16_t node;
        uint8_t seen; /* the EDIT_LIST members that are there, a bit each */
        bool list;
        bool filled; /* it has a member */
    } frames[EDIT_DEPTH_MAX];
};

void edit_start(struct edit *e, const struct edit_plan *plan, enum edit_reader reader);
void edit_release(struct edit *e);

/* Appends to out what can be sent on after this piece; out may not hold it. last: the text ends
 * with it. RC_OK; RC_INVALID: refused, and `why` says so; RC_NOMEM or RC_TOOBIG of out. After
 * anything but RC_OK it is not called again. */
int edit_feed(struct edit *e, struct str piece, bool last, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include "http/target.h"

enum shape { SHAPE_FIXED, SHAPE_MANY, SHAPE_ONE, SHAPE_PAIR, SHAPE_TREE };

enum flag { TCP = 1, WEBSOCKET = 2, H2C = 4, HIJACK = TCP | WEBSOCKET | H2C, QUERY = 8 };

struct row {
    struct route one;  /* the id is one segment, or there is none */
    struct route many; /* the id has a slash */
    enum shape shape;
    struct str head; /* before the id */
    struct str tail; /* behind it */
};

#define FIXED(method, head, tail, ...) R(FIXED, method, head, tail, head tail, __VA_ARGS__)
#define MANY(method, head, tail, ...) R(MANY, method, head, tail, head "/{id}" tail, __VA_ARGS__)
#define ONE(method, head, tail, ...) R(ONE, method, head, tail, head "/{id}" tail, __VA_ARGS__)
#define PAIR(method, head, tail, ...)                                                              \
    R(PAIR, method, head, tail, head "/{id}" tail "/{sub}", __VA_ARGS__)
#define TREE(method, head, tail, ...) R(TREE, method, head, tail, head tail "/...", __VA_ARGS__)

#define UPGRADE(flags)                                                                             \
    ((flags)&TCP ? "tcp" : (flags)&WEBSOCKET ? "websocket" : (flags)&H2C ? "h2c" : "")

#define ROUTE(method_, path_, surface_, body_, deadline_, flags_, query_, many_)                   \
    {                                                                                              \
        .method = METHOD_##method_, .surface = SURFACE_##surface_, .body = BODY_##body_,           \
        .deadline = DEADLINE_##deadline_, .hijack = ((flags_)&HIJACK) != 0,                        \
        .upgrade = UPGRADE(flags_), .judges_query = ((flags_)&QUERY) != 0,                         \
        .many_segments = (many_), .path = (path_), .query = (query_),                              \
    }

static const struct row rows[] = {
#define GROUP(name, segment)
#define R(shape_, method, head_, tail_, path, surface, body, deadline, flags, query)               \
    {.one = ROUTE(method, path, surface, body, deadline, flags, query, false),                     \
     .many = ROUTE(method, path, surface, body, deadline, flags, query,                            \
                   SURFACE_##surface != SURFACE_NONE || ((flags)&HIJACK) != 0),                    \
     .shape = SHAPE_##shape_,                                                                      \
     .head = {head_, sizeof(head_) - 1},                                                           \
     .tail = {tail_, sizeof(tail_) - 1}},
#include "http/routes.def"
#undef R
#undef GROUP
};

/* Where each group starts: GROUP takes an enumerator without using up a number. */
enum group_start {
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define GROUP(name, segment) GROUP_##name, GROUP_##name##_REWIND = GROUP_##name - 1,
#define R(...) CAT(ROW_AT_LINE_, __LINE__),
#include "http/routes.def"
#undef R
#undef GROUP
    ROW_COUNT,
};

_Static_assert(sizeof rows / sizeof rows[0] == ROW_COUNT, "a row and its number differ");

static const struct group {
    struct str segment;
    size_t start; /* it ends where the next one starts */
} groups[] = {
#define GROUP(name, segment_) {{segment_, sizeof(segment_) - 1}, GROUP_##name},
#define R(...)
#include "http/routes.def"
#undef R
#undef GROUP
    {{"", 0}, ROW_COUNT},
};

enum { GROUP_COUNT = sizeof groups / sizeof groups[0] - 1 };

static const struct route unknown = {.path = "other", .query = "", .upgrade = ""};

/* The engine answers it at any path and reads nothing. */
static const struct route options = {
    .method = METHOD_OPTIONS, .path = "/{any}", .query = "", .upgrade = "", .body = BODY_NONE};

/* The engine takes any run of digits and dots (Podman also letters) for a version and
 * serves what stands behind it; for us it is part of the path, so no rule and no
 * inspector looked at what would be served. */
static const struct route odd_version = {
    .path = "/{version}/...", .query = "", .upgrade = "", .many_segments = true};

static bool is_version_byte(char c)
{
    const char lower = ascii_lower(c);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '.' || c == '-';
}

static bool has_odd_version(struct str path, struct str segment)
{
    if (segment.n < 2 || segment.p[0] != 'v' || path.n == segment.n + 1)
        return false;
    if (segment.p[1] != '.' && !(segment.p[1] >= '0' && segment.p[1] <= '9'))
        return false;
    for (size_t i = 2; i < segment.n; i++)
        if (!is_version_byte(segment.p[i]))
            return false;
    /* A second prefix of the usual form: the engine takes one only, as we do. */
    return target_version_length(path) == 0;
}

enum fit { FIT_NONE, FIT_ONE, FIT_MANY };

static bool ends_with(struct str s, struct str tail)
{
    return s.n >= tail.n && str_eq(str_skip(s, s.n - tail.n), tail);
}

static bool has_slash(struct str s)
{
    return s.n && memchr(s.p, '/', s.n);
}

/* rest: what is behind the head and its slash. */
static enum fit pair_fit(const struct row *row, struct str rest)
{
    const char *slash = memchr(rest.p, '/', rest.n);
    if (!slash || slash == rest.p)
        return FIT_NONE;
    rest = str_skip(rest, (size_t)(slash - rest.p));
    if (!str_starts(rest, row->tail))
        return FIT_NONE;
    rest = str_skip(rest, row->tail.n);
    const bool one = rest.n > 1 && rest.p[0] == '/' && !has_slash(str_skip(rest, 1));
    return one ? FIT_ONE : FIT_NONE;
}

static enum fit row_fit(const struct row *row, struct str path)
{
    if (!str_starts(path, row->head))
        return FIT_NONE;
    struct str rest = str_skip(path, row->head.n);
    if (row->shape == SHAPE_FIXED)
        return str_eq(rest, row->tail) ? FIT_ONE : FIT_NONE;
    if (row->shape == SHAPE_TREE)
        return rest.n == 0 || rest.p[0] == '/' ? FIT_ONE : FIT_NONE;
    if (rest.n < 2 || rest.p[0] != '/')
        return FIT_NONE;
    rest = str_skip(rest, 1);
    if (row->shape == SHAPE_PAIR)
        return pair_fit(row, rest);
    if (rest.n <= row->tail.n || !ends_with(rest, row->tail))
        return FIT_NONE;
    const struct str id = {rest.p, rest.n - row->tail.n};
    if (!has_slash(id))
        return FIT_ONE;
    /* Where the engine takes one segment, two are a 404 there; what we judge is refused
     * all the same, because other engines differ. */
    return row->shape == SHAPE_MANY || row->many.many_segments ? FIT_MANY : FIT_NONE;
}

static struct str first_segment(struct str path)
{
    struct str s = str_skip(path, 1);
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (slash)
        s.n = (size_t)(slash - s.p);
    return s;
}

const struct route *route_find(enum method m, struct str normal)
{
    if (m == METHOD_OPTIONS)
        return &options;
    const struct str segment = first_segment(normal);
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        if (!str_eq(groups[g].segment, segment))
            continue;
        for (size_t i = groups[g].start; i < groups[g + 1].start; i++) {
            const struct row *row = &rows[i];
            const enum fit fit = row->one.method == m ? row_fit(row, normal) : FIT_NONE;
            if (fit)
                return fit == FIT_MANY ? &row->many : &row->one;
        }
        return &unknown;
    }
    return has_odd_version(normal, segment) ? &odd_version : &unknown;
}

size_t route_count(void)
{
    return ROW_COUNT;
}

size_t route_number(const struct route *r)
{
    const uintptr_t at = (uintptr_t)r, first = (uintptr_t)rows;
    return at < first || at >= first + sizeof rows ? 0 : (at - first) / sizeof rows[0] + 1;
}

size_t route_number_of(struct str method, struct str path)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (str_eq(method_name(rows[i].one.method), method) &&
            str_eq(str_of(rows[i].one.path), path))
            return i + 1;
    return 0;
}

bool route_streams_at_once(const struct route *r, const struct head *h)
{
    return r->hijack && r->surface == SURFACE_NONE && r->body == BODY_UNREAD &&
           h->framing == FRAMING_CHUNKED;
}

struct str route_upgrade(const struct route *r, const struct head *h)
{
    const struct str wanted = head_field(h, FIELD_UPGRADE);
    const struct str known = str_of(r->upgrade);
    const bool named = h->upgrade || str_eq(known, STR("tcp"));
    return named && h->minor > 0 && known.n && str_eq_nocase(wanted, known) ? wanted : STR("");
}

bool route_knows_query(const struct route *r, struct str key)
{
    struct str keys = str_of(r->query);
    while (keys.n) {
        const char *space = memchr(keys.p, ' ', keys.n);
        const struct str word = {keys.p, space ? (size_t)(space - keys.p) : keys.n};
        if (str_eq(word, key))
            return true;
        keys = str_skip(keys, word.n + 1);
    }
    return false;
}

struct str surface_name(enum surface s)
{
    static const struct str names[] = {
#define X(name, text) [SURFACE_##name] = {text, sizeof(text) - 1},
        SURFACES(X)
#undef X
    };
    return names[s];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OUT_MAX = 1 << 22 };

struct line {
    const char *path;
    enum edit_kind kind;
};

static struct edit_plan *plan_of(const struct line *lines, bool many)
{
    struct edit_plan *p = edit_plan_new(many);
    assert_non_null(p);
    for (; lines->path; lines++)
        assert_int_equal(edit_plan_add(p, str_of(lines->path), lines->kind), RC_OK);
    return p;
}

/* Feeds a piece as a copy of its own, so that a read past it is seen by the sanitizer. */
static int feed(struct edit *e, struct str piece, bool last, struct buf *out)
{
    char *copy = malloc(piece.n ? piece.n : 1);
    assert_non_null(copy);
    memcpy(copy, piece.p, piece.n);
    const int rc = edit_feed(e, (struct str){copy, piece.n}, last, out);
    free(copy);
    return rc;
}

/* In pieces of `first` bytes and then of `step`. */
static int edit_in_pieces(const struct edit_plan *p, struct str text, size_t first, size_t step,
                          enum edit_reader reader, struct buf *out)
{
    struct edit e = {0};
    int rc = RC_OK;
    size_t n = first;
    edit_start(&e, p, reader);
    buf_clear(out);
    for (;; n = step) {
        const bool last = n >= text.n;
        rc = feed(&e, (struct str){text.p, last ? text.n : n}, last, out);
        if (rc || last)
            break;
        text = str_skip(text, n);
    }
    edit_release(&e);
    return rc;
}

/* The same whatever the pieces are; NULL: it is refused. */
static void expect_edit(const struct edit_plan *p, struct str text, const char *expected,
                        enum edit_reader reader)
{
    struct buf out;
    buf_init(&out, OUT_MAX);
    const size_t steps[] = {1, 2, 7, text.n + 1};
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        for (size_t first = 0; first <= (text.n < 200 ? text.n : 0); first++) {
            const int rc = edit_in_pieces(p, text, first, steps[s], reader, &out);
            if (rc != (expected ? RC_OK : RC_INVALID))
                print_error("%.*s\n", (int)text.n, text.p);
            assert_int_equal(rc, expected ? RC_OK : RC_INVALID);
            if (expected) {
                assert_int_equal(out.len, strlen(expected));
                assert_memory_equal(out.data, expected, out.len);
            }
        }
    }
    buf_release(&out);
}

static const struct line container[] = {
    {"Config.Env", EDIT_LIST},
    {"Mounts[].Source", EDIT_MARK},
    {"HostConfig.Binds[]", EDIT_BIND},
    {"HostConfig.MaskedPaths", EDIT_EMPTY},
    {"NetworkSettings.IPAddress", EDIT_ADDRESS},
    {"NetworkSettings.IPPrefixLen", EDIT_EMPTY},
    {"NetworkSettings.Networks.*.Gateway", EDIT_ADDRESS},
    {"Ports[].IP", EDIT_HOST},
    {"Options.*", EDIT_OPTION},
    {"Data", EDIT_BYTES},
    {"Settings.Env[]", EDIT_VALUE},
    {NULL, EDIT_NONE},
};

struct sample {
    const char *before, *after; /* after NULL: refused */
};

static void replaces_what_the_plan_names(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"{}", "{}"},
        {" { \"X\" : [1, 2.50e3, true] } \n", " { \"X\" : [1, 2.50e3, true] } \n"},
        {"{\"Memory\":9007199254740993}", "{\"Memory\":9007199254740993}"},
        {"{\"Config\":{\"Env\":[\"A=1\",{\"x\":[]}],\"Image\":\"a\"}}",
         "{\"Config\":{\"Env\":[],\"Image\":\"a\"}}"},
        {"{\"Config\":{\"Env\":null}}", "{\"Config\":{\"Env\":[]}}"},
        {"{\"Config\":{ \"Image\" : \"a\" } }", "{\"Config\":{ \"Image\" : \"a\" ,\"Env\":[]} }"},
        {"{\"Config\":{}}", "{\"Config\":{\"Env\":[]}}"},
        {"{\"Config\":null}", "{\"Config\":null}"},
        {"{\"config\":{\"eNV\":[1]}}", "{\"config\":{\"eNV\":[]}}"},
        {"{\"Con\\u0066ig\":{\"\\u0045nv\":[1]}}", "{\"Con\\u0066ig\":{\"\\u0045nv\":[]}}"},
        {"{\"Mount\xc5\xbf\":[{\"\xc5\xbfource\":\"/a\"}]}",
         "{\"Mount\xc5\xbf\":[{\"\xc5\xbfource\":\"<redacted>\"}]}"},
        {"{\"Mounts\":[{\"Source\":\"/a\"},{\"Source\":null},{\"Source\":{\"a\":[{}]}},{}]}",
         "{\"Mounts\":[{\"Source\":\"<redacted>\"},{\"Source\":null},"
         "{\"Source\":\"<redacted>\"},{}]}"},
        {"{\"Mounts\":[{\"Source\":\"/a\",\"Source\":\"/b\"}]}",
         "{\"Mounts\":[{\"Source\":\"<redacted>\",\"Source\":\"<redacted>\"}]}"},
        {"{\"Labels\":{\"Mounts\":[{\"Source\":\"/a\"}],\"x\":\"\\u0000\"}}",
         "{\"Labels\":{\"Mounts\":[{\"Source\":\"/a\"}],\"x\":\"\\u0000\"}}"},
        {"{\"HostConfig\":{\"MaskedPaths\":[\"/proc\"],\"Binds\":null}}",
         "{\"HostConfig\":{\"MaskedPaths\":[],\"Binds\":null}}"},
        {"{\"HostConfig\":{\"Binds\":[\"/a:/b:ro\",\"vol:/b\",\"C:\\\\Users\\\\me:/w\",\"c:/a:/b\","
         "\"\\\\\\\\srv\\\\share:/s\",\"relative/x:/y\",\"/only\",\"\\u002fa:\\/b\"]}}",
         "{\"HostConfig\":{\"Binds\":[\"\\u003credacted\\u003e:/b:ro\",\"vol:/b\","
         "\"\\u003credacted\\u003e:/w\",\"\\u003credacted\\u003e:/b\",\"\\u003credacted\\u003e:/"
         "s\","
         "\"relative/x:/y\",\"\\u003credacted\\u003e\",\"\\u003credacted\\u003e:/b\"]}}"},
        {"{\"NetworkSettings\":{\"IPAddress\":\"172.17.0.2\",\"IPPrefixLen\":16,\"Networks\":"
         "{\"a.b\":{\"Gateway\":\"1.2.3.4\",\"Links\":null}}}}",
         "{\"NetworkSettings\":{\"IPAddress\":\"<redacted>\",\"IPPrefixLen\":0,\"Networks\":"
         "{\"a.b\":{\"Gateway\":\"<redacted>\",\"Links\":null}}}}"},
        {"{\"NetworkSettings\":{\"IPPrefixLen\":\"24\"}}",
         "{\"NetworkSettings\":{\"IPPrefixLen\":\"<redacted>\"}}"},
        {"{\"Ports\":[{\"IP\":\"0.0.0.0\"},{\"IP\":\"::\"},{\"IP\":\"10.1.2.3\"},{\"IP\":null}]}",
         "{\"Ports\":[{\"IP\":\"0.0.0.0\"},{\"IP\":\"::\"},{\"IP\":\"\\u003credacted\\u003e\"},"
         "{\"IP\":null}]}"},
        {"{\"Options\":{\"type\":\"nfs\",\"device\":\":/x\",\"o\":\"addr=h\",\"h\":\"10.1.2.3\","
         "\"n\":null}}",
         "{\"Options\":{\"type\":\"nfs\",\"device\":\"\\u003credacted\\u003e\","
         "\"o\":\"\\u003credacted\\u003e\",\"h\":\"\\u003credacted\\u003e\",\"n\":null}}"},
        {"{\"Settings\":{\"Env\":[\"A=1=2\",\"FLAG\",\"=\"]}}",
         "{\"Settings\":{\"Env\":[\"A=\\u003credacted\\u003e\",\"\\u003credacted\\u003e\","
         "\"=\\u003credacted\\u003e\"]}}"},
        /* other shapes than the engine's, and what is no JSON */
        {"null", NULL},
        {"[]", NULL},
        {"\"x\"", NULL},
        {"", NULL},
        {"{", NULL},
        {"{\"a\":1}}", NULL},
        {"{\"a\":1} {}", NULL},
        {"{\"a\":\"\xff\"}", NULL},
        {"{\"Config\":\"x\"}", NULL},
        {"{\"Config\":[]}", NULL},
        {"{\"Mounts\":{}}", NULL},
        {"{\"Mounts\":[\"x\"]}", NULL},
        {"{\"HostConfig\":{\"Binds\":[1]}}", NULL},
        {"{\"HostConfig\":{\"Binds\":[null]}}", NULL},
        {"{\"HostConfig\":{\"Binds\":\"/a:/b\"}}", NULL},
        {"{\"NetworkSettings\":{\"Networks\":{\"a\":null}}}", NULL},
        {"{\"Options\":{\"o\":{}}}", NULL},
    };
    struct edit_plan *p = plan_of(container, false);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        expect_edit(p, str_of(samples[i].before), samples[i].after, EDIT_READER_ANY);
    edit_plan_free(p);
}

static void leaves_addresses_empty_for_clients_that_parse_them(void **state)
{
    (void)state;
    struct edit_plan *p = plan_of(container, false);
    expect_edit(p,
                STR("{\"NetworkSettings\":{\"IPAddress\":\"10.0.0.2\"},\"Ports\":[{\"IP\":\"::1\"},"
                    "{\"IP\":\"fd00::1\"}],\"Mounts\":[{\"Source\":\"/a\"}]}"),
                "{\"NetworkSettings\":{\"IPAddress\":\"\"},\"Ports\":[{\"IP\":\"::1\"},"
                "{\"IP\":\"\"}],\"Mounts\":[{\"Source\":\"<redacted>\"}]}",
                EDIT_READER_ADDRESSES);
    edit_plan_free(p);
}

static void writes_base64_for_clients_that_decode_it(void **state)
{
    (void)state;
    struct edit_plan *p = plan_of(container, false);
    const struct str text = STR("{\"Data\":\"Z2VoZWlt\"}");
    expect_edit(p, text, "{\"Data\":\"<redacted>\"}", EDIT_READER_ANY);
    expect_edit(p, text, "{\"Data\":\"PHJlZGFjdGVkPg==\"}", EDIT_READER_BYTES);
    expect_edit(p, text, "{\"Data\":\"PHJlZGFjdGVkPg==\"}", EDIT_READER_ADDRESSES);
    edit_plan_free(p);
}

static bool hides_passwords(const void *arg, struct str name)
{
    return str_eq(name, str_of(arg));
}

static void hides_named_variables_only(void **state)
{
    (void)state;
    static const struct line lines[] = {{"Env[]", EDIT_NAMED}, {NULL, EDIT_NONE}};
    struct edit_plan *p = plan_of(lines, false);
    edit_plan_hide(p, hides_passwords, "PASSWORD");
    expect_edit(
        p, STR("{\"Env\":[\"PASSWORD=a\",\"HOST=b\",\"PASSWOR\\u0044\\u003dx\",\"PASSWORD\"]}"),
        "{\"Env\":[\"PASSWORD=\\u003credacted\\u003e\",\"HOST=b\","
        "\"PASSWORD=\\u003credacted\\u003e\",\"\\u003credacted\\u003e\"]}",
        false);
    edit_plan_free(p);
}

static void edits_a_stream_of_values(void **state)
{
    (void)state;
    static const struct line lines[] = {{"Action", EDIT_EXEC}, {NULL, EDIT_NONE}};
    struct edit_plan *p = plan_of(lines, true);
    expect_edit(p, STR(""), "", EDIT_READER_ANY);
    expect_edit(p,
                STR("{\"Action\":\"exec_create: sh -c x\"}\n{\"Action\":\"start\"}"
                    "{\"Action\":\"health_status: healthy\"}\r\n\n"),
                "{\"Action\":\"exec_create: \\u003credacted\\u003e\"}\n{\"Action\":\"start\"}"
                "{\"Action\":\"health_status: healthy\"}\r\n\n",
                false);
    expect_edit(p, STR("\x1e{\"Action\":\"start\"}\n\x1e{\"a\":[1]}\n"),
                "\x1e{\"Action\":\"start\"}\n\x1e{\"a\":[1]}\n", EDIT_READER_ANY);
    expect_edit(p, STR("{\"Action\":\x1e\"start\"}"), NULL, EDIT_READER_ANY);
    expect_edit(p, STR("{\"Action\":\"start\"}\n[]"), NULL, EDIT_READER_ANY);
    expect_edit(p, STR("{\"Action\":\"start\"}\n{"), NULL, EDIT_READER_ANY);
    edit_plan_free(p);
}

/* What is kept of a long text is bounded; the text is hidden then, wherever pieces end. */
static void hides_what_is_too_long_to_look_into(void **state)
{
    (void)state;
    enum { LONG = EDIT_HELD_MAX + 100 };
    static char before[2 * LONG];
    static char expected[2 * LONG];
    struct edit_plan *p = plan_of(container, false);
    for (size_t n = EDIT_HELD_MAX - 20; n < EDIT_HELD_MAX + 4; n++) {
        char filler[LONG + 1];
        memset(filler, 'x', n);
        filler[n] = '\0';
        const size_t raw = n + strlen("\"vol:/\"");
        (void)snprintf(before, sizeof before,
                       "{\"HostConfig\":{\"Binds\":[\"vol:/%s\",\"data:/b\"]}}", filler);
        if (raw <= EDIT_HELD_MAX)
            (void)snprintf(expected, sizeof expected, "%s", before);
        else
            (void)snprintf(expected, sizeof expected,
                           "{\"HostConfig\":{\"Binds\":[\"\\u003credacted\\u003e\",\"data:/b\"]}}");
        expect_edit(p, str_of(before), expected, EDIT_READER_ANY);
    }
    edit_plan_free(p);
}

static void refuses_plans_that_contradict_themselves(void **state)
{
    (void)state;
    struct edit_plan *p = edit_plan_new(false);
    assert_true(edit_plan_is_empty(p));
    assert_int_equal(edit_plan_add(p, STR("A.B"), EDIT_MARK), RC_OK);
    assert_false(edit_plan_is_empty(p));
    assert_int_equal(edit_plan_add(p, STR("A.B"), EDIT_MARK), RC_OK);
    assert_int_equal(edit_plan_add(p, STR("A.B"), EDIT_EMPTY), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR("A"), EDIT_MARK), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR("A.B.C"), EDIT_MARK), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR("A[]"), EDIT_MARK), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR("A..B"), EDIT_MARK), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR(""), EDIT_MARK), RC_INVALID);
    assert_int_equal(edit_plan_add(p, STR("a.b.c.d.e.f.g.h.i.j.k.l.m"), EDIT_MARK), RC_TOOBIG);
    edit_plan_free(p);
    edit_plan_free(NULL);
}

/* The slow, obviously right editor: it has the whole text, asks of each value for its path as a
 * text, and knows no pieces, nodes or tokens. Its texts have no escapes but in names. */
struct reference {
    const char *p;
    const struct line *lines;
    char out[1 << 16];
    size_t n;
    bool bad;
};

static void ref_put(struct reference *r, const char *text, size_t n)
{
    assert_true(r->n + n < sizeof r->out);
    memcpy(r->out + r->n, text, n);
    r->n += n;
}

static void ref_spaces(struct reference *r, bool copy)
{
    for (; *r->p == ' '; r->p++)
        if (copy)
            ref_put(r, r->p, 1);
}

/* Whether a path is a pattern, or (prefix) on the way to what it names. */
static bool ref_is(const char *pattern, const char *path, bool prefix)
{
    while (*pattern && *path) {
        if (*pattern == '*' && *path != '.' && *path != '[') {
            pattern++;
            path += strcspn(path, ".[");
        } else if (ascii_lower(*pattern++) != *path++) {
            return false;
        }
    }
    return prefix ? !*path && (*pattern == '.' || *pattern == '[') : !*path && !*pattern;
}

static const struct line *ref_find(const struct reference *r, const char *path, bool prefix)
{
    for (const struct line *l = r->lines; l->path; l++)
        if (ref_is(l->path, path, prefix))
            return l;
    return NULL;
}

static void ref_value(struct reference *r, const char *path, bool loose);

/* The name at p, its \u00XX resolved, in lower case. */
static void ref_name(struct reference *r, char *name)
{
    const char *const start = r->p++;
    for (; *r->p != '"'; r->p++) {
        unsigned code = (unsigned char)*r->p;
        if (*r->p == '\\') {
            char digits[5] = {r->p[2], r->p[3], r->p[4], r->p[5], 0};
            code = (unsigned)strtoul(digits, NULL, 16);
            r->p += 5;
        }
        *name++ = ascii_lower((char)code);
    }
    *name = '\0';
    r->p++;
    ref_put(r, start, (size_t)(r->p - start));
}

static void ref_add_lists(struct reference *r, const char *path, const char *seen, bool filled)
{
    for (const struct line *l = r->lines; l->path; l++) {
        const char *name = strrchr(l->path, '.');
        if (l->kind != EDIT_LIST || !name)
            continue;
        char parent[64] = "";
        char needle[64], text[80];
        memcpy(parent, l->path, (size_t)(name - l->path));
        (void)snprintf(needle, sizeof needle, " %s ", name + 1);
        for (char *c = needle; *c; c++)
            *c = ascii_lower(*c);
        if (!ref_is(parent, path, false) || strstr(seen, needle))
            continue;
        const int n = snprintf(text, sizeof text, "%s\"%s\":[]", filled ? "," : "", name + 1);
        ref_put(r, text, (size_t)n);
        filled = true;
    }
}

static void ref_object(struct reference *r, const char *path)
{
    char seen[4096] = " ", name[64], inner[256];
    bool filled = false;
    ref_put(r, r->p++, 1);
    for (;;) {
        ref_spaces(r, true);
        if (*r->p == '}')
            break;
        if (*r->p == ',') {
            ref_put(r, r->p++, 1);
            continue;
        }
        ref_name(r, name);
        filled = true;
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ", name);
        (void)snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", name);
        ref_spaces(r, true);
        ref_put(r, r->p++, 1); /* : */
        ref_value(r, inner, false);
    }
    ref_add_lists(r, path, seen, filled);
    ref_put(r, r->p++, 1);
}

static void ref_array(struct reference *r, const char *path)
{
    char inner[256];
    (void)snprintf(inner, sizeof inner, "%s[]", path);
    ref_put(r, r->p++, 1);
    for (;;) {
        ref_spaces(r, true);
        if (*r->p == ']')
            break;
        if (*r->p == ',')
            ref_put(r, r->p++, 1);
        else
            ref_value(r, inner, true);
    }
    ref_put(r, r->p++, 1);
}

/* Steps over a value; what it is. */
static char ref_skip(struct reference *r)
{
    const char first = *r->p;
    int depth = 0;
    do {
        if (*r->p == '"')
            for (r->p++; *r->p != '"'; r->p++)
                ;
        depth += (*r->p == '{' || *r->p == '[') - (*r->p == '}' || *r->p == ']');
        r->p++;
    } while (depth ||
             (first != '{' && first != '[' && first != '"' && *r->p && !strchr(",]} ", *r->p)));
    return first;
}

static void ref_edit(struct reference *r, enum edit_kind kind)
{
    const char *const start = r->p;
    const char first = ref_skip(r);
    const bool stays = first == 'n' || (kind == EDIT_EMPTY && (first == 't' || first == 'f'));
    const char *colon = memchr(start, ':', (size_t)(r->p - start));
    if (kind == EDIT_LIST) {
        ref_put(r, "[]", 2);
    } else if (kind == EDIT_BIND && first != '"') {
        r->bad = true;
    } else if (stays || (kind == EDIT_BIND && start[1] != '/')) {
        ref_put(r, start, (size_t)(r->p - start));
    } else if (kind == EDIT_BIND) {
        ref_put(r, "\"\\u003credacted\\u003e", 21);
        colon = colon ? colon : r->p - 1;
        ref_put(r, colon, (size_t)(r->p - colon));
    } else if (kind == EDIT_EMPTY && first != '"') {
        ref_put(r,
                first == '{'   ? "{}"
                : first == '[' ? "[]"
                               : "0",
                first == '{' || first == '[' ? 2 : 1);
    } else {
        ref_put(r, "\"<redacted>\"", 12);
    }
}

static void ref_value(struct reference *r, const char *path, bool loose)
{
    ref_spaces(r, true);
    const struct line *edit = ref_find(r, path, false);
    const struct line *way = ref_find(r, path, true);
    if (edit) {
        ref_edit(r, edit->kind);
        return;
    }
    if (way) {
        const char after = way->path[0] && *path ? way->path[strlen(path)] : way->path[0];
        const char wanted = after == '[' ? '[' : '{';
        if (*r->p == 'n' ? loose : *r->p != wanted)
            r->bad = true;
    }
    const char *const start = r->p;
    if (*r->p == '{') {
        ref_object(r, path);
    } else if (*r->p == '[') {
        ref_array(r, path);
    } else {
        (void)ref_skip(r);
        ref_put(r, start, (size_t)(r->p - start));
    }
}

/* Random documents over the names that the plan below uses, and some others. */
static const struct line lettered[] = {
    {"a.b", EDIT_LIST},     {"a.c[].d", EDIT_MARK}, {"a.e[]", EDIT_BIND},    {"b", EDIT_EMPTY},
    {"c[].a.b", EDIT_MARK}, {"c[].d", EDIT_LIST},   {"d.a.b.c", EDIT_EMPTY}, {NULL, EDIT_NONE},
};

static uint64_t seed = 88172645463325252u;

static unsigned dice(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % sides);
}

static void grow(char *out, size_t room, int depth);

static void add_text(char *out, size_t room, const char *text)
{
    const size_t n = strlen(out);
    assert_true(n + strlen(text) < room);
    memcpy(out + n, text, strlen(text) + 1);
}

static void add_name(char *out, size_t room)
{
    static const char *const names[] = {"a", "b",       "c",       "d",       "e",         "A", "B",
                                        "C", "\\u0061", "\\u0062", "\\u0043", "long name", "f"};
    add_text(out, room, "\"");
    add_text(out, room, names[dice(sizeof names / sizeof names[0])]);
    add_text(out, room, dice(5) ? "\":" : "\" : ");
}

static void grow_members(char *out, size_t room, int depth, bool named)
{
    for (unsigned n = dice(4), i = 0; i < n; i++) {
        add_text(out, room, i ? (dice(4) ? "," : " , ") : "");
        if (named)
            add_name(out, room);
        grow(out, room, depth - 1);
    }
}

static void grow(char *out, size_t room, int depth)
{
    static const char *const leaves[] = {
        "null", "true",      "false",      "0",      "12345678901234567890", "-1.5e-3",
        "\"\"", "\"/a:/b\"", "\"vol:/b\"", "\"/x\"", "\"some text\""};
    const unsigned what = depth > 0 ? dice(3) : 2;
    if (strlen(out) > 2000 || what == 2) {
        add_text(out, room, leaves[dice(sizeof leaves / sizeof leaves[0])]);
        return;
    }
    add_text(out, room, what ? "[" : "{");
    grow_members(out, room, depth, !what);
    add_text(out, room, what ? "]" : "}");
}

/* Most random documents have another shape than the plan; these mostly have it. */
static void grow_root(char *out, size_t room)
{
    out[0] = '\0';
    add_text(out, room, "{");
    for (unsigned n = dice(4), i = 0; i < n; i++) {
        static const char *const heads[] = {"\"a\":{",        "\"b\":",          "\"c\":[{",
                                            "\"d\":{\"a\":{", "\"a\":{\"c\":[{", "\"a\":{\"e\":["};
        static const char *const tails[] = {"}", "", "}]", "}}", "}]}", "]}"};
        const unsigned k = dice(6);
        add_text(out, room, i ? "," : "");
        add_text(out, room, heads[k]);
        if (k == 1)
            grow(out, room, 4);
        else
            grow_members(out, room, 4, k != 5);
        add_text(out, room, tails[k]);
    }
    add_text(out, room, "}");
}

static void edits_random_documents_as_the_slow_editor_does(void **state)
{
    (void)state;
    static char text[1 << 16];
    static struct reference r;
    unsigned accepted = 0, refused = 0;
    struct edit_plan *p = plan_of(lettered, false);
    for (int round = 0; round < 3000; round++) {
        grow_root(text, sizeof text);
        memset(&r, 0, sizeof r);
        r.p = text;
        r.lines = lettered;
        ref_value(&r, "", true);
        r.out[r.n] = '\0';
        accepted += !r.bad;
        refused += r.bad;
        expect_edit(p, str_of(text), r.bad ? NULL : r.out, EDIT_READER_ANY);
    }
    assert_true(accepted > 500 && refused > 500);
    edit_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_what_the_plan_names),
        cmocka_unit_test(leaves_addresses_empty_for_clients_that_parse_them),
        cmocka_unit_test(writes_base64_for_clients_that_decode_it),
        cmocka_unit_test(hides_named_variables_only),
        cmocka_unit_test(edits_a_stream_of_values),
        cmocka_unit_test(hides_what_is_too_long_to_look_into),
        cmocka_unit_test(refuses_plans_that_contradict_themselves),
        cmocka_unit_test(edits_random_documents_as_the_slow_editor_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

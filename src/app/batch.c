/* SPDX-License-Identifier: Apache-2.0 */
#include "app/batch.h"

#include "app/cache.h"
#include "app/command.h"
#include "app/compose.h"
#include "app/json.h"
#include "app/report.h"
#include "base/base64.h"
#include "base/writer.h"
#include "http/token.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TEXT_MAX = 256 * 1024 * 1024,
    ENV_MAX = 64,
    FACT_NAME_MAX = 2 * LOOKUP_PATH_MAX, /* "GET /path" as JSON: each slash may be escaped */
};

/* One line under way. The buffers are kept from line to line. */
struct batch {
    struct cache *cache; /* owned */
    bool show_forward;
    struct json_object line;
    struct json_object facts;
    struct json_object fact_members;
    struct json_object members; /* of env, then of headers */
    struct inspection inspection;
    struct buf text;   /* unescaped small texts of the line, one after the other */
    struct buf config; /* its YAML */
    struct buf key;
    struct buf fields;
    struct buf body;
    struct buf raw;
    struct buf answer;               /* what is printed */
    struct buf answers[LOOKUPS_MAX]; /* the engine's, to look-ups */
};

static void batch_release(struct batch *b)
{
    struct buf *const all[] = {&b->text, &b->config, &b->key,   &b->fields,
                               &b->body, &b->raw,    &b->answer};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_release(all[i]);
    for (size_t i = 0; i < LOOKUPS_MAX; i++)
        buf_release(&b->answers[i]);
    cache_free(b->cache);
}

static int batch_init(struct batch *b, const char *config_path, bool show_forward)
{
    struct buf *const all[] = {&b->text, &b->config, &b->key,   &b->fields,
                               &b->body, &b->raw,    &b->answer};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_init(all[i], TEXT_MAX);
    for (size_t i = 0; i < LOOKUPS_MAX; i++)
        buf_init(&b->answers[i], TEXT_MAX);
    b->show_forward = show_forward;
    b->cache = cache_new(config_path);
    return b->cache ? RC_OK : RC_NOMEM;
}

static bool is_string(struct str value)
{
    return value.n > 0 && value.p[0] == '"';
}

/* The member as text at the end of b->text; a value that is no string as it is. */
static int append_value(struct buf *out, struct str value)
{
    return is_string(value) ? json_string(value, out) : buf_append(out, value);
}

/* `env`: { "NAME": "value" } to "NAME=value" strings in b->text, pointers in env. */
static int read_env(struct batch *b, const char *env[ENV_MAX + 1])
{
    const struct str value = json_member(&b->line, STR("env"));
    size_t n = 0;
    size_t at[ENV_MAX];
    buf_clear(&b->text);
    if (value.p) {
        int rc = json_object_read(value, &b->members);
        if (rc || b->members.n > ENV_MAX)
            return rc ? rc : RC_TOOBIG;
        for (; n < b->members.n && !rc; n++) {
            at[n] = b->text.len;
            rc = buf_append(&b->text, b->members.members[n].name);
            rc = rc ? rc : buf_append(&b->text, STR("="));
            rc = rc ? rc : append_value(&b->text, b->members.members[n].value);
            rc = rc ? rc : buf_append(&b->text, (struct str){"", 1});
        }
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < n; i++)
        env[i] = b->text.data + at[i];
    env[n] = NULL;
    return RC_OK;
}

static const struct cached *open_policy(struct batch *b)
{
    const char *env[ENV_MAX + 1];
    if (read_env(b, env))
        return NULL;
    const struct str yaml = json_member(&b->line, STR("config"));
    buf_clear(&b->config);
    buf_clear(&b->key);
    if (yaml.p && json_string(yaml, &b->config))
        return NULL;
    const struct str text = yaml.p ? buf_str(&b->config) : (struct str){NULL, 0};
    if (buf_append(&b->key, yaml.p ? STR("text:") : STR("file:")) ||
        buf_append(&b->key, buf_str(&b->config)) || buf_append(&b->key, (struct str){"", 1}) ||
        buf_append(&b->key, buf_str(&b->text)))
        return NULL;
    return cache_get(b->cache, buf_str(&b->key), text, env);
}

static int decode_base64(struct str value, struct buf *out)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    int rc = json_string(value, &text);
    size_t n = 0;
    if (!rc)
        rc = buf_reserve(out, text.len + 1);
    if (!rc)
        rc = base64_decode(buf_str(&text), out->data + out->len, &n);
    out->len += n;
    buf_release(&text);
    return rc;
}

static int read_body(struct batch *b)
{
    buf_clear(&b->body);
    struct str value = json_member(&b->line, STR("body_b64"));
    if (value.p)
        return decode_base64(value, &b->body);
    value = json_member(&b->line, STR("body_raw"));
    if (value.p)
        return json_string(value, &b->body);
    value = json_member(&b->line, STR("body"));
    return value.p ? buf_append(&b->body, value) : RC_OK;
}

static int read_fields(struct batch *b, struct composition *c)
{
    const struct str value = json_member(&b->line, STR("headers"));
    buf_clear(&b->fields);
    if (!value.p)
        return RC_OK;
    const struct json_object *o = &b->members;
    int rc = json_object_read(value, &b->members);
    for (size_t i = 0; i < o->n && !rc; i++) {
        struct buf text;
        buf_init(&text, TEXT_MAX);
        rc = append_value(&text, o->members[i].value);
        if (!rc)
            rc = compose_field(c, &b->fields, o->members[i].name, buf_str(&text));
        buf_release(&text);
    }
    return rc;
}

static int compose_raw(struct batch *b)
{
    buf_clear(&b->raw);
    const struct str raw = json_member(&b->line, STR("raw_b64"));
    if (raw.p)
        return decode_base64(raw, &b->raw);
    struct composition c = {.method = STR("")};
    buf_clear(&b->text);
    int rc = append_value(&b->text, json_member(&b->line, STR("method")));
    const size_t method = b->text.len;
    rc = rc ? rc : append_value(&b->text, json_member(&b->line, STR("target")));
    rc = rc ? rc : read_body(b);
    rc = rc ? rc : read_fields(b, &c);
    if (rc)
        return rc;
    c.method = (struct str){b->text.data, method};
    c.target = str_skip(buf_str(&b->text), method);
    c.fields = buf_str(&b->fields);
    c.body = buf_str(&b->body);
    return compose_request(&b->raw, &c);
}

static uint16_t read_status(const struct json_object *o)
{
    uint64_t status = 0;
    (void)decimal_parse(json_member(o, STR("status")), 999, &status);
    return (uint16_t)status;
}

/* One of `facts`: { status, body } or { error }. Its body goes to answer k's buffer. */
static struct fact read_fact(struct batch *b, size_t k, struct str value)
{
    const struct fact failed = {.kind = FACT_FAILED};
    const struct json_object *answer = &b->fact_members;
    if (json_object_read(value, &b->fact_members) || json_member(answer, STR("error")).p)
        return failed;
    const struct str body = json_member(answer, STR("body"));
    buf_clear(&b->answers[k]);
    if (body.p && append_value(&b->answers[k], body))
        return failed;
    return (struct fact){FACT_ANSWER, read_status(answer), buf_str(&b->answers[k])};
}

/* `facts`: { "GET /path": ... } */
static struct fact find_fact(void *arg, size_t k, const struct lookup *lookup)
{
    struct batch *b = arg;
    const struct str facts = json_member(&b->line, STR("facts"));
    if (!facts.p || json_object_read(facts, &b->facts))
        return inspect_unsaid(lookup);
    for (size_t i = 0; i < b->facts.n; i++) {
        const struct str raw = b->facts.members[i].name;
        char text[FACT_NAME_MAX];
        if (raw.n > sizeof text)
            continue;
        const struct str name = {text, token_unescape(raw, text)};
        if (str_starts(name, STR("GET ")) && str_eq(str_skip(name, 4), str_of(lookup->path)))
            return read_fact(b, k, b->facts.members[i].value);
    }
    return inspect_unsaid(lookup);
}

/* The dotted words of a report: the keys that it names. */
static bool key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
           c == ']';
}

static void put_mentions(struct writer *w, struct str text)
{
    writer_open(w, STR("mentions"), '[');
    while (text.n) {
        size_t n = 0;
        while (n < text.n && key_byte(text.p[n]))
            n++;
        if (n > 0 && (memchr(text.p, '.', n) || memchr(text.p, '_', n)))
            writer_text(w, STR(""), (struct str){text.p, n});
        text = str_skip(text, n ? n : 1);
    }
    writer_close(w, ']');
}

static void put_settings(struct writer *w, const struct config *config)
{
    const struct config_leaf *leaves;
    const size_t n = config_leaves(config, &leaves);
    writer_open(w, STR("settings"), '{');
    for (size_t i = 0; i < n; i++)
        writer_raw(w, str_of(leaves[i].key), str_of(leaves[i].value));
    writer_close(w, '}');
    writer_open(w, STR("warnings"), '[');
    for (size_t i = 0; i < config_warning_count(config); i++)
        writer_text(w, STR(""), str_of(config_warning(config, i)));
    writer_close(w, ']');
}

static void put_checks(struct writer *w, const struct policy *p)
{
    writer_open(w, STR("checks"), '[');
    for (size_t i = 0; i < policy_check_count(p); i++) {
        const struct check_info *info = policy_check(p, (int)i);
        writer_open(w, STR(""), '{');
        writer_text(w, STR("id"), str_of(info->id));
        writer_bool(w, STR("active"), info->active);
        writer_open(w, STR("settings"), '[');
        for (size_t k = 0; k < info->n_knobs; k++)
            writer_text(w, STR(""), str_of(info->knobs[k]));
        writer_close(w, ']');
        if (info->examples[0])
            writer_raw(w, STR("examples"), str_of(info->examples));
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

/* A configuration that is refused, or a line that asks about nothing else. */
static int answer_config(struct batch *b, const struct cached *c, struct str id)
{
    static const char *const stages[] = {"load", "validate", "ok"};
    struct writer w = writer_start(&b->answer);
    writer_open(&w, STR(""), '{');
    if (id.n)
        writer_raw(&w, STR("id"), id);
    writer_text(&w, STR("verdict"), c->policy ? STR("allow") : STR("config_error"));
    writer_text(&w, STR("start_stage"), str_of(stages[c->stage]));
    if (c->policy) {
        put_settings(&w, c->config);
        put_checks(&w, c->policy);
    } else {
        writer_text(&w, STR("error"), str_of(c->err.text));
        put_mentions(&w, str_of(c->err.text));
    }
    writer_close(&w, '}');
    return w.rc;
}

static int64_t client_number(const struct json_object *o, struct str name)
{
    uint64_t value = 0;
    (void)decimal_parse(json_member(o, name), UINT32_MAX, &value);
    return (int64_t)value;
}

/* `client`: { ip } or { uid, gid, pid }; false: there is none. */
static bool read_client(struct batch *b, struct peer *out)
{
    const struct str value = json_member(&b->line, STR("client"));
    if (!value.p || json_object_read(value, &b->members))
        return false;
    const struct str ip = json_member(&b->members, STR("ip"));
    *out = (struct peer){.local = !ip.p,
                         .uid = (uid_t)client_number(&b->members, STR("uid")),
                         .gid = (gid_t)client_number(&b->members, STR("gid")),
                         .pid = (pid_t)client_number(&b->members, STR("pid"))};
    buf_clear(&b->text);
    if (ip.p && append_value(&b->text, ip) == RC_OK)
        (void)snprintf(out->address, sizeof out->address, "%.*s", (int)b->text.len, b->text.data);
    return true;
}

/* `mutant`: { "off": id } or { "invert": id }. */
static void read_mutant(struct batch *b, struct policy *p)
{
    const struct str value = json_member(&b->line, STR("mutant"));
    policy_mutate(p, -1, MUTATION_OFF);
    if (!value.p || json_object_read(value, &b->members))
        return;
    const struct str off = json_member(&b->members, STR("off"));
    buf_clear(&b->text);
    if (append_value(&b->text, off.p ? off : json_member(&b->members, STR("invert"))))
        return;
    for (size_t k = 0; k < policy_check_count(p); k++)
        if (str_eq(str_of(policy_check(p, (int)k)->id), buf_str(&b->text)))
            policy_mutate(p, (int)k, off.p ? MUTATION_OFF : MUTATION_INVERT);
}

static int answer_request(struct batch *b, const struct cached *c, struct str id)
{
    struct inspection *const i = &b->inspection;
    struct peer peer;
    int rc = compose_raw(b);
    if (rc)
        return rc;
    enum outcome *outcomes = NULL;
    if (str_eq(json_member(&b->line, STR("outcomes")), STR("true")))
        outcomes = calloc(policy_check_count(c->policy) + 1, sizeof *outcomes);
    const bool known = read_client(b, &peer);
    read_mutant(b, c->policy);
    policy_watch(c->policy, outcomes);
    inspect(c->policy, buf_str(&b->raw), known ? &peer : NULL, find_fact, b, i);
    rc = report_json(&b->answer, c->policy, id, i, b->show_forward, outcomes);
    policy_watch(c->policy, NULL);
    free(outcomes);
    inspection_release(i);
    return rc;
}

static int answer_line(struct batch *b, struct str text)
{
    int rc = json_object_read(text, &b->line);
    if (rc)
        return rc;
    const struct str id = json_member(&b->line, STR("id"));
    const struct cached *c = open_policy(b);
    if (!c)
        return RC_SYNTAX;
    const bool asks =
        json_member(&b->line, STR("method")).p || json_member(&b->line, STR("raw_b64")).p;
    return c->policy && asks ? answer_request(b, c, id) : answer_config(b, c, id);
}

/* Fills b->answer; false when the line could not be answered. */
static bool answer_or_complain(struct batch *b, struct str line)
{
    buf_clear(&b->answer);
    if (answer_line(b, line) == RC_OK)
        return true;
    buf_clear(&b->answer);
    (void)buf_append(&b->answer, STR("{\"error\":\"the line is not one JSON object as `check "
                                     "--help` describes it\"}"));
    return false;
}

int batch_run(FILE *in, FILE *out, const char *config_path, bool show_forward)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return EXIT_ERROR;
    int code = batch_init(b, config_path, show_forward) ? EXIT_ERROR : EXIT_OK;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while (b->cache && (n = getline(&line, &room, in)) > 0) {
        if (!answer_or_complain(b, (struct str){line, (size_t)n}))
            code = EXIT_ERROR;
        if (buf_append(&b->answer, STR("\n")) ||
            fwrite(b->answer.data, 1, b->answer.len, out) != b->answer.len || fflush(out))
            code = EXIT_ERROR;
    }
    free(line);
    batch_release(b);
    free(b);
    return code;
}

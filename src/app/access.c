/* SPDX-License-Identifier: Apache-2.0 */
#include "app/access.h"

#include <stdio.h>
#include <uv.h>

enum { ACCESS_LINE_MAX = 512 * 1024, WAIVER_WARN_DAYS = 30 };

void access_init(struct access *a, struct log *log, const struct policy *policy,
                 const struct settings *settings)
{
    *a = (struct access){
        .log = log,
        .policy = policy,
        .level = settings->log.level,
        .format = settings->log.format,
        .requests = settings->log.access,
    };
    buf_init(&a->bytes, ACCESS_LINE_MAX);
}

void access_release(struct access *a)
{
    buf_release(&a->bytes);
}

static bool begin(struct access *a, enum log_level level, struct str msg)
{
    if (level < a->level)
        return false;
    buf_clear(&a->bytes);
    log_line_start(&a->line, &a->bytes, a->format, level, msg, log_now());
    return true;
}

/* A line that has no memory is lost, like one that has no room. */
static void finish(struct access *a, bool must)
{
    if (log_line_end(&a->line) == RC_OK)
        log_write(a->log, buf_str(&a->bytes), must);
    else
        log_lost(a->log);
}

static void put_given(struct access *a, struct str name, struct str value)
{
    if (value.n)
        log_line_text(&a->line, name, value);
}

static bool is_denied(const struct exchange_report *r)
{
    if (r->decision)
        return r->decision->verdict == VERDICT_DENY;
    return r->refusal != REFUSAL_NONE && refusal_info(r->refusal)->status < 500;
}

/* Empty where nothing was decided: our own endpoints, faults of the engine. */
static struct str decision_word(const struct exchange_report *r)
{
    if (is_denied(r))
        return STR("deny");
    return r->decision ? STR("allow") : STR("");
}

static void put_reason(struct access *a, const struct exchange_report *r)
{
    const struct decision *d = r->decision;
    if (r->refusal != REFUSAL_NONE) {
        const bool policys = d && d->verdict == VERDICT_DENY && d->reason[0];
        log_line_text(&a->line, STR("reason_code"), refusal_info(r->refusal)->code);
        const struct str other = r->detail ? str_of(r->detail) : refusal_info(r->refusal)->text;
        log_line_text(&a->line, STR("reason"), policys ? str_of(d->reason) : other);
    } else if (d) {
        log_line_text(&a->line, STR("reason_code"), STR("matched_allow_rule"));
    }
}

/* The deciding finding's check. */
static void put_check(struct access *a, const struct decision *d)
{
    if (!d || d->n_findings == 0)
        return;
    const struct finding *f = &d->findings[0];
    const struct check_info *info = policy_check(a->policy, f->check);
    if (!info)
        return;
    log_line_text(&a->line, STR("check"), str_of(info->id));
    put_given(a, STR("knob"), str_of(info->knob));
    if (info->n_controls > 0) {
        put_given(a, STR("cis"), str_of(info->controls[f->control].cis));
        put_given(a, STR("bench"), str_of(info->controls[f->control].bench));
    }
}

static void put_end(struct access *a, enum exchange_end end)
{
    static const char *const words[] = {
        [EXCHANGE_ANSWERED] = "",
        [EXCHANGE_CLIENT_GONE] = "client_gone",
        [EXCHANGE_CUT] = "upstream_cut",
        [EXCHANGE_SHUT] = "shutdown",
    };
    put_given(a, STR("end"), str_of(words[end]));
}

static void put_client(struct access *a, const struct peer *peer)
{
    log_line_text(&a->line, STR("client"), peer->local ? STR("unix") : str_of(peer->address));
    if (peer->local) {
        log_line_number(&a->line, STR("client_uid"), peer->uid);
        log_line_number(&a->line, STR("client_pid"), peer->pid);
    }
}

static void on_exchange(void *arg, const struct exchange_report *r)
{
    struct access *const a = arg;
    const bool denied = is_denied(r);
    const bool fault = denied || r->refusal != REFUSAL_NONE || r->end == EXCHANGE_CUT;
    if ((!fault && !a->requests) ||
        !begin(a, fault ? LOG_WARN : LOG_INFO, denied ? STR("request_denied") : STR("request")))
        return;
    struct log_line *const line = &a->line;
    log_line_text(line, STR("method"), method_name(r->method));
    log_line_text(line, STR("path"), r->path);
    log_line_number(line, STR("status"), r->status);
    put_given(a, STR("decision"), decision_word(r));
    log_line_number(line, STR("rule"), r->decision ? r->decision->rule : -1);
    put_check(a, r->decision);
    put_reason(a, r);
    if (r->decision)
        put_given(a, STR("unknown_fields"), str_of(r->decision->unknown));
    if (r->decision)
        put_given(a, STR("waiver"), str_of(r->decision->waived));
    log_line_text(line, STR("normalized_path"), r->normal);
    log_line_text(line, STR("request_id"), r->request_id);
    put_given(a, STR("client_request_id"), r->client_request_id);
    log_line_text(line, STR("listener_name"), str_of(r->listener));
    put_client(a, r->peer);
    log_line_number(line, STR("bytes"), (int64_t)r->bytes);
    log_line_decimal(line, STR("latency_ms"), r->microseconds, 3);
    put_end(a, r->end);
    finish(a, fault);
}

static void tell_printed(struct access *a)
{
    for (size_t i = 0; i < policy_printed(a->policy); i++) {
        if (!begin(a, LOG_INFO, STR("rule_printed")))
            return;
        log_line_text(&a->line, STR("text"), str_of(policy_print(a->policy, i)));
        finish(a, false);
    }
}

/* A rule that fails denies, and somebody should know: once at FAULTS_LOUD in a row, and at each
 * further so many. */
static void on_judged(void *arg, const struct decision *d)
{
    struct access *const a = arg;
    tell_printed(a);
    if (d->fault_streak == 0 || d->fault_streak % FAULTS_LOUD != 0 ||
        !begin(a, LOG_ERROR, STR("rule_keeps_failing")))
        return;
    const struct check_count count = policy_count(a->policy, d->fault_check);
    log_line_text(&a->line, STR("check"), str_of(policy_check(a->policy, d->fault_check)->id));
    log_line_number(&a->line, STR("in_a_row"), d->fault_streak);
    log_line_number(&a->line, STR("faults"), (int64_t)count.faults);
    log_line_text(&a->line, STR("error"), str_of(count.last_fault));
    finish(a, true);
}

static void on_event(void *arg, enum proxy_event e, const char *name, int code)
{
    static const struct {
        enum log_level level;
        const char *msg;
    } events[] = {
        [PROXY_ACCEPT_PAUSED] = {LOG_WARN, "accept_paused"},
        [PROXY_ACCEPT_RESUMED] = {LOG_INFO, "accept_resumed"},
        [PROXY_LISTENER_FAILED] = {LOG_ERROR, "listener_failed"},
        [PROXY_UPSTREAM_UNREACHABLE] = {LOG_WARN, "upstream_unreachable"},
        [PROXY_UPSTREAM_REACHED] = {LOG_INFO, "upstream_reached"},
    };
    struct access *const a = arg;
    if (!begin(a, events[e].level, str_of(events[e].msg)))
        return;
    log_line_text(&a->line, STR("name"), str_of(name));
    if (code < 0)
        log_line_text(&a->line, STR("error"), str_of(uv_strerror(code)));
    finish(a, true);
}

struct proxy_observer access_observer(struct access *a)
{
    return (struct proxy_observer){
        .on_exchange = on_exchange, .on_judged = on_judged, .on_event = on_event, .arg = a};
}

static void put_listeners(struct access *a, const struct settings *s)
{
    char text[LISTENERS_MAX * 64];
    size_t n = 0;
    for (size_t i = 0; i < s->n_listeners; i++) {
        const struct listener_settings *l = &s->listeners[i];
        const int more = snprintf(text + n, sizeof text - n, "%s%s", n ? "," : "",
                                  l->socket[0] ? l->socket : l->address);
        if (more < 0 || (size_t)more >= sizeof text - n)
            break; /* enough to know which configuration it is */
        n += (size_t)more;
    }
    log_line_text(&a->line, STR("listeners"), (struct str){text, n});
}

static void warn_of(struct access *a, const struct config *config)
{
    for (size_t i = 0; i < config_warning_count(config); i++) {
        if (!begin(a, LOG_WARN, STR("configuration")))
            return;
        log_line_text(&a->line, STR("warning"), str_of(config_warning(config, i)));
        finish(a, true);
    }
}

/* Of what holds no more, or not for long. */
static void warn_of_waivers(struct access *a, bool allowed)
{
    for (size_t i = 0; i < policy_waiver_count(a->policy); i++) {
        const struct waiver_info w = policy_waiver(a->policy, i);
        if ((w.active && w.days_left > WAIVER_WARN_DAYS) || !begin(a, LOG_WARN, STR("waiver")))
            continue;
        log_line_text(&a->line, STR("id"), str_of(w.id));
        log_line_text(&a->line, STR("state"),
                      !allowed          ? STR("switched off: lua.allow_waivers")
                      : w.days_left < 0 ? STR("expired")
                                        : STR("expires soon"));
        log_line_text(&a->line, STR("expires"), str_of(w.expires));
        log_line_number(&a->line, STR("days_left"), w.days_left);
        log_line_text(&a->line, STR("approved_by"), str_of(w.approved_by));
        finish(a, true);
    }
}

static void put_confined(struct access *a, const struct confined *confined)
{
    static const char *const names[] = {
        [CONFINE_USER] = "user", [CONFINE_LANDLOCK] = "landlock", [CONFINE_SECCOMP] = "seccomp"};
    char text[64] = "no new privileges";
    for (int i = 0; i < CONFINE_PARTS; i++)
        if (confined->parts[i])
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", names[i]);
    log_line_text(&a->line, STR("confined"), str_of(text));
}

void access_started(struct access *a, const struct config *config, const struct confined *confined)
{
    const struct settings *s = config_settings(config);
    warn_of(a, config);
    warn_of_waivers(a, s->lua.allow_waivers);
    tell_printed(a);
    if (!begin(a, LOG_INFO, STR("sockguard started")))
        return;
    log_line_text(&a->line, STR("version"), STR(SOCKGUARD_VERSION));
    log_line_text(&a->line, STR("config"), str_of(config_path(config)));
    put_listeners(a, s);
    log_line_text(&a->line, STR("upstream"), str_of(s->upstream_socket));
    put_given(a, STR("own_container"), str_of(s->self_container));
    log_line_number(&a->line, STR("rules"), (int64_t)policy_rule_count(a->policy));
    put_confined(a, confined);
    if (s->timeouts.request)
        log_line_decimal(&a->line, STR("request_timeout_s"), s->timeouts.request, 3);
    else
        log_line_text(&a->line, STR("request_timeout_s"), STR("off"));
    finish(a, true);
}

void access_stopped(struct access *a)
{
    if (!begin(a, LOG_INFO, STR("sockguard stopped")))
        return;
    log_line_number(&a->line, STR("log_lines_lost"), (int64_t)log_dropped(a->log));
    finish(a, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints of our own, and what a TCP listener keeps out. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The endpoint /health: answers when it is told to. */
static struct {
    struct proxy_local local;
    bool at_once;
    uint16_t status;
    unsigned asked, forgotten;
    proxy_answer_fn *answer;
    void *answer_arg;
} health;

static bool matches(void *arg, struct str path)
{
    (void)arg;
    return str_eq(path, STR("/denied/health"));
}

static void answer(void)
{
    health.answer(health.answer_arg, health.status, STR("{\"status\":\"healthy\"}"));
}

static void on_ask(void *arg, struct str path, proxy_answer_fn *fn, void *answer_arg)
{
    assert_true(matches(arg, path));
    health.asked++;
    health.answer = fn;
    health.answer_arg = answer_arg;
    if (health.at_once)
        answer();
}

static void forget(void *arg, void *answer_arg)
{
    (void)arg;
    assert_ptr_equal(answer_arg, health.answer_arg);
    health.forgotten++;
}

static void with_health(void)
{
    static const char *const names[] = {"docker.example"};
    memset(&health, 0, sizeof health);
    health.local = (struct proxy_local){matches, on_ask, forget, NULL};
    health.status = 200;
    r.worker.local = &health.local;
    r.options.n_listeners = 2;
    r.options.host_names = names;
    r.options.n_host_names = 1;
}

static int setup(void **state)
{
    (void)state;
    return pair_setup_with(with_health);
}

#define HEALTH "GET /denied/health HTTP/1.1\r\nHost: x\r\n\r\n"

static void it_is_answered_before_the_rules_and_the_connection_kept(void **state)
{
    (void)state;
    health.at_once = true;
    end_send(&r, &client, HEALTH HEALTH);
    rig_until_told(&r, 2);
    end_until(&r, &client, "\"healthy\"");
    assert_true(end_has(&client, "HTTP/1.1 200 "));
    assert_int_equal(r.policy.routed, 0);
    assert_true(r.told[0].local);
    assert_false(r.told[0].decided);
    assert_int_equal(r.told[0].refusal, REFUSAL_NONE);
    end_forget(&client);
    rig_get(&r, &client, &engine, "/_ping");
}

static void it_may_think_about_its_answer(void **state)
{
    (void)state;
    health.status = 503;
    end_send(&r, &client, HEALTH);
    rig_turn_for(&r, 20);
    end_poll(&client);
    assert_int_equal(client.n, 0);
    answer();
    end_until(&r, &client, "\"healthy\"");
    assert_true(end_has(&client, "HTTP/1.1 503 "));
    assert_int_equal(r.told[0].status, 503);
    assert_int_equal(health.forgotten, 0);
}

static void it_is_told_when_the_client_has_gone(void **state)
{
    (void)state;
    end_send(&r, &client, HEALTH);
    for (int i = 0; i < 50 && !health.asked; i++)
        rig_turn(&r);
    end_close(&client);
    rig_until_told(&r, 1);
    assert_int_equal(health.forgotten, 1);
    assert_int_equal(r.told[0].end, EXCHANGE_CLIENT_GONE);
}

static void other_methods_and_other_spellings_are_not_it(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "POST /denied/health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "HEAD /denied/health HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /denied/x/../health HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET //denied/health HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /denied/health/ HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        end_send(&r, &client, heads[i]);
        rig_until_told(&r, i + 1);
        assert_int_equal(r.told[i].refusal, REFUSAL_NO_RULE);
    }
    assert_int_equal(health.asked, 0);
}

static void a_body_with_the_question_is_dropped(void **state)
{
    (void)state;
    end_send(&r, &client, "GET /denied/health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    rig_turn_for(&r, 5);
    end_send(&r, &client, "cde");
    rig_turn_for(&r, 5);
    answer();
    end_until(&r, &client, "\"healthy\"");
    end_forget(&client);
    rig_get(&r, &client, &engine, "/_ping");
}

static void tcp_names_its_peer_and_serves_hosts_that_are_ours(void **state)
{
    (void)state;
    static const char *const hosts[] = {"localhost", "127.0.0.1:2375", "[::1]", "Docker.Example:1"};
    end_close(&client);
    const uint16_t port = proxy_listener_port(r.proxy, 1);
    assert_true(port > 0);
    assert_int_equal(proxy_listener_port(r.proxy, 0), 0);
    end_connect_tcp(&r, &client, port);
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "GET /_ping HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        end_send(&r, &client, text);
        if (engine.fd < 0)
            end_accept(&r, &engine);
        end_until(&r, &engine, "\r\n\r\n");
        assert_true(end_has(&engine, "Host: docker\r\n"));
        end_send(&r, &engine, OK_HI);
        end_until(&r, &client, "\r\n\r\nhi");
        end_forget(&engine);
        end_forget(&client);
    }
    assert_false(r.told[0].peer_local);
}

static void tcp_keeps_web_pages_out_before_anything_else(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET /_ping HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
        "GET /_ping HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /denied/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    };
    struct end none;
    end_close(&client);
    for (size_t i = 0; i < 3; i++) {
        end_connect_tcp(&r, &client, proxy_listener_port(r.proxy, 1));
        end_send(&r, &client, heads[i]);
        end_until(&r, &client, "HTTP/1.1 403 ");
        rig_until_told(&r, i + 1);
        assert_int_equal(r.told[i].refusal, REFUSAL_BROWSER);
        end_close(&client);
    }
    assert_int_equal(r.policy.routed + health.asked, 0);
    assert_false(end_accept_now(&r, &none));
}

int main(void)
{
#define TEST(name) PAIR_WITH(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(it_is_answered_before_the_rules_and_the_connection_kept),
        TEST(it_may_think_about_its_answer),
        TEST(it_is_told_when_the_client_has_gone),
        TEST(other_methods_and_other_spellings_are_not_it),
        TEST(a_body_with_the_question_is_dropped),
        TEST(tcp_names_its_peer_and_serves_hosts_that_are_ours),
        TEST(tcp_keeps_web_pages_out_before_anything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

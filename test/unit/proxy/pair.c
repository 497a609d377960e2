/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

struct rig r;
struct end client, engine;

int pair_setup_with(void (*change)(void))
{
    client = engine = (struct end){.fd = -1};
    rig_init(&r);
    if (change)
        change();
    rig_engine_listen(&r);
    rig_start(&r);
    end_connect(&r, &client);
    return 0;
}

int pair_setup(void **state)
{
    (void)state;
    return pair_setup_with(NULL);
}

int pair_teardown(void **state)
{
    (void)state;
    end_close(&client);
    end_close(&engine);
    rig_close(&r);
    return 0;
}

void ask(const char *text)
{
    end_send(&r, &client, text);
    if (engine.fd < 0)
        end_accept(&r, &engine);
    end_until(&r, &engine, "\r\n\r\n");
}

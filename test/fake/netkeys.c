/* netkeys.c: xenstore's keys around a network stack: see net.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sched.h"
#include "test/fake/net.h"
#include "xen/xenstore.h"

char fake_xs_path[64], fake_xs_value[64];
static struct waitq wake;

static struct xs_watch *watch; /* the one that is set */

void xs_send(uint32_t tx, struct xs_call *calls, size_t n)
{
    (void)tx;
    for (struct xs_call *c = calls; c < calls + n; c++)
        if (c->op == XS_CALL_WATCH) {
            *c->watch = (struct xs_watch){.path = c->path, .fired = true};
            watch = c->watch;
        } else if (c->op == XS_CALL_READ) {
            c->watch->fired = false;
            strcpy(c->value, atoi(c->dir + 11) < (int)fake_net.vifs ? "1" : "");
        } else {
            snprintf(fake_xs_path, sizeof(fake_xs_path), "%s", c->path);
            snprintf(fake_xs_value, sizeof(fake_xs_value), "%s", c->text);
        }
    waitq_wake(&wake); /* as every reply does */
}

int xs_await(struct xs_call *calls, size_t n)
{
    (void)calls, (void)n;
    thread_yield(); /* xenstored takes its time */
    return 0;
}

void xs_unwatch(struct xs_watch *w)
{
    (void)w;
    watch = NULL;
}

bool xs_watch_fired(struct xs_watch *w)
{
    const bool fired = w->fired;

    w->fired = false;
    return fired;
}

struct waitq *xs_wake(void)
{
    return &wake;
}

void fake_arrive(void)
{
    fake_net.vifs++;
    watch->fired = true;
    waitq_wake(&wake);
}

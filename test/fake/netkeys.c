/* netkeys.c: xenstore's keys around a network stack: see net.h. */

#include <stdio.h>

#include "kernel/sched.h"
#include "test/fake/net.h"
#include "xen/xenstore.h"

char fake_xs_path[64], fake_xs_value[64];
static struct waitq wake;

int xs_write(const char *path, const char *value)
{
    thread_yield(); /* xenstored takes its time */
    snprintf(fake_xs_path, sizeof(fake_xs_path), "%s", path);
    snprintf(fake_xs_value, sizeof(fake_xs_value), "%s", value);
    return 0;
}

static struct xs_watch *watch; /* the one that is set */

int xs_watch(struct xs_watch *w, const char *path)
{
    *w = (struct xs_watch){.path = path, .fired = true};
    watch = w;
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

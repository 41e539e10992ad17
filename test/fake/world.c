/* world.c: see world.h. */

#include "test/fake/world.h"

#include "kernel/sched.h"
#include "test/fake/events.h"
#include "xen/evtchn.h"

static void (*job)(void);
static bool done;

static void run(void *arg)
{
    (void)arg;
    job();
    done = true;
}

bool fake_world(void (*fn)(void))
{
    job = fn;
    done = false;
    thread_create("test", run, NULL);
    while (!done) {
        evtchn_dispatch();
        sched_expire(fake_now);
        if (sched_run(1) || fake_step(sched_next_deadline()))
            continue;
        if (sched_next_deadline() == NEVER)
            return false;
        fake_now = sched_next_deadline();
    }
    return true;
}

/* wait.c: see wait.h.  Waiting for what cannot come ends the test. */

#include "test/fake/wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/sched.h"
#include "test/fake/events.h"
#include "xen/evtchn.h"

unsigned fake_waits;
static struct waitq *waiting;

struct thread *thread_self(void)
{
    static char self;

    return (struct thread *)(void *)&self;
}

void waitq_wake(struct waitq *q)
{
    if (waiting == q)
        waiting = NULL;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    fake_waits++;
    waiting = q;
    for (;;) {
        evtchn_dispatch();
        if (!waiting)
            return 0;
        if (fake_step(deadline))
            continue;
        if (deadline == NEVER) {
            fprintf(stderr, "waits for ever\n");
            abort();
        }
        fake_now = deadline;
        return -ETIMEDOUT;
    }
}

void waitq_wait(struct waitq *q)
{
    (void)waitq_wait_until(q, NEVER);
}

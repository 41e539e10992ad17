/* alone.c: see alone.h.  Waiting for what cannot come ends the test. */

#include "test/fake/alone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/sched.h"
#include "lib/util.h"
#include "xen/clock.h"

uint64_t fake_now = 1000;
unsigned fake_joined, fake_sleeps;

static struct {
    uint64_t when;
    void (*fn)(void);
} plan[16];

static bool woken;

void fake_after(uint64_t delay, void (*fn)(void))
{
    for (size_t i = 0; i < ARRAY_LEN(plan); i++)
        if (!plan[i].fn) {
            plan[i].when = fake_now + delay;
            plan[i].fn = fn;
            return;
        }
    abort();
}

/* What is due first happens; false: nothing until the deadline. */
static bool step(uint64_t deadline)
{
    size_t next = 0;
    void (*fn)(void);

    for (size_t i = 1; i < ARRAY_LEN(plan); i++)
        if (plan[i].fn && (!plan[next].fn || plan[i].when < plan[next].when))
            next = i;
    if (!plan[next].fn || plan[next].when > deadline)
        return false;
    if (plan[next].when > fake_now)
        fake_now = plan[next].when;
    fn = plan[next].fn;
    plan[next].fn = NULL;
    fn();
    return true;
}

uint64_t clock_now(void)
{
    return fake_now;
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
    (void)fn;
    (void)arg;
    fprintf(stderr, "thread %s: there is but one\n", name);
    abort();
}

void waitq_join(struct waitq *q, struct waiter *w)
{
    if (fake_joined++ == 0)
        woken = false;
    *w = (struct waiter){.q = q, .prev = q->last};
    *(w->prev ? &w->prev->next : &q->first) = w;
    q->last = w;
}

void waitq_leave(struct waiter *w)
{
    struct waitq *q = w->q;

    if (!q)
        return;
    *(w->prev ? &w->prev->next : &q->first) = w->next;
    *(w->next ? &w->next->prev : &q->last) = w->prev;
    w->q = NULL;
    fake_joined--;
}

void waitq_wake(struct waitq *q)
{
    while (q->first) {
        waitq_leave(q->first);
        woken = true;
    }
}

int thread_wait(uint64_t deadline)
{
    fake_sleeps++;
    while (!woken) {
        if (step(deadline))
            continue;
        if (deadline == NEVER) {
            fprintf(stderr, "waits for ever\n");
            abort();
        }
        fake_now = deadline;
        return -ETIMEDOUT;
    }
    woken = false;
    return 0;
}

void waitq_wait(struct waitq *q)
{
    (void)waitq_wait_until(q, NEVER);
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    struct waiter w;
    int err;

    waitq_join(q, &w);
    err = thread_wait(deadline);
    waitq_leave(&w);
    return err;
}

/*
 * sched.h: cooperative threads.
 *
 * A thread runs until it waits, sleeps, yields or exits.  Nothing else ever
 * interrupts it, so data shared between threads needs no locks as long as it
 * is consistent at those four points.  Deadlines are clock_now() nanoseconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEVER UINT64_MAX

struct thread;

/* Threads waiting for something, in the order they came.  Zeroed is empty. */
struct waitq {
    struct waiter *first, *last;
};

/* One thread's place in one queue: on its stack while it waits. */
struct waiter {
    struct waitq *q;
    struct waiter *next, *prev;
    struct thread *thread;
};

/* fn(arg) runs in a new thread; name must stay valid.  NULL with ENOMEM. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg);
_Noreturn void thread_exit(void);
void thread_yield(void);
void thread_sleep(uint64_t deadline);
struct thread *thread_self(void); /* NULL in the main loop */

/* Wait until waitq_wake(); re-check the condition in a loop. */
void waitq_wait(struct waitq *q);

/* The same until a deadline: 0, or -ETIMEDOUT once it has passed. */
int waitq_wait_until(struct waitq *q, uint64_t deadline);

/* Every waiting thread becomes ready. */
void waitq_wake(struct waitq *q);

/*
 * Waiting in several queues: join each, thread_wait(), leave each.  A wake
 * after the join is never lost: thread_wait() then returns at once.
 */
void waitq_join(struct waitq *q, struct waiter *w);
void waitq_leave(struct waiter *w);
int thread_wait(uint64_t deadline); /* 0: woken, or -ETIMEDOUT */
unsigned waitq_joined(void); /* queues in which this thread still stands */

/*
 * A turn among the ready threads.  Work that is too little for a thread, and
 * never waits, takes one for itself: the main loop calls its fn, on a stack of
 * 8 KB.
 */
struct turn {
    struct turn *next;
    void (*fn)(struct turn *t);
    bool taken; /* and fn not called yet */
};

/* After all that are ready now; once, however often it is asked for. */
void turn_take(struct turn *t);

/* For the main loop only. */
bool sched_run(unsigned turns);     /* false: nobody was ready for the last */
void sched_expire(uint64_t now);    /* wake the sleepers that are due */
uint64_t sched_next_deadline(void); /* NEVER if nobody sleeps */

/* Say where every thread waits but the running one. */
void sched_backtrace(void);

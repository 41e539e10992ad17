/* sched.c: threads, wait queues and deadlines.  It knows no Xen. */

#include "kernel/sched.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/stack.h"
#include "lib/util.h"

#define CANARY 0x5afe57ac5afe57acul /* at a stack's low end, never written */

void cpu_switch(void **save, void *next); /* arch/x86_64/switch.S */

/* What cpu_switch() leaves on a stack, lowest address first. */
struct frame {
    uint32_t mxcsr;
    uint32_t fpu_control;
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t rip;
    uint64_t above; /* keeps the stack aligned as if rip had been called */
};

/* Lives at the top of its own stack. */
struct thread {
    struct turn turn;
    struct frame *sp;
    struct thread *sooner, *later;
    uint64_t deadline; /* NEVER: not among the sleepers */
    unsigned joined;   /* queues it stands in */
    bool woken;        /* since the first of them was joined */
    bool waiting;      /* in thread_wait() */
    bool dead;
    const char *name;
    void (*fn)(void *);
    void *arg;
    uint64_t *low; /* of the stack */
    struct thread *all_next, **all_prev;
};

static struct {
    struct thread *current;
    struct turn *first, *last; /* of what is ready to run */
    struct thread *soonest, *latest;
    struct thread *all;
    struct frame *loop; /* the main loop, while a thread runs */
} sched;

void turn_take(struct turn *t)
{
    if (t->taken)
        return;
    t->taken = true;
    t->next = NULL;
    if (sched.last)
        sched.last->next = t;
    else
        sched.first = t;
    sched.last = t;
}

/* Most deadlines are later than those set before: look from the end. */
static void sleeper_add(struct thread *t, uint64_t deadline)
{
    struct thread *before = sched.latest;

    while (before && before->deadline > deadline)
        before = before->sooner;
    t->deadline = deadline;
    t->sooner = before;
    t->later = before ? before->later : sched.soonest;
    *(t->sooner ? &t->sooner->later : &sched.soonest) = t;
    *(t->later ? &t->later->sooner : &sched.latest) = t;
}

static inline void sleeper_remove(struct thread *t)
{
    if (t->deadline == NEVER)
        return;
    *(t->sooner ? &t->sooner->later : &sched.soonest) = t->later;
    *(t->later ? &t->later->sooner : &sched.latest) = t->sooner;
    t->deadline = NEVER;
}

/* Each thread has an errno of its own. */
static inline void back_to_loop(void)
{
    int saved = errno;

    cpu_switch((void **)&sched.current->sp, sched.loop);
    errno = saved;
}

static COLD void thread_start(void)
{
    errno = 0;
    sched.current->fn(sched.current->arg);
    thread_exit();
}

static COLD void bury(struct thread *t)
{
    *t->all_prev = t->all_next;
    if (t->all_next)
        t->all_next->all_prev = t->all_prev;
    stack_free(t->low);
}

static void run_thread(struct turn *turn)
{
    struct thread *t = CONTAINER_OF(turn, struct thread, turn);

    sched.current = t;
    cpu_switch((void **)&sched.loop, t->sp);
    sched.current = NULL;

    if (*t->low != CANARY)
        panic("thread %s overflowed its 16 KB of stack", t->name);
    if (t->dead)
        bury(t);
}

COLD struct thread *thread_create(const char *name, void (*fn)(void *),
                                  void *arg)
{
    uint64_t *low = stack_alloc();
    struct thread *t;
    struct frame *frame;

    if (!low) {
        errno = ENOMEM;
        return NULL;
    }
    t = (struct thread *)(void *)((char *)low + STACK_SIZE -
                                  (sizeof(*t) + 15) / 16 * 16);
    frame = (struct frame *)(void *)t - 1;
    *low = CANARY;
    *t = (struct thread){
        .turn = {.fn = run_thread},
        .sp = frame,
        .deadline = NEVER,
        .name = name,
        .fn = fn,
        .arg = arg,
        .low = low,
        .all_next = sched.all,
        .all_prev = &sched.all,
    };
    /* rbp 0 ends a backtrace; the two control words are the ABI's. */
    *frame = (struct frame){
        .mxcsr = 0x1f80,
        .fpu_control = 0x37f,
        .rip = (uint64_t)(uintptr_t)thread_start,
    };
    if (sched.all)
        sched.all->all_prev = &t->all_next;
    sched.all = t;
    turn_take(&t->turn);
    return t;
}

COLD void thread_exit(void)
{
    sched.current->dead = true;
    back_to_loop();
    panic("a dead thread was run");
}

void thread_yield(void)
{
    turn_take(&sched.current->turn);
    back_to_loop();
}

COLD void thread_sleep(uint64_t deadline)
{
    while (thread_wait(deadline) == 0)
        ; /* a wake from a queue left earlier: not what we wait for */
}

struct thread *thread_self(void)
{
    return sched.current;
}

void waitq_join(struct waitq *q, struct waiter *w)
{
    struct thread *t = sched.current;

    if (t->joined++ == 0)
        t->woken = false;
    *w = (struct waiter){.q = q, .prev = q->last, .thread = t};
    *(w->prev ? &w->prev->next : &q->first) = w;
    q->last = w;
}

static inline void take_out(struct waitq *q, struct waiter *w)
{
    *(w->prev ? &w->prev->next : &q->first) = w->next;
    *(w->next ? &w->next->prev : &q->last) = w->prev;
    w->q = NULL;
    w->thread->joined--;
}

unsigned waitq_joined(void)
{
    return sched.current->joined;
}

void waitq_leave(struct waiter *w)
{
    if (w->q)
        take_out(w->q, w);
}

static void wake(struct thread *t)
{
    t->woken = true;
    if (!t->waiting)
        return;
    t->waiting = false;
    sleeper_remove(t);
    turn_take(&t->turn);
}

void waitq_wake(struct waitq *q)
{
    while (q->first) {
        struct thread *t = q->first->thread;

        take_out(q, q->first);
        wake(t);
    }
}

int thread_wait(uint64_t deadline)
{
    struct thread *t = sched.current;

    if (!t->woken) {
        if (deadline != NEVER)
            sleeper_add(t, deadline);
        t->waiting = true;
        back_to_loop();
    }
    bool woken = t->woken;
    t->woken = false;
    return woken ? 0 : -ETIMEDOUT;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    struct waiter w;

    waitq_join(q, &w);
    int err = thread_wait(deadline);
    waitq_leave(&w);
    return err;
}

void waitq_wait(struct waitq *q)
{
    (void)waitq_wait_until(q, NEVER);
}

bool sched_run(unsigned turns)
{
    struct turn *t;

    for (; turns && (t = sched.first); turns--) {
        if (!(sched.first = t->next))
            sched.last = NULL;
        t->taken = false;
        t->fn(t);
    }
    return !turns;
}

void sched_expire(uint64_t now)
{
    struct thread *t;

    while ((t = sched.soonest) && t->deadline <= now) {
        sleeper_remove(t);
        t->waiting = false;
        turn_take(&t->turn);
    }
}

uint64_t sched_next_deadline(void)
{
    return sched.soonest ? sched.soonest->deadline : NEVER;
}

COLD void sched_backtrace(void)
{
    for (struct thread *t = sched.all; t; t = t->all_next) {
        if (t == sched.current)
            continue;
        say("thread %s:", t->name);
        backtrace(t->sp->rip, t->sp->rbp);
    }
}

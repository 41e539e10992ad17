#include <signal.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "kernel/sched.h"
#include "kernel/stack.h"
#include "test/fake/stack.h"

static char trace[256];
static uint64_t now;
static struct waitq q, other;

static void put(char c)
{
    trace[strlen(trace)] = c;
}

static void run(void)
{
    for (;;) {
        sched_expire(now);
        if (sched_run(1))
            continue;
        if (sched_next_deadline() == NEVER)
            return;
        now = sched_next_deadline();
    }
}

static void thrice(void *arg)
{
    for (int i = 0; i < 3; i++) {
        put(*(char *)arg);
        thread_yield();
    }
}

Test(sched, takes_turns)
{
    thread_create("a", thrice, "a");
    thread_create("b", thrice, "b");
    run();
    cr_assert_str_eq(trace, "ababab");
}

Test(sched, gives_as_many_turns_as_told)
{
    thread_create("a", thrice, "a");
    thread_create("b", thrice, "b");
    cr_assert(sched_run(4));
    cr_assert_str_eq(trace, "abab");
    cr_assert_not(sched_run(5), "no more: both have ended");
    cr_assert_str_eq(trace, "ababab");
    cr_assert_not(sched_run(1));
}

static struct turn work;

static void work_done(struct turn *t)
{
    cr_assert_null(thread_self());
    put('w');
    if (strlen(trace) == 2)
        turn_take(t);
}

static void takes_turn(void *arg)
{
    put(*(char *)arg);
    turn_take(&work);
    turn_take(&work);
    thread_yield();
    put(*(char *)arg);
}

Test(sched, work_without_a_thread_has_its_turn_once)
{
    work.fn = work_done;
    thread_create("a", takes_turn, "a");
    run();
    cr_assert_str_eq(trace, "awaw", "and may take another");
}

static void waiter(void *arg)
{
    waitq_wait(&q);
    put(*(char *)arg);
}

static void waker(void *arg)
{
    (void)arg;
    put('!');
    waitq_wake(&q);
}

Test(sched, wakes_in_the_order_of_waiting)
{
    thread_create("a", waiter, "a");
    thread_create("b", waiter, "b");
    thread_create("w", waker, NULL);
    run();
    cr_assert_str_eq(trace, "!ab");
    cr_assert_null(q.first);
    cr_assert_null(q.last);
}

static void sleeper(void *arg)
{
    uint64_t for_ns = *(uint64_t *)arg;

    thread_sleep(now + for_ns);
    put((char)('0' + for_ns));
}

Test(sched, sleeps_soonest_first_and_first_come_among_equals)
{
    uint64_t d[] = {5, 2, 9, 2, 1, 7};

    for (int i = 0; i < 6; i++)
        thread_create("s", sleeper, &d[i]);
    run();
    cr_assert_str_eq(trace, "122579");
    cr_assert_eq(now, 9);
    cr_assert_eq(sched_next_deadline(), NEVER);
}

static int result;

static void limited(void *arg)
{
    result = waitq_wait_until(&q, *(uint64_t *)arg);
    put('l');
}

Test(sched, a_wait_ends_at_its_deadline_and_leaves_the_queue)
{
    uint64_t d = 100;

    thread_create("l", limited, &d);
    run();
    cr_assert_eq(result, -ETIMEDOUT);
    cr_assert_eq(now, 100);
    cr_assert_null(q.first);
}

Test(sched, a_wake_before_the_deadline_takes_the_deadline_back)
{
    uint64_t d = 100;

    thread_create("l", limited, &d);
    thread_create("w", waker, NULL);
    run();
    cr_assert_eq(result, 0);
    cr_assert_eq(now, 0, "nobody was left to sleep until 100");
}

static void chooser(void *arg)
{
    struct waiter a, b;

    (void)arg;
    for (int i = 0; i < 2; i++) {
        waitq_join(&other, &a);
        waitq_join(&q, &b);
        cr_expect_eq(thread_wait(NEVER), 0);
        put(a.q ? 'q' : 'o'); /* a wake takes the waiter out */
        waitq_leave(&a);
        waitq_leave(&b);
    }
}

static void wake_both(void *arg)
{
    (void)arg;
    waitq_wake(&q);
    thread_yield();
    thread_yield();
    waitq_wake(&other);
}

Test(sched, a_thread_waits_in_several_queues)
{
    thread_create("c", chooser, NULL);
    thread_create("w", wake_both, NULL);
    run();
    cr_assert_str_eq(trace, "qo");
    cr_assert_null(q.first);
    cr_assert_null(other.first);
}

static void early(void *arg)
{
    struct waiter w;

    (void)arg;
    waitq_join(&q, &w);
    waitq_wake(&q); /* as if by another thread between join and wait */
    cr_expect_eq(thread_wait(NEVER), 0);
    waitq_leave(&w);
    waitq_join(&q, &w);
    cr_expect_eq(thread_wait(now + 5), -ETIMEDOUT, "woken once, not twice");
    waitq_leave(&w);
    put('e');
}

Test(sched, a_wake_between_joining_and_waiting_is_not_lost)
{
    thread_create("e", early, NULL);
    run();
    cr_assert_str_eq(trace, "e");
}

static void sleeps_through(void *arg)
{
    struct waiter w;

    (void)arg;
    waitq_join(&q, &w);
    waitq_wake(&q);
    waitq_leave(&w);
    thread_sleep(now + 50);
    put((char)('0' + now / 10));
}

Test(sched, a_stale_wake_does_not_cut_a_sleep_short)
{
    thread_create("s", sleeps_through, NULL);
    run();
    cr_assert_str_eq(trace, "5");
}

static void breaks_errno(void *arg)
{
    for (int i = 0; i < 3; i++) {
        errno = *(int *)arg;
        thread_yield();
        cr_expect_eq(errno, *(int *)arg);
    }
}

Test(sched, each_thread_has_its_own_errno)
{
    int a = 1, b = 2;

    thread_create("a", breaks_errno, &a);
    thread_create("b", breaks_errno, &b);
    run();
}

static void rounds_up(void *arg)
{
    uint32_t mxcsr, *ours = arg;

    __asm__ volatile("ldmxcsr %0" : : "m"(*ours));
    thread_yield();
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    cr_expect_eq(mxcsr & 0x6000, *ours & 0x6000);
}

Test(sched, each_thread_has_its_own_rounding_mode)
{
    uint32_t up = 0x5f80, down = 0x3f80;

    thread_create("up", rounds_up, &up);
    thread_create("down", rounds_up, &down);
    run();
}

static void prints_a_float(void *arg)
{
    char s[64];

    snprintf(s, sizeof(s), "%.3f", *(double *)arg);
    put(s[0]);
}

Test(sched, stacks_are_aligned_for_floats)
{
    double x = 3.14;

    thread_create("f", prints_a_float, &x);
    run();
    cr_assert_str_eq(trace, "3");
}

static int runs;

static void once(void *arg)
{
    (void)arg;
    runs++;
}

Test(sched, frees_what_exits)
{
    for (int i = 0; i < 20000; i++) {
        cr_assert(thread_create("x", once, NULL));
        run();
    }
    cr_assert_eq(runs, 20000);
    cr_assert_eq(fake_stacks, 0);
}

Test(sched, a_thread_without_a_stack_is_refused)
{
    fake_stacks_left = 0;
    errno = 0;
    cr_assert_null(thread_create("x", once, NULL));
    cr_assert_eq(errno, ENOMEM);
}

static void overflows(void *arg)
{
    char *low = __builtin_frame_address(0);

    (void)arg;
    low -= (uintptr_t)low % STACK_SIZE; /* the fake aligns stacks so */
    memset(low, 0, 64);
}

Test(sched, an_overflowed_stack_is_a_panic, .signal = SIGABRT)
{
    thread_create("deep", overflows, NULL);
    run();
}

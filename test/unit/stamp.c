/* stamp.c: what is told of the way up, and that it is told once. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "arch/x86_64/hypercall.h"
#include "kernel/sched.h"
#include "lib/param.h"
#include "test/fake/said.h"
#include "xen/clock.h"
#include "xen/stamp.h"
#include "xen/xenstore.h"

unsigned hypercall_count[HYPERCALLS];
static uint64_t ticks = 5000;
static void (*thread)(void *);
static char written[4][256];
static unsigned batches;

uint64_t cpu_rdtsc(void)
{
    return ticks;
}

/* Two ticks a nanosecond. */
uint64_t clock_of_ticks(uint64_t n)
{
    return n / 2;
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
    cr_assert(name && !arg);
    thread = fn;
    return (struct thread *)(void *)&thread;
}

/* Whoever waits for the reply: it comes. */
void waitq_wait(struct waitq *q)
{
    cr_assert(q);
    ticks += 20000;
    stamp(STAMP_REPLY);
}

static uint64_t slept;

uint64_t clock_now(void)
{
    return 7000;
}

void thread_sleep(uint64_t deadline)
{
    slept = deadline - clock_now();
    cr_assert_eq(batches, 0);
}

void waitq_wake(struct waitq *q)
{
    cr_assert(q);
}

struct xs_counts xs_counts(void)
{
    return (struct xs_counts){.requests = 20, .rounds = 3};
}

int xs_batch(uint32_t tx, struct xs_call *calls, size_t n)
{
    cr_assert_eq(tx, 0);
    batches++;
    for (size_t i = 0; i < n; i++)
        snprintf(written[i], sizeof(written[i]), "%s/%s=%s", calls[i].dir,
                 calls[i].path, calls[i].text);
    return 0;
}

static void want(const char *line)
{
    char **argv;

    param_init(line, &argv);
    stamp_init();
}

static void come_up(void)
{
    stamp(STAMP_ENTRY);
    ticks += 2 * 61234;
    stamp(STAMP_MAIN);
    hypercall_count[1] = 3;
    hypercall_count[32] = 11;
}

Test(stamp, tells_the_first_time_of_each_step)
{
    want("boot");
    come_up();
    ticks += 2000;
    stamp(STAMP_MAIN);
    stamp_tell();
    cr_assert_str_eq(fake_said, "boot: entry 0.0, main 61.2 us, 14 hypercalls, "
                                "20 requests, 3 rounds\n");
    cr_assert_str_eq(written[0], "data/boot/times=entry 0.0, main 61.2");
    cr_assert_str_eq(written[1], "data/boot/hypercalls=1x3 32x11");
    cr_assert_str_eq(written[2], "data/boot/xenstore=20 requests, 3 rounds");
    cr_assert_str_eq(written[3], "data/boot/entry=5000");
}

Test(stamp, nobody_is_told_who_did_not_ask)
{
    want("");
    come_up();
    stamp_tell();
    cr_assert_null(thread);
    cr_assert_eq(batches, 0);
    cr_assert_str_eq(fake_said, "");
}

Test(stamp, tells_when_the_reply_has_left_and_not_again)
{
    want("boot");
    come_up();
    stamp(STAMP_REPLY); /* to nothing */
    stamp(STAMP_IN);
    cr_assert(thread);
    thread(NULL);
    stamp_tell();
    cr_assert_eq(batches, 1);
    cr_assert_geq(slept, 10 * MILLISECOND, "it would count, too");
    cr_assert_str_eq(written[0], "data/boot/times=entry 0.0, main 61.2, "
                                 "in 61.2, reply 71.2");
}

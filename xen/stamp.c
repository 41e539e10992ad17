/* stamp.c: when this guest reached what: see stamp.h. */

#include "xen/stamp.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/hypercall.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "lib/param.h"
#include "lib/util.h"
#include "xen/clock.h"
#include "xen/xenstore.h"

#define FOLDER "data/boot"
#define LINE   200           /* a line of say(), less the rest of it */
#define PAUSE  (SECOND / 10) /* telling shall not take part in what is told */

static const char *const names[STAMPS] = {
    [STAMP_ENTRY] = "entry",   [STAMP_CONSOLE] = "console",
    [STAMP_TRAPS] = "traps",   [STAMP_MEMORY] = "memory",
    [STAMP_RANDOM] = "random", [STAMP_MAIN] = "main",
    [STAMP_VIF] = "vif",       [STAMP_ADDRESS] = "address",
    [STAMP_IN] = "in",         [STAMP_REPLY] = "reply",
};

static const char *wanted; /* NULL: not */
static const struct param boot_param PARAM = {"boot", &wanted};

static uint64_t ticks[STAMPS]; /* of the TSC, which is all there is at first */
static bool told;
static struct waitq wake;

void stamp(enum stamp which)
{
    if (ticks[which] || (which == STAMP_REPLY && !ticks[STAMP_IN]))
        return;
    ticks[which] = cpu_rdtsc();
    waitq_wake(&wake);
}

/* "entry 0, console 3.1, ... us": what was reached, since the first of them. */
static void put_times(char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < STAMPS && n < size; i++) {
        const uint64_t ns = clock_of_ticks(ticks[i] - ticks[STAMP_ENTRY]);

        if (ticks[i])
            n += (size_t)sniprintf(text + n, size - n, "%s%s %lu.%lu",
                                   n ? ", " : "", names[i], ns / MICROSECOND,
                                   ns % MICROSECOND / 100);
    }
}

/* "1x3 14x2": each hypercall that was made (xen/xen.h), and how often. */
static unsigned put_hypercalls(char *text, size_t size)
{
    unsigned sum = 0;
    size_t n = 0;

    for (unsigned nr = 0; nr < HYPERCALLS && n < size; nr++) {
        if (!hypercall_count[nr])
            continue;
        n += (size_t)sniprintf(text + n, size - n, "%s%ux%u", n ? " " : "", nr,
                               hypercall_count[nr]);
        sum += hypercall_count[nr];
    }
    return sum;
}

void stamp_tell(void)
{
    char times[LINE], hypercalls[LINE], counts[64], entry[24];
    struct xs_call calls[] = {
        xs_write_call(FOLDER, "times", times),
        xs_write_call(FOLDER, "hypercalls", hypercalls),
        xs_write_call(FOLDER, "xenstore", counts),
        xs_write_call(FOLDER, "entry", entry),
    };
    const struct xs_counts asked = xs_counts();
    unsigned sum;

    if (!wanted || told)
        return;
    told = true;
    put_times(times, sizeof(times));
    sum = put_hypercalls(hypercalls, sizeof(hypercalls));
    sniprintf(counts, sizeof(counts), "%u requests, %u rounds", asked.requests,
              asked.rounds);
    sniprintf(entry, sizeof(entry), "%lu", ticks[STAMP_ENTRY]);
    say("boot: %s us, %u hypercalls, %s", times, sum, counts);
    xs_batch(0, calls, ARRAY_LEN(calls));
}

static void tell_later(void *arg)
{
    (void)arg;
    while (!ticks[STAMP_REPLY])
        waitq_wait(&wake);
    thread_sleep(clock_now() + PAUSE);
    stamp_tell();
}

void stamp_init(void)
{
    if (wanted && !thread_create("boot", tell_later, NULL))
        say("boot: no memory for the thread that tells");
}

/* shutdown.c under a toolstack, on the real scheduler. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "kernel/sched.h"
#include "test/fake/events.h"
#include "test/fake/said.h"
#include "test/fake/world.h"
#include "test/fake/xenstored.h"
#include "xen/console.h"
#include "xen/shutdown.h"
#include "xen/xenstore.h"

#define SECOND 1000000000ull

static struct {
    int reason;            /* of the end; -1: not yet */
    unsigned drained;      /* calls of console_drain() */
    unsigned drained_last; /* lines said before the last one */
    struct waitq wake;
} end = {.reason = -1};
static uint64_t dropped;

uint64_t console_dropped(void)
{
    return dropped;
}

void console_drain(unsigned ms)
{
    cr_assert_gt(ms, 0);
    end.drained++;
    end.drained_last = fake_lines;
}

void sched_op_shutdown(unsigned reason)
{
    end.reason = (int)reason;
    waitq_wake(&end.wake);
    thread_exit();
}

static void setup(void)
{
    xs_init(fake_xs_ring(0u - 100), FAKE_XS_PORT);
    fake_xs_set("control/shutdown", "");
}

TestSuite(shutdown, .init = setup, .timeout = 20);

/* A test whose body runs in a thread, beside the one that listens. */
#define TEST(name)                                                             \
    static void name(void);                                                    \
    Test(shutdown, name)                                                       \
    {                                                                          \
        shutdown_init();                                                       \
        cr_assert(fake_world(name), "waits for ever");                         \
    }                                                                          \
    static void name(void)

static void settle(void)
{
    thread_sleep(fake_now + SECOND);
}

TEST(announces_what_it_obeys)
{
    settle();
    cr_assert_str_eq(fake_xs_get("control/feature-poweroff"), "1");
    cr_assert_str_eq(fake_xs_get("control/feature-reboot"), "1");
    cr_assert_null(fake_xs_get("control/feature-suspend"));
    cr_assert_eq(end.reason, -1);
    cr_assert_eq(fake_lines, 0);
}

static void ask(const char *word, int reason)
{
    settle();
    cr_assert_eq(end.reason, -1);
    fake_xs_set("control/shutdown", word);
    settle();
    cr_assert_eq(end.reason, reason);
    cr_assert_str_eq(fake_xs_get("control/shutdown"), "");
    cr_assert_eq(fake_xs.commits, 1);
    cr_assert_eq(fake_xs.transactions, 0);
    cr_assert_eq(fake_lines, 1);
    cr_assert_eq(end.drained, 1);
    cr_assert_eq(end.drained_last, 1); /* with the line just said */
}

TEST(powers_off)
{
    ask("poweroff", SHUTDOWN_poweroff);
}

TEST(takes_halt_for_poweroff)
{
    ask("halt", SHUTDOWN_poweroff);
}

TEST(reboots)
{
    ask("reboot", SHUTDOWN_reboot);
}

TEST(acknowledges_again_after_a_conflict)
{
    fake_xs.conflicts = 3;
    ask("reboot", SHUTDOWN_reboot);
    cr_assert_eq(fake_xs.conflicts, 0);
}

TEST(obeys_what_was_asked_before_it_looked)
{
    fake_xs_set("control/shutdown", "poweroff");
    settle();
    cr_assert_eq(end.reason, SHUTDOWN_poweroff);
}

TEST(does_not_promise_to_suspend)
{
    settle();
    fake_xs_set("control/shutdown", "suspend");
    settle();
    cr_assert_str_eq(fake_xs_get("control/shutdown"), "suspend");
    cr_assert_eq(end.reason, -1);
    cr_assert(strstr(fake_said, "suspend"));
    fake_xs_set("control/shutdown", ""); /* the toolstack gives up */
    fake_lines = 0;
    ask("poweroff", SHUTDOWN_poweroff);
}

TEST(ignores_what_it_does_not_know)
{
    settle();
    fake_xs_set("control/shutdown", "explode");
    settle();
    cr_assert_str_eq(fake_xs_get("control/shutdown"), "");
    cr_assert_eq(fake_lines, 1);
    fake_xs_set("control/shutdown", "a word that is longer than any");
    settle();
    fake_xs_set("control/shutdown", NULL);
    settle();
    cr_assert_eq(end.reason, -1);
    fake_xs_set("control/shutdown", "poweroff");
    settle();
    cr_assert_eq(end.reason, SHUTDOWN_poweroff);
}

static unsigned told;
static uint64_t told_at;

static void tell(void)
{
    told++;
    told_at = fake_now;
}

TEST(gives_a_program_that_wants_it_time_to_end)
{
    settle();
    cr_assert_eq(shutdown_reason(), SHUTDOWN_poweroff);
    shutdown_defer(tell);
    fake_xs_set("control/shutdown", "reboot");
    settle();
    cr_assert_eq(told, 1);
    cr_assert_eq(end.reason, -1);
    cr_assert_eq(shutdown_reason(), SHUTDOWN_reboot);
    cr_assert_str_eq(fake_xs_get("control/shutdown"), "");
    thread_sleep(told_at + SHUTDOWN_GRACE * SECOND - 1);
    cr_assert_eq(end.reason, -1);
    settle();
    cr_assert_eq(end.reason, SHUTDOWN_reboot);
    cr_assert_eq(told, 1);
    cr_assert_eq(fake_lines, 2);
}

TEST(ends_at_once_when_the_program_no_longer_wants_time)
{
    settle();
    shutdown_defer(tell);
    shutdown_defer(NULL);
    ask("poweroff", SHUTDOWN_poweroff);
    cr_assert_eq(told, 0);
}

/* The toolstack empties the node between our look and our transaction. */
static void take_back(void)
{
    fake_xs_set("control/shutdown", "");
}

TEST(does_nothing_when_the_request_is_taken_back)
{
    settle();
    fake_xs.on_begin = take_back;
    fake_xs_set("control/shutdown", "poweroff");
    settle();
    cr_assert_eq(end.reason, -1);
    cr_assert_eq(fake_xs.transactions, 0);
    cr_assert_eq(fake_xs.commits, 0);
    fake_xs.on_begin = NULL;
    ask("poweroff", SHUTDOWN_poweroff);
}

TEST(publishes_the_exit_status)
{
    uint64_t before = fake_now;

    exit_status_publish(-3);
    cr_assert_str_eq(fake_xs_get("data/exit"), "-3");
    cr_assert(strstr(fake_said, "exit status -3\n"));
    cr_assert_eq(fake_lines, 1);
    cr_assert_eq(fake_now, before);
    exit_status_publish(0);
    cr_assert_str_eq(fake_xs_get("data/exit"), "0");
}

TEST(confesses_what_was_not_printed)
{
    dropped = 5000000000;
    exit_status_publish(0);
    cr_assert(strstr(fake_said, "5000000000 bytes"));
    cr_assert_eq(fake_lines, 2);
    cr_assert_eq(end.drained, 1); /* before there is something to say */
    cr_assert_eq(end.drained_last, 0);
}

TEST(ends_although_xenstored_is_dead)
{
    settle();
    uint64_t before = fake_now;

    fake_xs.deaf = true;
    exit_status_publish(1);
    cr_assert_eq(fake_now, before + 2 * SECOND);
    cr_assert_null(fake_xs_get("data/exit"));
}

TEST(ends_although_xenstored_does_not_answer)
{
    settle();
    uint64_t before = fake_now;

    fake_xs.mute = true;
    exit_status_publish(1);
    cr_assert_eq(fake_now, before + 2 * SECOND);
}

TEST(ends_although_xenstored_is_mad)
{
    settle();
    uint64_t before = fake_now;

    fake_xs.lie = LIE_ID;
    exit_status_publish(1);
    cr_assert_eq(fake_now, before);
}

Test(shutdown, needs_no_xenstore)
{
    xs_init(NULL, 0);
    shutdown_init();
    cr_assert(fake_world(settle));
    cr_assert_eq(end.reason, -1);
    cr_assert_str_eq(fake_said, "");
}

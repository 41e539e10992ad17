/* time.c: POSIX's clocks and sleeps. */

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>
#include "kernel/sched.h"
#include "xen/clock.h"

static uint64_t now = 5 * SECOND;

uint64_t clock_now(void)
{
    return now;
}

uint64_t clock_wall(void)
{
    return now + 1000 * SECOND;
}

void thread_sleep(uint64_t deadline)
{
    if (deadline > now)
        now = deadline;
}

static uint64_t sleep_for(time_t seconds, long ns)
{
    const struct timespec ts = {seconds, ns};
    struct timespec left = {7, 7};

    now = 5 * SECOND;
    cr_assert_eq(nanosleep(&ts, &left), 0);
    cr_assert(left.tv_sec == 0 && left.tv_nsec == 0);
    return now == NEVER ? NEVER : now - 5 * SECOND;
}

Test(time, sleeps_as_long_as_it_is_told)
{
    cr_assert_eq(sleep_for(0, 0), 0);
    cr_assert_eq(sleep_for(3, 7), 3 * SECOND + 7);
    now = 0;
    cr_assert_eq(sleep(UINT_MAX), 0);
    cr_assert_eq(now, UINT_MAX * SECOND);
    cr_assert_eq(usleep(5), 0);
    cr_assert_eq(now, UINT_MAX * SECOND + 5000);
}

Test(time, a_sleep_longer_than_the_clock_can_count_does_not_end)
{
    cr_assert_eq(sleep_for(LONG_MAX, 0), NEVER);
    cr_assert_eq(sleep_for(LONG_MAX, 999999999), NEVER);
    cr_assert_eq(sleep_for(18446744073, 0), NEVER);
    cr_assert_eq(sleep_for(18446744074, 0), NEVER);
    cr_assert_eq(sleep_for(9223372036, 0), NEVER,
                 "Xen's timer would take it for the past");
    cr_assert_eq(sleep_for(9223372000, 0), 9223372000 * SECOND);
}

Test(time, refuses_to_sleep_for_what_is_no_time)
{
    const struct timespec wrong[] = {{-1, 0}, {0, -1}, {0, 1000000000}};

    for (size_t i = 0; i < 3; i++) {
        errno = 0;
        cr_assert_eq(nanosleep(&wrong[i], NULL), -1);
        cr_assert_eq(errno, EINVAL);
    }
    cr_assert_eq(now, 5 * SECOND);
}

Test(time, tells_both_clocks)
{
    struct timespec ts;

    cr_assert_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    cr_assert(ts.tv_sec == 5 && ts.tv_nsec == 0);
    cr_assert_eq(clock_gettime(CLOCK_REALTIME, &ts), 0);
    cr_assert(ts.tv_sec == 1005 && ts.tv_nsec == 0);
    cr_assert_eq(clock_gettime(99, &ts), -1);
    cr_assert_eq(errno, EINVAL);
}

/* time.c: POSIX's clocks and sleeps over ours. */

#include <errno.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "kernel/sched.h"
#include "lib/posix.h"
#include "xen/clock.h"

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){
        .tv_sec = (time_t)(ns / SECOND),
        .tv_nsec = (long)(ns % SECOND),
    };
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC) {
        errno = EINVAL;
        return -1;
    }
    *ts = timespec_of(id == CLOCK_REALTIME ? clock_wall() : clock_now());
    return 0;
}

int clock_getres(clockid_t id, struct timespec *ts)
{
    if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC) {
        errno = EINVAL;
        return -1;
    }
    if (ts)
        *ts = timespec_of(1);
    return 0;
}

int gettimeofday(struct timeval *tv, void *zone)
{
    uint64_t now = clock_wall();

    (void)zone;
    *tv = (struct timeval){
        .tv_sec = (time_t)(now / SECOND),
        .tv_usec = (suseconds_t)(now % SECOND / MICROSECOND),
    };
    return 0;
}

/* One program, never preempted: its time is the time. */
clock_t times(struct tms *t)
{
    clock_t now = (clock_t)(clock_now() / (SECOND / CLOCKS_PER_SEC));

    *t = (struct tms){.tms_utime = now};
    return now;
}

int nanosleep(const struct timespec *ts, struct timespec *left)
{
    if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= (long)SECOND) {
        errno = EINVAL;
        return -1;
    }
    thread_sleep(posix_after((uint64_t)ts->tv_sec, (uint64_t)ts->tv_nsec));
    if (left)
        *left = (struct timespec){0};
    return 0;
}

unsigned sleep(unsigned seconds)
{
    thread_sleep(clock_now() + seconds * SECOND);
    return 0;
}

int usleep(useconds_t us)
{
    thread_sleep(clock_now() + us * MICROSECOND);
    return 0;
}

/* posix.h: results as POSIX wants them, -errno becoming -1 and errno, and its
 * timeouts. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/sched.h"
#include "xen/clock.h"

static inline ssize_t posix_result(ssize_t result)
{
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static inline int posix_status(int result)
{
    return (int)posix_result(result);
}

/* When so much time from now is over; beyond what Xen's timer can count: NEVER.
 */
static inline uint64_t posix_after(uint64_t seconds, uint64_t ns)
{
    int64_t t;

    return __builtin_mul_overflow(seconds, SECOND, &t) ||
                   __builtin_add_overflow(t, ns, &t) ||
                   __builtin_add_overflow(t, clock_now(), &t)
               ? NEVER
               : (uint64_t)t;
}

/* When a wait of so many milliseconds is over; below zero: NEVER. */
static inline uint64_t posix_deadline(int timeout_ms)
{
    if (timeout_ms < 0)
        return NEVER;
    return timeout_ms ? clock_now() + (uint64_t)timeout_ms * MILLISECOND : 0;
}

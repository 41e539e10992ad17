/* still.c: kernel/sched.h's wait queues where nobody ever waits. */

#include <criterion/criterion.h>
#include <errno.h>

#include "kernel/sched.h"

void waitq_wake(struct waitq *q)
{
    cr_assert_null(q->first);
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    (void)q;
    (void)deadline;
    return -ETIMEDOUT;
}

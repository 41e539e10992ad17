/* poll.c: poll() and select(): the caller waits in the queue of every file. */

#include <poll.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/posix.h"
#include "lib/util.h"
#include "xen/clock.h"

#define MASK_BITS (sizeof(unsigned long) * CHAR_BIT)

struct place {
    struct file *file; /* NULL: nothing to wait for */
    struct waiter waiter;
};

/* What is ready of what is asked for, and of what always counts. */
static int look(struct pollfd *fds, const struct place *places, size_t n,
                unsigned always)
{
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        struct file *f = places[i].file;
        unsigned want = (unsigned short)fds[i].events | always;

        if (f && f->fds)
            fds[i].revents = (short)(file_ready(f, want) & want);
        else
            fds[i].revents = fds[i].fd < 0 ? 0 : POLLNVAL;
        count += fds[i].revents != 0;
    }
    return count;
}

/* poll(), but for where the memory comes from. */
static int wait_in(struct pollfd *fds, struct place *places, size_t n,
                   unsigned always, uint64_t deadline)
{
    int err = deadline == 0 ? -ETIMEDOUT : 0;
    bool again = false;
    int count;

    for (size_t i = 0; i < n; i++)
        places[i].file = fd_get(fds[i].fd);
    while ((count = look(fds, places, n, always)) == 0 && !err) {
        if (again && clock_now() >= deadline)
            break; /* though we are woken all the time */
        for (size_t i = 0; i < n; i++)
            if (places[i].file)
                waitq_join(&places[i].file->changed, &places[i].waiter);
        err = thread_wait(deadline);
        for (size_t i = 0; i < n; i++)
            if (places[i].file)
                waitq_leave(&places[i].waiter);
        again = true;
    }
    for (size_t i = 0; i < n; i++)
        if (places[i].file)
            file_put(places[i].file);
    return count;
}

/* How many are ready at the deadline, 0: do not wait; or -errno. */
static int wait_for(struct pollfd *fds, size_t n, unsigned always,
                    uint64_t deadline)
{
    struct place few[8];
    struct place *places = few;
    int count;

    if (n > FD_LIMIT)
        return -EINVAL;
    if (n > ARRAY_LEN(few))
        places = malloc(n * sizeof(*places));
    if (!places)
        return -ENOMEM;
    count = wait_in(fds, places, n, always, deadline);
    if (places != few)
        free(places);
    return count;
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    return posix_status(
        wait_for(fds, n, POLLERR | POLLHUP, posix_deadline(timeout_ms)));
}

/* An fd_set as what it is, whatever FD_SETSIZE its owner was compiled with. */
static unsigned long *mask_of(fd_set *set)
{
    return (unsigned long *)(void *)set;
}

static bool is_in(fd_set *set, int fd)
{
    return set &&
           mask_of(set)[(size_t)fd / MASK_BITS] >> ((size_t)fd % MASK_BITS) & 1;
}

static bool put_in(fd_set *set, int fd)
{
    if (set)
        mask_of(set)[(size_t)fd / MASK_BITS] |= 1ul << (size_t)fd % MASK_BITS;
    return set;
}

static void clear(fd_set *set, int n)
{
    if (set)
        memset(set, 0,
               ((size_t)n + MASK_BITS - 1) / MASK_BITS * sizeof(unsigned long));
}

/* What is asked for; how many descriptors that is. */
static size_t ask(struct pollfd *fds, int n, fd_set *in, fd_set *out,
                  fd_set *except)
{
    size_t count = 0;

    for (int fd = 0; fd < n; fd++) {
        int events = (is_in(in, fd) ? POLLIN | POLLHUP | POLLERR : 0) |
                     (is_in(out, fd) ? POLLOUT | POLLERR : 0) |
                     (is_in(except, fd) ? POLLPRI : 0);

        if (events)
            fds[count++] = (struct pollfd){.fd = fd, .events = (short)events};
    }
    return count;
}

/* What came of it; how many bits are set. */
static int tell(const struct pollfd *fds, size_t n, fd_set *in, fd_set *out,
                fd_set *except)
{
    int bits = 0;

    for (size_t i = 0; i < n; i++) {
        int e = fds[i].events, r = fds[i].revents;

        if ((e & POLLIN) && (r & (POLLIN | POLLHUP | POLLERR)))
            bits += put_in(in, fds[i].fd);
        if ((e & POLLOUT) && (r & (POLLOUT | POLLERR)))
            bits += put_in(out, fds[i].fd);
        if ((e & POLLPRI) && (r & POLLPRI))
            bits += put_in(except, fds[i].fd);
    }
    return bits;
}

static int select_until(int n, fd_set *in, fd_set *out, fd_set *except,
                        uint64_t deadline)
{
    struct pollfd *fds = malloc((size_t)n * sizeof(*fds) + 1);
    size_t count;
    int ready;

    if (!fds)
        return -ENOMEM;
    count = ask(fds, n, in, out, except);
    ready = wait_for(fds, count, 0, deadline);
    for (size_t i = 0; i < count; i++)
        if (ready > 0 && (fds[i].revents & POLLNVAL))
            ready = -EBADF;
    if (ready >= 0) {
        clear(in, n);
        clear(out, n);
        clear(except, n);
        ready = tell(fds, count, in, out, except);
    }
    free(fds);
    return ready;
}

int select(int n, fd_set *in, fd_set *out, fd_set *except,
           struct timeval *timeout)
{
    uint64_t deadline = NEVER;

    if (n < 0 || n > FD_LIMIT ||
        (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
        return posix_status(-EINVAL);
    if (timeout && timeout->tv_sec == 0 && timeout->tv_usec == 0)
        deadline = 0;
    else if (timeout)
        deadline = posix_after(
            (uint64_t)timeout->tv_sec + (uint64_t)timeout->tv_usec / 1000000,
            (uint64_t)timeout->tv_usec % 1000000 * MICROSECOND);
    return posix_status(select_until(n, in, out, except, deadline));
}

/* signalfd.c over lib/fd.c; the toolstack is ours to play. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include "lib/fd.h"
#include "test/fake/alone.h"
#include "xen/shutdown.h"

#include <sys/signalfd.h> /* lib/include's */

static void (*told)(void);

void shutdown_defer(void (*tell)(void))
{
    told = tell;
}

static sigset_t term;
static struct signalfd_siginfo info;

static void set_up(void)
{
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
}

static unsigned ready(int fd)
{
    struct file *f = fd_get(fd);
    unsigned events = file_ready(f, ~0u);

    file_put(f);
    return events;
}

TestSuite(signalfd, .init = set_up);

Test(signalfd, becomes_readable_when_asked_to_end)
{
    int fd = signalfd(-1, &term, SFD_NONBLOCK);

    cr_assert_geq(fd, 0);
    cr_assert(told);
    cr_assert_eq(ready(fd), 0);
    cr_assert_eq(fd_read(fd, &info, sizeof(info)), -EAGAIN);
    told();
    cr_assert(ready(fd) & POLLIN);
    cr_assert_eq(fd_read(fd, &info, sizeof(info) - 1), -EINVAL);
    cr_assert_eq(fd_read(fd, &info, sizeof(info)), sizeof(info));
    cr_assert_eq(info.ssi_signo, SIGTERM);
    cr_assert_eq(ready(fd), 0);
    cr_assert_eq(fd_read(fd, &info, sizeof(info)), -EAGAIN);
}

static void ask(void)
{
    told();
}

Test(signalfd, wakes_who_waits_in_read)
{
    int fd = signalfd(-1, &term, 0);

    fake_after(5000, ask);
    cr_assert_eq(fd_read(fd, &info, sizeof(info)), sizeof(info));
    cr_assert_eq(info.ssi_signo, SIGTERM);
}

Test(signalfd, is_there_once_and_ends_with_its_descriptor)
{
    int fd = signalfd(-1, &term, 0);

    cr_assert_eq(signalfd(-1, &term, 0), -1);
    cr_assert_eq(errno, EBUSY);
    told();
    cr_assert_eq(fd_close(fd), 0);
    cr_assert(!told);
    fd = signalfd(-1, &term, SFD_NONBLOCK);
    cr_assert_geq(fd, 0);
    cr_assert_eq(ready(fd), 0); /* that was the other one's */
    cr_assert(told);
}

Test(signalfd, knows_one_signal_and_makes_no_changes)
{
    sigset_t mask;

    cr_assert_eq(signalfd(0, &term, 0), -1);
    cr_assert_eq(errno, EINVAL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    cr_assert_eq(signalfd(-1, &mask, 0), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert(!told);
}

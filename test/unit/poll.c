#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include "lib/fd.h"
#include "lib/util.h"
#include "test/fake/alone.h"
#include "test/fake/switchable.h"
#include "xen/clock.h"

#define MS 1000000ull

static struct switchable files[20];

static void open_all(void)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        cr_assert_eq(switchable_open(&files[i]), (int)i);
}

/* Whatever happened, nobody is left in a queue or holds a file. */
static void close_all(void)
{
    cr_assert_eq(fake_joined, 0);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        fd_close((int)i);
        cr_assert_eq(files[i].closed, 1);
    }
}

static void make_1_readable(void)
{
    switchable_set(&files[1], POLLIN);
}

static void make_1_writable(void)
{
    switchable_set(&files[1], POLLOUT);
}

static void close_1(void)
{
    fd_close(1);
    cr_assert_eq(files[1].closed, 0);
}

TestSuite(poll, .init = open_all, .fini = close_all);

Test(poll, reports_what_is_ready_without_waiting)
{
    struct pollfd p[] = {{.fd = 0, .events = POLLIN},
                         {.fd = 1, .events = POLLIN | POLLOUT},
                         {.fd = 2, .events = POLLIN, .revents = 99},
                         {.fd = -1, .events = POLLIN, .revents = 99},
                         {.fd = 3}};

    files[0].ready = POLLIN | POLLOUT;
    files[1].ready = POLLOUT;
    files[2].ready = POLLOUT;
    files[3].ready = POLLERR | POLLHUP | POLLIN;
    cr_assert_eq(poll(p, 5, -1), 3);
    cr_assert_eq(p[0].revents, POLLIN);
    cr_assert_eq(p[1].revents, POLLOUT);
    cr_assert_eq(p[2].revents, 0);
    cr_assert_eq(p[3].revents, 0);
    cr_assert_eq(p[4].revents, POLLERR | POLLHUP);
    cr_assert_eq(fake_sleeps, 0);
}

Test(poll, returns_at_once_if_told_so)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};

    cr_assert_eq(poll(&p, 1, 0), 0);
    cr_assert_eq(fake_sleeps, 0);
}

Test(poll, names_descriptors_that_are_not_open)
{
    struct pollfd p[] = {{.fd = 77, .events = POLLIN},
                         {.fd = 0, .events = POLLIN}};

    cr_assert_eq(poll(p, 2, -1), 1);
    cr_assert_eq(p[0].revents, POLLNVAL);
}

Test(poll, waits_for_the_event_asked_for)
{
    struct pollfd p[] = {{.fd = 0, .events = POLLIN},
                         {.fd = 1, .events = POLLIN}};

    fake_after(5 * MS, make_1_writable);
    fake_after(9 * MS, make_1_readable);
    cr_assert_eq(poll(p, 2, -1), 1);
    cr_assert_eq(p[1].revents, POLLIN);
    cr_assert_eq(fake_now, 1000 + 9 * MS);
    cr_assert_eq(fake_sleeps, 2);
}

Test(poll, gives_up_at_its_deadline_whatever_else_happens)
{
    struct pollfd p[] = {{.fd = 0, .events = POLLIN},
                         {.fd = 1, .events = POLLIN}};

    fake_after(5 * MS, make_1_writable);
    cr_assert_eq(poll(p, 2, 7), 0);
    cr_assert_eq(fake_now, 1000 + 7 * MS);
}

static unsigned changes;

static void change_1_for_a_while(void)
{
    changes++;
    fake_now += MS;
    file_changed(&files[1].file);
}

Test(poll, gives_up_at_its_deadline_though_it_is_woken_all_the_time)
{
    struct pollfd p = {.fd = 1, .events = POLLIN};

    for (int i = 0; i < 10; i++)
        fake_after(0, change_1_for_a_while);
    cr_assert_eq(poll(&p, 1, 7), 0);
    cr_assert_eq(changes, 7);
}

Test(poll, waits_in_many_queues_and_leaves_them)
{
    struct pollfd p[ARRAY_LEN(files)];

    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        p[i] = (struct pollfd){.fd = (int)i, .events = POLLIN};
    fake_after(MS, make_1_readable);
    cr_assert_eq(poll(p, ARRAY_LEN(p), -1), 1);
    cr_assert_eq(p[1].revents, POLLIN);
    cr_assert_null(files[19].file.changed.first);
}

Test(poll, takes_a_descriptor_twice)
{
    struct pollfd p[] = {{.fd = 1, .events = POLLIN},
                         {.fd = 1, .events = POLLIN | POLLOUT}};

    fake_after(MS, make_1_readable);
    cr_assert_eq(poll(p, 2, -1), 2);
}

Test(poll, ends_when_a_file_is_closed_meanwhile)
{
    struct pollfd p = {.fd = 1, .events = POLLIN};

    fake_after(MS, close_1);
    cr_assert_eq(poll(&p, 1, -1), 1);
    cr_assert_eq(p.revents, POLLNVAL);
    cr_assert_eq(files[1].closed, 1);
}

Test(poll, sleeps_if_there_is_nothing_to_wait_for)
{
    cr_assert_eq(poll(NULL, 0, 20), 0);
    cr_assert_eq(fake_now, 1000 + 20 * MS);
}

Test(poll, refuses_more_than_can_be_open)
{
    static struct pollfd p[FD_LIMIT + 1];

    errno = 0;
    cr_assert_eq(poll(p, FD_LIMIT + 1, 0), -1);
    cr_assert_eq(errno, EINVAL);
}

Test(poll, select_reports_bits)
{
    fd_set in, out, except;

    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    FD_SET(0, &in);
    FD_SET(1, &in);
    FD_SET(1, &out);
    FD_SET(2, &out);
    FD_SET(3, &in);
    FD_SET(4, &except);
    FD_SET(900, &in); /* not below n */
    files[0].ready = POLLIN | POLLOUT;
    files[1].ready = POLLIN | POLLOUT;
    files[2].ready = POLLIN | POLLPRI; /* not asked for */
    files[3].ready = POLLHUP;
    files[4].ready = POLLPRI;
    cr_assert_eq(select(5, &in, &out, &except, NULL), 5);
    cr_assert(FD_ISSET(0, &in));
    cr_assert(FD_ISSET(1, &in));
    cr_assert(FD_ISSET(1, &out));
    cr_assert(!FD_ISSET(2, &out));
    cr_assert(FD_ISSET(3, &in));
    cr_assert(!FD_ISSET(0, &out));
    cr_assert(FD_ISSET(4, &except));
    cr_assert_eq(fake_sleeps, 0);
}

Test(poll, select_waits_and_clears)
{
    struct timeval timeout = {.tv_sec = 1, .tv_usec = 500};
    fd_set in;

    FD_ZERO(&in);
    FD_SET(1, &in);
    FD_SET(2, &in);
    fake_after(MS, make_1_readable);
    cr_assert_eq(select(3, &in, NULL, NULL, NULL), 1);
    cr_assert(FD_ISSET(1, &in));
    cr_assert(!FD_ISSET(2, &in));
    switchable_set(&files[1], 0);
    fake_now = 0;
    cr_assert_eq(select(3, &in, NULL, NULL, &timeout), 0);
    cr_assert_eq(fake_now, 1000500000);
    cr_assert(!FD_ISSET(1, &in));
}

Test(poll, select_returns_at_once_or_sleeps_if_told_so)
{
    struct timeval none = {0}, some = {.tv_usec = 3};
    fd_set in;

    FD_ZERO(&in);
    FD_SET(0, &in);
    cr_assert_eq(select(1, &in, NULL, NULL, &none), 0);
    cr_assert_eq(fake_sleeps, 0);
    cr_assert_eq(select(0, NULL, NULL, NULL, &some), 0);
    cr_assert_eq(fake_now, 4000);
}

Test(poll, select_goes_on_waiting_where_only_what_it_was_not_asked_for_happens)
{
    struct timeval t = {.tv_usec = 3000};
    fd_set out, except;

    FD_ZERO(&out);
    FD_SET(1, &out);
    files[1].ready = POLLHUP; /* as the reading end of a pipe says */
    fake_after(5 * MS, make_1_writable);
    cr_assert_eq(select(2, NULL, &out, NULL, NULL), 1);
    cr_assert(FD_ISSET(1, &out));
    cr_assert_eq(fake_now, 1000 + 5 * MS);

    FD_ZERO(&except);
    FD_SET(2, &except);
    files[2].ready = POLLERR | POLLHUP | POLLIN;
    cr_assert_eq(select(3, NULL, NULL, &except, &t), 0);
    cr_assert_not(FD_ISSET(2, &except));
    cr_assert_eq(fake_now, 1000 + 8 * MS);
}

Test(poll, select_waits_for_longer_than_the_clock_can_count)
{
    const struct timeval times[] = {{.tv_sec = LONG_MAX},
                                    {.tv_sec = LONG_MAX, .tv_usec = LONG_MAX},
                                    {.tv_sec = 18446744073},
                                    {.tv_usec = LONG_MAX}};

    fake_now = SECOND;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct timeval t = times[i];
        fd_set in;

        FD_ZERO(&in);
        FD_SET(1, &in);
        files[1].ready = 0;
        fake_after(SECOND, make_1_readable);
        cr_assert_eq(select(2, &in, NULL, NULL, &t), 1, "%zu", i);
    }
}

Test(poll, select_refuses_what_makes_no_sense)
{
    struct timeval negative = {.tv_sec = -1};
    fd_set in;

    FD_ZERO(&in);
    FD_SET(0, &in);
    FD_SET(77, &in);
    cr_assert_eq(select(78, &in, NULL, NULL, NULL), -1);
    cr_assert_eq(errno, EBADF);
    cr_assert(FD_ISSET(0, &in));
    errno = 0;
    cr_assert_eq(select(-1, &in, NULL, NULL, NULL), -1);
    cr_assert_eq(errno, EINVAL);
    errno = 0;
    cr_assert_eq(select(1, &in, NULL, NULL, &negative), -1);
    cr_assert_eq(errno, EINVAL);
}

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include "lib/fd.h"
#include "lib/util.h"
#include "test/fake/alone.h"
#include "test/fake/switchable.h"

#define MS 1000000ull

static struct switchable files[8];
static struct epoll_event events[8];
static int ep;

static void open_all(void)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        cr_assert_eq(switchable_open(&files[i]), (int)i);
    ep = epoll_create1(EPOLL_CLOEXEC);
    cr_assert_eq(ep, 8);
}

static void close_all(void)
{
    cr_assert_eq(fake_joined, 0);
    fd_close(ep);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        fd_close((int)i);
        cr_assert_null(files[i].file.watches);
        cr_assert_eq(files[i].closed, 1);
    }
}

static int control(int op, int fd, uint32_t what)
{
    struct epoll_event e = {.events = what, .data.u64 = 100 + (uint64_t)fd};

    return epoll_ctl(ep, op, fd, &e);
}

static void watch(int fd, uint32_t what)
{
    cr_assert_eq(control(EPOLL_CTL_ADD, fd, what), 0);
}

/* What is reported now: one event of fd, or nothing. */
static void expect(int fd, uint32_t what)
{
    cr_assert_eq(epoll_wait(ep, events, 8, 0), 1);
    cr_assert_eq(events[0].data.u64, 100 + (uint64_t)fd);
    cr_assert_eq(events[0].events, what);
}

static void expect_nothing(void)
{
    cr_assert_eq(epoll_wait(ep, events, 8, 0), 0);
}

static void make_3_readable(void)
{
    switchable_set(&files[3], POLLIN);
}

static void make_3_writable(void)
{
    switchable_set(&files[3], POLLOUT);
}

static unsigned changes;

static void change_3_for_a_while(void)
{
    changes++;
    fake_now += MS;
    make_3_readable();
    files[3].ready = 0; /* someone else has read it */
}

static void close_3(void)
{
    fd_close(3);
}

static void close_ep(void)
{
    fd_close(ep);
}

TestSuite(epoll, .init = open_all, .fini = close_all);

Test(epoll, reports_a_level_as_long_as_it_lasts)
{
    watch(1, EPOLLIN);
    expect_nothing();
    switchable_set(&files[1], POLLIN | POLLOUT);
    expect(1, EPOLLIN);
    expect(1, EPOLLIN);
    files[1].ready = 0;
    expect_nothing();
    expect_nothing();
    switchable_set(&files[1], POLLIN);
    expect(1, EPOLLIN);
}

Test(epoll, reports_an_edge_once)
{
    watch(1, EPOLLIN | EPOLLET);
    switchable_set(&files[1], POLLIN);
    expect(1, EPOLLIN);
    expect_nothing();
    switchable_set(&files[1], POLLIN); /* more came */
    switchable_set(&files[1], POLLIN);
    expect(1, EPOLLIN);
    expect_nothing();
}

Test(epoll, reports_once_until_armed_again)
{
    watch(1, EPOLLIN | EPOLLONESHOT);
    switchable_set(&files[1], POLLIN);
    expect(1, EPOLLIN);
    switchable_set(&files[1], POLLIN | POLLERR);
    expect_nothing();
    cr_assert_eq(control(EPOLL_CTL_MOD, 1, EPOLLIN | EPOLLONESHOT), 0);
    expect(1, EPOLLIN | EPOLLERR);
    expect_nothing();
}

Test(epoll, sees_what_was_ready_before)
{
    files[2].ready = POLLOUT;
    watch(2, EPOLLIN | EPOLLOUT);
    expect(2, EPOLLOUT);
    cr_assert_eq(control(EPOLL_CTL_MOD, 2, EPOLLIN), 0);
    expect_nothing();
    cr_assert_eq(control(EPOLL_CTL_MOD, 2, EPOLLOUT), 0);
    expect(2, EPOLLOUT);
}

Test(epoll, takes_other_data_with_other_events)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 7};

    watch(2, EPOLLIN);
    switchable_set(&files[2], POLLIN);
    expect(2, EPOLLIN);
    cr_assert_eq(epoll_ctl(ep, EPOLL_CTL_MOD, 2, &e), 0);
    cr_assert_eq(epoll_wait(ep, events, 8, 0), 1);
    cr_assert_eq(events[0].data.u64, 7);
}

Test(epoll, always_reports_errors_and_hang_ups)
{
    watch(2, 0);
    switchable_set(&files[2], POLLIN | POLLHUP | POLLERR);
    expect(2, EPOLLHUP | EPOLLERR);
}

Test(epoll, takes_turns_when_there_is_more_than_fits)
{
    unsigned seen[8] = {0};

    for (int fd = 0; fd < 8; fd++) {
        watch(fd, EPOLLIN);
        switchable_set(&files[fd], POLLIN);
    }
    for (int i = 0; i < 8; i++) {
        cr_assert_eq(epoll_wait(ep, events, 3, 0), 3);
        for (int k = 0; k < 3; k++)
            seen[events[k].data.u64 - 100]++;
    }
    for (int fd = 0; fd < 8; fd++)
        cr_assert_eq(seen[fd], 3);
}

Test(epoll, looks_only_at_files_that_changed)
{
    for (int fd = 0; fd < 8; fd++) {
        watch(fd, EPOLLIN);
        files[fd].asked = 0;
    }
    switchable_set(&files[5], POLLIN);
    expect(5, EPOLLIN);
    for (int fd = 0; fd < 8; fd++)
        cr_assert_eq(files[fd].asked > 0, fd == 5);
}

Test(epoll, waits_until_something_of_interest_happens)
{
    watch(3, EPOLLIN);
    fake_after(2 * MS, make_3_writable);
    fake_after(4 * MS, make_3_readable);
    cr_assert_eq(epoll_wait(ep, events, 8, -1), 1);
    cr_assert_eq(fake_now, 1000 + 4 * MS);
    cr_assert_eq(fake_sleeps, 1); /* being writable woke nobody */
}

static void say_3_is(void)
{
    file_became(&files[3].file, POLL_READ);
}

static void know_3_is(void)
{
    files[3].ready = POLLIN | POLLOUT;
    file_became(&files[3].file, POLL_WRITE);
    file_became(&files[3].file, POLL_READ);
}

Test(epoll, believes_who_says_what_it_became)
{
    watch(3, EPOLLIN);
    fake_after(2 * MS, say_3_is); /* though it is not */
    fake_after(4 * MS, know_3_is);
    cr_assert_eq(epoll_wait(ep, events, 8, -1), 1);
    cr_assert_eq(events[0].events, EPOLLIN);
    cr_assert_eq(fake_now, 1000 + 4 * MS);
    cr_assert_eq(fake_sleeps, 2, "the first was for nothing");
    files[3].ready = 0;
    expect_nothing();
    files[3].ready = POLLIN | POLLOUT;
    file_became(&files[3].file, POLL_WRITE);
    expect_nothing(); /* nobody asked about that */
}

Test(epoll, gives_up_at_its_deadline)
{
    watch(3, EPOLLIN);
    cr_assert_eq(epoll_wait(ep, events, 8, 6), 0);
    cr_assert_eq(fake_now, 1000 + 6 * MS);
    cr_assert_eq(epoll_wait(ep, events, 8, 1), 0);
    cr_assert_eq(fake_now, 1000 + 7 * MS);
    expect_nothing();
    cr_assert_eq(fake_sleeps, 2);
}

Test(epoll, forgets_a_file_that_is_closed)
{
    watch(3, EPOLLIN);
    watch(4, EPOLLIN);
    switchable_set(&files[3], POLLIN);
    switchable_set(&files[4], POLLIN);
    fd_close(3);
    cr_assert_eq(files[3].closed, 1);
    cr_assert_null(files[3].file.watches);
    expect(4, EPOLLIN);
    fake_after(MS, close_3);
    cr_assert_eq(control(EPOLL_CTL_DEL, 4, 0), 0);
    cr_assert_eq(epoll_wait(ep, events, 8, 5), 0);
}

Test(epoll, keeps_watching_while_a_copy_is_open)
{
    int copy = fd_dup(3);

    watch(3, EPOLLIN);
    watch(copy, EPOLLIN | EPOLLET);
    fd_close(3);
    switchable_set(&files[3], POLLIN);
    cr_assert_eq(epoll_wait(ep, events, 8, 0), 2);
    fd_close(copy);
    expect_nothing();
}

Test(epoll, a_waiting_thread_learns_that_it_is_closed)
{
    watch(3, EPOLLIN);
    fake_after(MS, close_ep);
    cr_assert_eq(epoll_wait(ep, events, 8, -1), -1);
    cr_assert_eq(errno, EBADF);
    cr_assert_null(files[3].file.watches);
}

Test(epoll, stops_watching_when_told)
{
    watch(1, EPOLLIN);
    switchable_set(&files[1], POLLIN);
    cr_assert_eq(control(EPOLL_CTL_DEL, 1, 0), 0);
    expect_nothing();
    cr_assert_eq(control(EPOLL_CTL_DEL, 1, 0), -1);
    cr_assert_eq(errno, ENOENT);
    watch(1, EPOLLIN);
    expect(1, EPOLLIN);
}

Test(epoll, several_watch_the_same_file)
{
    int first = ep, second = epoll_create(1);

    watch(1, EPOLLIN);
    ep = second;
    watch(1, EPOLLIN);
    switchable_set(&files[1], POLLIN);
    expect(1, EPOLLIN);
    fd_close(second);
    ep = first;
    expect(1, EPOLLIN);
}

Test(epoll, is_itself_ready_while_it_has_something)
{
    struct pollfd p = {.fd = ep, .events = POLLIN};

    watch(3, EPOLLIN);
    cr_assert_eq(poll(&p, 1, 0), 0);
    fake_after(MS, make_3_readable);
    cr_assert_eq(poll(&p, 1, -1), 1);
    cr_assert_eq(p.revents, POLLIN);
    files[3].ready = 0;
    cr_assert_eq(poll(&p, 1, 0), 0);
    make_3_readable();
    expect(3, EPOLLIN);
}

Test(epoll, refuses_what_makes_no_sense)
{
    static const struct file_ops plain;
    static struct file file;
    static const struct {
        int op, fd, err;
    } cases[] = {
        {EPOLL_CTL_ADD, 99, EBADF}, {EPOLL_CTL_ADD, 8, EINVAL},
        {EPOLL_CTL_ADD, 9, EPERM},  {EPOLL_CTL_MOD, 1, ENOENT},
        {EPOLL_CTL_DEL, 1, ENOENT}, {77, 1, EINVAL},
        {EPOLL_CTL_ADD, 2, EEXIST},
    };

    file_init(&file, &plain, O_RDONLY);
    cr_assert_eq(fd_open(&file), 9);
    watch(2, EPOLLIN);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        errno = 0;
        cr_assert_eq(control(cases[i].op, cases[i].fd, EPOLLIN), -1);
        cr_assert_eq(errno, cases[i].err, "case %zu: %d", i, errno);
    }
    cr_assert_eq(epoll_wait(ep, events, 0, 0), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(epoll_wait(1, events, 8, 0), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(epoll_wait(99, events, 8, 0), -1);
    cr_assert_eq(errno, EBADF);
    cr_assert_eq(epoll_create(0), -1);
    cr_assert_eq(epoll_create1(1), -1);
    cr_assert_eq(files[1].file.refs, 1);
    fd_close(9);
}

Test(epoll, gives_up_at_its_deadline_though_it_is_woken_all_the_time)
{
    watch(3, EPOLLIN);
    for (int i = 0; i < 10; i++)
        fake_after(0, change_3_for_a_while);
    cr_assert_eq(epoll_wait(ep, events, 8, 7), 0);
    cr_assert_eq(changes, 7);
}

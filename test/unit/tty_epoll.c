/* tty.c under epoll.c: threads that wait for the console. */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/tty.h"
#include "test/fake/stack.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"

/* The console's ring: what was typed, and how much it takes. */
static const char *typed = "";
static size_t space = 10;
static struct waitq *moved;

size_t console_get(char *text, size_t n)
{
    size_t i;

    for (i = 0; i < n && *typed; i++)
        text[i] = *typed++;
    return i;
}

size_t console_put(const char *text, size_t n)
{
    (void)text;
    n = n < space ? n : space;
    space -= n;
    return n;
}

size_t console_space(void)
{
    return space;
}

void console_drop(size_t n)
{
    cr_assert_fail("%zu bytes dropped", n);
}

uint32_t console_port(void)
{
    return 9;
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    cr_assert_eq(port, 9);
    moved = wake;
    return 0;
}

uint64_t clock_now(void)
{
    return 1;
}

static int ep, count;
static struct epoll_event event;

static void wait_for_one(void *arg)
{
    struct epoll_event wanted = {.events = *(uint32_t *)arg};

    ep = epoll_create1(0);
    cr_assert_eq(epoll_ctl(ep, EPOLL_CTL_ADD, 0, &wanted), 0);
    count = epoll_wait(ep, &event, 1, -1);
}

static void start(uint32_t events)
{
    tty_init();
    cr_assert_not_null(thread_create("main", wait_for_one, &events));
    while (sched_run(1))
        ;
    cr_assert_eq(count, 0, "there is nothing yet");
}

static void console_moves(void)
{
    waitq_wake(moved);
    while (sched_run(1))
        ;
}

Test(tty_epoll, a_line_that_is_typed_ends_the_wait)
{
    start(EPOLLIN);
    typed = "half";
    console_moves();
    cr_assert_eq(count, 0);
    typed = " a line\r";
    console_moves();
    cr_assert_eq(count, 1);
    cr_assert_eq(event.events, EPOLLIN);
}

Test(tty_epoll, so_does_room_for_output)
{
    space = 0;
    start(EPOLLOUT);
    space = 10;
    console_moves();
    cr_assert_eq(count, 1);
    cr_assert_eq(event.events, EPOLLOUT);
}

static void watch_again(void *arg)
{
    struct epoll_event wanted = {.events = EPOLLIN};
    const int other = epoll_create1(0);

    (void)arg;
    cr_assert_eq(epoll_ctl(other, EPOLL_CTL_ADD, 1, &wanted), 0);
    count = epoll_wait(other, &event, 1, -1);
    fd_close(other);
}

Test(tty_epoll, whoever_watches_later_is_told_too_by_the_same_thread)
{
    const unsigned stacks = fake_stacks;

    start(EPOLLIN);
    typed = "one\r";
    console_moves();
    cr_assert_eq(count, 1);
    cr_assert_eq(fd_close(ep), 0);
    cr_assert_eq(fd_read(0, (char[9]){0}, 9), 4);

    count = 0;
    thread_create("again", watch_again, NULL);
    while (sched_run(1))
        ;
    cr_assert_eq(count, 0);
    typed = "two\r";
    console_moves();
    cr_assert_eq(count, 1);
    cr_assert_eq(fake_stacks, stacks + 1);
}

static void try_to_watch(void *arg)
{
    struct epoll_event wanted = {.events = EPOLLIN};

    (void)arg;
    ep = epoll_create1(0);
    count = epoll_ctl(ep, EPOLL_CTL_ADD, 0, &wanted);
}

Test(tty_epoll, without_memory_for_that_thread_it_is_not_watched)
{
    tty_init();
    thread_create("main", try_to_watch, NULL);
    fake_stacks_left = fake_stacks;
    while (sched_run(1))
        ;
    cr_assert_eq(count, -1);
}

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/pipe.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

static int fds[2];
static size_t moved;

static void writer(void *arg)
{
    uint8_t block[1000];

    (void)arg;
    while (moved < 100000) {
        for (size_t i = 0; i < sizeof(block); i++)
            block[i] = byte_at(moved + i);
        cr_assert_eq(fd_write(fds[1], block, sizeof(block)), sizeof(block));
        moved += sizeof(block);
    }
    fd_close(fds[1]);
}

static void stream(void)
{
    uint8_t block[777];
    size_t got = 0;
    ssize_t n;

    cr_assert_eq(pipe(fds), 0);
    thread_create("writer", writer, NULL);
    nap(FAKE_SECOND);
    cr_assert_leq(moved, PIPE_SIZE, "a writer waits for room");
    while ((n = fd_read(fds[0], block, sizeof(block))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            cr_assert_eq(block[i], byte_at(got + (size_t)i));
        got += (size_t)n;
    }
    cr_assert_eq(n, 0);
    cr_assert_eq(got, moved);
    fd_close(fds[0]);
}

Test(pipe, carries_bytes_from_thread_to_thread)
{
    cr_assert(world(stream));
}

static ssize_t result;

static void write_more(void *arg)
{
    static const uint8_t block[PIPE_SIZE + 1];

    result = fd_write(*(int *)arg, block, sizeof(block));
}

static void read_one(void *arg)
{
    uint8_t byte;

    result = fd_read(*(int *)arg, &byte, 1);
}

/* Whoever waits is woken when an end goes away. */
static void ends(void)
{
    pipe(fds);
    result = 99;
    thread_create("reader", read_one, &fds[0]);
    nap(FAKE_SECOND);
    cr_assert_eq(result, 99);
    fd_close(fds[1]);
    nap(FAKE_SECOND);
    cr_assert_eq(result, 0, "the end");
    fd_close(fds[0]);

    pipe(fds);
    thread_create("writer", write_more, &fds[1]);
    nap(FAKE_SECOND);
    fd_close(fds[0]);
    nap(FAKE_SECOND);
    cr_assert_eq(result, PIPE_SIZE, "what went in");
    cr_assert_eq(fd_write(fds[1], "x", 1), -EPIPE);
    fd_close(fds[1]);

    pipe(fds);
    thread_create("reader", read_one, &fds[0]);
    nap(FAKE_SECOND);
    fd_close(fds[0]);
    nap(FAKE_SECOND);
    cr_assert_eq(result, -EBADF, "closed by another thread");
    fd_close(fds[1]);
}

Test(pipe, wakes_who_waits_when_an_end_is_closed)
{
    cr_assert(world(ends));
}

static void atomic(void)
{
    static uint8_t block[PIPE_SIZE];

    pipe2(fds, O_NONBLOCK);
    cr_assert_eq(fd_write(fds[1], block, PIPE_SIZE - 10), PIPE_SIZE - 10);
    cr_assert_eq(fd_write(fds[1], block, 11), -EAGAIN, "all or nothing");
    cr_assert_not(ready(fds[1]) & POLLOUT);
    cr_assert_eq(fd_write(fds[1], block, PIPE_ATOMIC + 1), 10);
    cr_assert_eq(fd_write(fds[1], block, 1), -EAGAIN);
    cr_assert_eq(fd_read(fds[0], block, PIPE_ATOMIC - 1), PIPE_ATOMIC - 1);
    cr_assert_not(ready(fds[1]) & POLLOUT);
    cr_assert_eq(fd_read(fds[0], block, 1), 1);
    cr_assert(ready(fds[1]) & POLLOUT);
    cr_assert_eq(fd_write(fds[1], block, PIPE_ATOMIC), PIPE_ATOMIC);
    fd_close(fds[0]);
    fd_close(fds[1]);
}

Test(pipe, writes_little_in_one_piece)
{
    cr_assert(world(atomic));
}

static void no_memory(void)
{
    for (size_t n = 0; n < 3; n++) {
        mallocs_left = n;
        cr_assert_eq(pipe(fds), -1);
        cr_assert_eq(errno, ENOMEM);
    }
    for (size_t n = 0; n < 4; n++) {
        mallocs_left = n;
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), -1);
        cr_assert_eq(errno, ENOBUFS);
    }
    mallocs_left = SIZE_MAX;
}

Test(pipe, gives_everything_back_without_memory)
{
    cr_assert(world(no_memory));
}

/* With an even number of descriptors left, and an odd one. */
static void no_descriptors(void)
{
    int first = -1, last;

    while ((last = fd_dup(first < 0 ? (first = socket(AF_INET, SOCK_DGRAM, 0))
                                    : first)) >= 0)
        ;
    cr_assert_eq(last, -EMFILE);
    for (int left = 0; left < 2; left++) {
        cr_assert_eq(pipe(fds), -1);
        cr_assert_eq(errno, EMFILE);
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), -1);
        cr_assert_eq(errno, EMFILE);
        fd_close(FD_LIMIT - 1);
    }
    for (int fd = first; fd < FD_LIMIT; fd++)
        fd_close(fd);
}

Test(pipe, gives_everything_back_without_descriptors)
{
    cr_assert(world(no_descriptors));
}

static void duplex(void)
{
    char text[8] = "";

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    thread_create("writer", write_more, &fds[0]);
    nap(FAKE_SECOND);
    cr_assert_not(ready(fds[0]) & POLLOUT);
    cr_assert_eq(send(fds[1], "back", 4, 0), 4, "the other way is free");
    cr_assert_eq(recv(fds[0], text, 8, 0), 4);
    cr_assert_eq(shutdown(fds[1], SHUT_RD), 0);
    nap(FAKE_SECOND);
    cr_assert_eq(result, PIPE_SIZE);
    cr_assert_eq(recv(fds[1], text, 8, 0), 0);
    fd_close(fds[0]);
    fd_close(fds[1]);
}

Test(pipe, carries_bytes_both_ways_in_a_pair)
{
    cr_assert(world(duplex));
}

static void pieces(void)
{
    static uint8_t block[PIPE_SIZE];
    struct iovec many[2] = {{block, LONG_MAX}, {block, 1}};
    struct iovec some[2] = {{block, 10}, {block, 20}};
    struct msghdr msg = {.msg_iov = many, .msg_iovlen = 2};

    pipe2(fds, O_NONBLOCK);
    cr_assert_eq(writev(fds[1], many, 2), -1);
    cr_assert_eq(errno, EINVAL, "more than a size can tell");
    many[0].iov_len = SIZE_MAX;
    cr_assert_eq(readv(fds[0], many, 2), -1);
    cr_assert_eq(errno, EINVAL, "nor around its end");
    cr_assert_eq(sendmsg(fds[1], &msg, 0), -1);
    cr_assert_eq(errno, EMSGSIZE);
    mallocs_left = 0;
    cr_assert_eq(writev(fds[1], some, 2), -1);
    cr_assert_eq(errno, ENOMEM);
    cr_assert_eq(writev(fds[1], some, 1), 10, "one piece needs none");
    mallocs_left = SIZE_MAX;
    cr_assert_eq(readv(fds[0], some, 2), 10);
    fd_close(fds[0]);
    fd_close(fds[1]);
}

Test(pipe, counts_pieces_with_care)
{
    cr_assert(world(pieces));
}

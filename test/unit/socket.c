#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/frame.h"
#include "test/fake/net.h"
#include "test/fake/said.h"
#include "test/fake/sockets.h"

static int victim;
static int victims_errno;

static void wait_in_recv(void *arg)
{
    char c;

    (void)arg;
    cr_assert_eq(recv(victim, &c, 1, 0), -1);
    victims_errno = errno;
}

static void wait_in_accept(void *arg)
{
    (void)arg;
    cr_assert_eq(accept(victim, NULL, NULL), -1);
    victims_errno = errno;
}

static void wait_in_send(void *arg)
{
    static uint8_t data[3000000];

    (void)arg;
    cr_assert_gt(send(victim, data, sizeof(data), 0), 0);
    cr_assert_eq(send(victim, data, 1, 0), -1);
    victims_errno = errno;
}

static void close_under(void (*wait)(void *), int fd)
{
    victim = fd;
    victims_errno = 0;
    thread_create("victim", wait, NULL);
    nap(FAKE_SECOND);
    cr_assert_eq(victims_errno, 0);
    fd_close(fd);
    nap(FAKE_SECOND);
    cr_assert_eq(victims_errno, EBADF);
}

static void closed_while_waiting(void)
{
    int pair[2];

    make_pair(PEER, pair);
    close_under(wait_in_recv, pair[0]);
    close_under(wait_in_accept, listener(PORT + 1, 5));
    fd_close(pair[1]);
    make_pair("127.0.0.1", pair);
    close_under(wait_in_send, pair[0]);
    fd_close(pair[1]);
    close_under(wait_in_recv, socket(AF_INET, SOCK_DGRAM, 0));
}

Test(socket, ends_calls_that_wait_in_a_closed_descriptor)
{
    cr_assert(world(closed_while_waiting));
}

static void addresses(void)
{
    const int l = listener(PORT, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
    const int a = bound(1000), b = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in mine;
    socklen_t len = 1;
    uint16_t last = 0;

    cr_assert_eq(call(bind, fd, "0.0.0.0", PORT), -1);
    cr_assert_eq(errno, EADDRINUSE);
    cr_assert_eq(call(bind, fd, "10.0.0.3", PORT), -1);
    cr_assert_eq(errno, EADDRNOTAVAIL);
    cr_assert_eq(call(bind, fd, HERE, PORT + 1), 0);
    cr_assert_eq(call(bind, fd, HERE, PORT + 2), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(len, sizeof(mine), "what it would have taken");
    len = sizeof(mine);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(mine.sin_family, AF_INET);
    cr_assert_eq(mine.sin_port, htons(PORT + 1));
    cr_assert_eq(mine.sin_addr.s_addr, inet_addr(HERE));
    cr_assert_eq(getpeername(fd, (struct sockaddr *)&mine, &len), -1);
    cr_assert_eq(errno, ENOTCONN);
    cr_assert_eq(call(bind, b, "0.0.0.0", 1000), -1);
    cr_assert_eq(errno, EADDRINUSE);
    mine.sin_family = AF_INET6;
    cr_assert_eq(bind(b, (struct sockaddr *)&mine, len), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    cr_assert_eq(bind(b, (struct sockaddr *)&mine, 2), -1);
    cr_assert_eq(errno, EINVAL);
    for (int i = 0; i < 10; i++) {
        const int c = socket(AF_INET, SOCK_STREAM, 0);

        cr_assert_eq(call(bind, c, "0.0.0.0", 0), 0);
        cr_assert_eq(getsockname(c, (struct sockaddr *)&mine, &len), 0);
        cr_assert_geq(ntohs(mine.sin_port), 0xc000);
        cr_assert_neq(ntohs(mine.sin_port), last + 1, "not to be guessed");
        last = ntohs(mine.sin_port);
        fd_close(c);
    }
    fd_close(a);
    fd_close(b);
    fd_close(fd);
    fd_close(l);
}

Test(socket, binds_to_what_is_free_and_ours)
{
    cr_assert(world(addresses));
}

static void options(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    const int d = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    int value = 1;

    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, SOL_SOCKET, SO_RCVBUF, 1);
    cr_assert_eq(get_int(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_assert_geq(get_int(fd, SOL_SOCKET, SO_RCVBUF), 256 * 1024);
    cr_assert_geq(get_int(fd, SOL_SOCKET, SO_SNDBUF), 256 * 1024);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    cr_assert_eq(get_int(d, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, 999, &value, sizeof(value)), -1);
    cr_assert_eq(errno, ENOPROTOOPT);
    cr_assert_eq(setsockopt(d, IPPROTO_TCP, TCP_NODELAY, &value, 4), -1);
    cr_assert_eq(errno, ENOPROTOOPT);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 3), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    cr_assert_eq(listen(d, 1), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    cr_assert_eq(accept(d, NULL, NULL), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    cr_assert_eq(recv(fd, &value, 4, 0), -1);
    cr_assert_eq(errno, ENOTCONN);
    cr_assert_eq(shutdown(d, SHUT_RD), -1);
    cr_assert_eq(errno, ENOTCONN);
    fd_close(fd);
    fd_close(d);
    cr_assert_eq(listen(fd, 1), -1);
    cr_assert_eq(errno, EBADF);
    cr_assert_eq(socket(AF_UNIX, SOCK_STREAM, 0), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -1);
    cr_assert_eq(errno, EPROTONOSUPPORT);
    cr_assert_eq(socket(AF_INET, SOCK_RAW, 0), -1);
    cr_assert_eq(errno, EINVAL);
}

Test(socket, has_the_options_and_errors_of_posix)
{
    cr_assert(world(options));
}

static struct file plain;
static void not_a_socket(void)
{
    static const struct file_ops ops = {0};
    int fd;

    file_init(&plain, &ops, O_RDWR);
    fd = fd_open(&plain);
    cr_assert_eq(listen(fd, 1), -1);
    cr_assert_eq(errno, ENOTSOCK);
    fd_close(fd);
}

Test(socket, refuses_other_files)
{
    cr_assert(world(not_a_socket));
}

/* What a program does with sockets, checking only that failures are clean. */
static void use_sockets(uint16_t port)
{
    const int l = socket(AF_INET, SOCK_STREAM, 0);
    const int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int d = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    static uint8_t data[5000];
    int s = -1;

    if (l >= 0 && c >= 0 && d >= 0 && call(bind, l, "0.0.0.0", port) == 0 &&
        listen(l, 5) == 0) {
        fd_control(l, F_SETFL, O_NONBLOCK);
        call(connect, c, PEER, port);
        for (int i = 0; i < 30 && s < 0; i++) {
            nap(FAKE_SECOND / 10);
            s = accept(l, NULL, NULL);
        }
        send(c, data, sizeof(data), 0);
        send_to(d, data, sizeof(data), PEER, 9);
        nap(FAKE_SECOND);
        if (s >= 0)
            recv(s, data, sizeof(data), MSG_DONTWAIT);
    }
    mallocs_left = SIZE_MAX; /* timers must go on */
    for (int fd = 0; fd < 4; fd++)
        fd_close(fd);
}

static void poor(void)
{
    for (size_t n = 0; n < 60; n++) {
        mallocs_left = n;
        use_sockets((uint16_t)(PORT + n));
    }
}

Test(socket, survives_every_failing_allocation)
{
    cr_assert(world(poor));
}

#define HOARD 60
static void hoard(void)
{
    static uint8_t data[256 * 1024];
    int pairs[HOARD][2], last[2];

    for (int i = 0; i < HOARD; i++) {
        make_pair(PEER, pairs[i]);
        fd_control(pairs[i][0], F_SETFL, O_NONBLOCK);
    }
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < HOARD; i++) {
            send(pairs[i][0], data, 20000, 0);
            nap(FAKE_SECOND / 100);
            cr_assert_leq(frame_pages(), buf_limit() / 2);
        }
    cr_assert_gt(fake_counts.rx_full, 0);
    for (int i = 0; i < HOARD; i++) {
        while (recv(pairs[i][1], data, sizeof(data), MSG_DONTWAIT) > 0)
            nap(FAKE_SECOND / 100);
        fd_close(pairs[i][1]);
        fd_close(pairs[i][0]);
        if (i == 10) { /* a little room is enough for new ones */
            make_pair(PEER, last);
            fd_close(last[0]);
            fd_close(last[1]);
        }
    }
}

Test(socket, cannot_be_stopped_by_unread_data)
{
    cr_assert(world(hoard));
}

static void no_interface(void)
{
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, 0), -1);
    cr_assert_eq(errno, ENODEV);
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, 0), -1);
    cr_assert_eq(fake_lines, 1, "said once");
    cr_assert(strstr(fake_said, "no network interface"));
}

Test(socket, needs_an_interface)
{
    fake_net.vifs = 0;
    cr_assert(fake_world(no_interface));
}

static int seen[3];
static bool finished;

static void wait_in_epoll(void *arg)
{
    const int ep = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd one;
    char c;

    (void)arg;
    for (int fd = 0; fd < 2; fd++) {
        event.data.fd = fd;
        cr_assert_eq(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event), 0);
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(epoll_wait(ep, &event, 1, -1), 1);
        seen[i] = event.data.fd;
        if (event.data.fd == 1)
            cr_assert_eq(recv(1, &c, 1, 0), 1);
        else
            one.fd = accept(0, NULL, NULL);
    }
    one.events = POLLIN;
    cr_assert_eq(poll(&one, 1, -1), 1);
    cr_assert_eq(recv(one.fd, &c, 1, 0), 1);
    fd_close(one.fd);
    fd_close(ep);
    finished = true;
}

static void wakes(void)
{
    const int l = listener(PORT, 5), d = bound(1000);
    int c;

    cr_assert(l == 0 && d == 1);
    thread_create("epoll", wait_in_epoll, NULL);
    nap(FAKE_SECOND);
    c = client(PEER, PORT);
    nap(FAKE_SECOND);
    cr_assert_eq(send_to(d, "x", 1, PEER, 1000), 1);
    nap(FAKE_SECOND);
    cr_assert(seen[0] == l && seen[1] == d && !finished);
    cr_assert_eq(send(c, "x", 1, 0), 1);
    nap(FAKE_SECOND);
    cr_assert(finished);
    fd_close(c);
    fd_close(d);
    fd_close(l);
}

Test(socket, wakes_those_who_wait_in_poll_and_epoll)
{
    cr_assert(world(wakes));
}

/* scarce.c: sockets and pipes, whichever of their allocations fails: a call
 * says so, or the network has lost a frame, or nobody sees it. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/frame.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "test/unit/scarce.h"

static size_t budget_before;
static int fds[12];

/* TIME_WAIT is over, fragments are given up, neighbours are known again. */
static void settle(void)
{
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            cr_assert_eq(fd_close(fds[i]), 0);
    memset(fds, -1, sizeof(fds));
    for (int fd = 0; fd < FD_LIMIT; fd++)
        cr_assert_eq(fd_close(fd), -EBADF);
    nap(400 * FAKE_SECOND);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(slab_in_use(), budget_before);
}

/* At least so many allocations are known to be there. */
static void each(void (*scenario)(void), size_t least)
{
    fill_pool(256);
    memset(fds, -1, sizeof(fds));
    budget_before = slab_in_use();
    cr_assert_geq(scarce_each(scenario, settle), least);
}

/* A call over the network: what it sent or waited for may have been lost. */
static bool arrives(long result)
{
    if (result >= 0 || (errno != EAGAIN && errno != ECONNRESET))
        return scarce_fine(result);
    cr_assert(scarce_failed());
    return false;
}

/* Where the stack talks to itself. */
static const char *there;

static int at_there(int (*fn)(int, const struct sockaddr *, socklen_t), int fd,
                    uint16_t port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};

    if (!strchr(there, ':'))
        return call(fn, fd, there, port);
    inet_pton(AF_INET6, there, &in6.sin6_addr);
    return fn(fd, (const struct sockaddr *)&in6, sizeof(in6));
}

/* A socket in fds[i], at a port unless that is 0. */
static bool opened(int i, int type, int protocol, uint16_t port)
{
    const bool v6 = strchr(there, ':') != NULL;
    const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6,
                                      .sin6_port = htons(port)};
    const int fd = socket(v6 ? AF_INET6 : AF_INET, type, protocol);

    if (!scarce_fine(fd))
        return false;
    fds[i] = fd;
    set_timeout(fd, SO_RCVTIMEO, 60);
    if (!port)
        return true;
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return scarce_fine(
        v6 ? bind(fd, (const struct sockaddr *)&any6, sizeof(any6))
           : call(bind, fd, "0.0.0.0", port));
}

static uint8_t out[5000], in[5000];

static void fill(void)
{
    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = byte_at(i);
    memset(in, 0, sizeof(in));
}

static void stream_through(int from, int to)
{
    ssize_t sent, n;
    size_t got = 0;

    fill();
    sent = send(from, out, sizeof(out), 0);
    if (!arrives(sent) || !scarce_fine(shutdown(from, SHUT_WR)))
        return;
    while ((n = recv(to, in + got, sizeof(in) - got, 0)) > 0)
        got += (size_t)n;
    cr_assert_arr_eq(in, out, got);
    if (arrives(n))
        cr_assert_eq(got, (size_t)sent);
}

static void stream(void)
{
    if (opened(0, SOCK_STREAM, 0, PORT) && scarce_fine(listen(fds[0], 5)) &&
        opened(1, SOCK_STREAM, 0, 0) &&
        arrives(at_there(connect, fds[1], PORT)) &&
        arrives(fds[2] = accept(fds[0], NULL, NULL))) {
        stream_through(fds[1], fds[2]);
        stream_through(fds[2], fds[1]);
    }
}

/* Closed with bytes that nobody has read, and by a client nobody accepts. */
static void rude_stream(void)
{
    if (!opened(0, SOCK_STREAM, 0, PORT) || !scarce_fine(listen(fds[0], 5)))
        return;
    for (int i = 1; i < 4; i++) {
        if (opened(i, SOCK_STREAM, 0, 0) &&
            arrives(at_there(connect, fds[i], PORT)))
            arrives(send(fds[i], out, sizeof(out), 0));
        nap(FAKE_SECOND);
    }
    arrives(fds[4] = accept(fds[0], NULL, NULL));
}

static void datagram(void)
{
    static const size_t sizes[] = {0, 100, 5000};

    if (!opened(0, SOCK_DGRAM, 0, PORT) ||
        !opened(1, SOCK_DGRAM, 0, PORT + 1) ||
        !scarce_fine(at_there(connect, fds[1], PORT)))
        return;
    fill();
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        const size_t n = sizes[i];

        if (scarce_fine(send(fds[1], out, n, 0)) &&
            arrives(recv(fds[0], in, sizeof(in), 0)))
            cr_assert_arr_eq(in, out, n);
    }
}

static void ping(void)
{
    const bool v6 = strchr(there, ':') != NULL;

    fill();
    out[0] = v6 ? 128 : ICMP_ECHO;
    out[1] = 0;
    if (opened(0, SOCK_DGRAM, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 0) &&
        scarce_fine(at_there(connect, fds[0], 0)) &&
        scarce_fine(send(fds[0], out, 3000, 0)) &&
        arrives(recv(fds[0], in, sizeof(in), 0)))
        cr_assert_arr_eq(in + 6, out + 6, 3000 - 6);
}

/* Each of them at addr; then nothing of it is left. */
static void each_at(const char *addr, size_t stream_least, size_t least)
{
    there = addr;
    each(stream, stream_least);
    each(rude_stream, stream_least);
    each(datagram, least);
    each(ping, least);
}

static void over_ipv4(void)
{
    each_at(PEER, 50, 10);
}

Test(scarce, sockets_live_with_any_failure_over_ipv4)
{
    cr_assert(world(over_ipv4));
}

/* Of several pages each. */
Test(scarce, sockets_live_with_any_failure_in_large_frames)
{
    fake_net.mtu = 9000;
    cr_assert(world(over_ipv4));
}

static void over_ipv6(void)
{
    each_at(PEER6, 50, 10);
}

Test(scarce, sockets_live_with_any_failure_over_ipv6)
{
    cr_assert(world6(over_ipv6));
}

static void over_loopback(void)
{
    each_at("127.0.0.1", 20, 5);
    each_at("::1", 20, 5);
}

Test(scarce, sockets_live_with_any_failure_over_loopback)
{
    cr_assert(world6(over_loopback));
}

static void messages(void)
{
    struct iovec parts[2] = {{out, 100}, {out + 100, 200}};
    struct iovec places[2] = {{in, 150}, {in + 150, 150}};
    const struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
    struct msghdr got = {.msg_iov = places, .msg_iovlen = 2};

    fill();
    if (!scarce_fine(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)))
        return;
    if (scarce_fine(sendmsg(fds[0], &msg, 0)) &&
        scarce_fine(recvmsg(fds[1], &got, MSG_WAITALL)))
        cr_assert_arr_eq(in, out, 300);
    if (scarce_fine(pipe(fds + 2)) && scarce_fine(writev(fds[3], parts, 2)) &&
        scarce_fine(readv(fds[2], places, 2)))
        cr_assert_arr_eq(in, out, 300);
}

static void waiting(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd all[12];

    for (int i = 0; i < 10; i += 2)
        if (!scarce_fine(pipe(fds + i)))
            return;
    if (!scarce_fine(fds[10] = epoll_create1(0)))
        return;
    for (int i = 0; i < 10; i += 2) {
        event.data.fd = fds[i];
        if (!scarce_fine(epoll_ctl(fds[10], EPOLL_CTL_ADD, fds[i], &event)))
            return;
    }
    cr_assert_eq(fd_write(fds[5], "x", 1), 1);
    cr_assert_eq(epoll_wait(fds[10], &event, 1, -1), 1);
    cr_assert_eq(event.data.fd, fds[4]);
    for (int i = 0; i < 12; i++)
        all[i] = (struct pollfd){.fd = fds[i / 2 * 2], .events = POLLIN};
    if (scarce_fine(poll(all, 12, -1)))
        cr_assert(all[4].revents == POLLIN && !all[0].revents);
}

static void within(void)
{
    each(messages, 9);
    each(waiting, 5 * 3 + 1 + 5 + 1);
}

Test(scarce, pipes_and_those_who_wait_live_with_any_failure)
{
    cr_assert(world(within));
}

static void groups(void)
{
    struct ip_mreqn v4 = {.imr_multiaddr.s_addr = inet_addr("239.192.2.1")};
    struct ipv6_mreq v6 = {.ipv6mr_interface = 2};

    inet_pton(AF_INET6, "ff12::4d01", &v6.ipv6mr_multiaddr);
    if (opened(0, SOCK_DGRAM, 0, PORT))
        scarce_fine(
            setsockopt(fds[0], IPPROTO_IPV6, IPV6_JOIN_GROUP, &v6, sizeof(v6)));
    there = PEER;
    if (opened(1, SOCK_DGRAM, 0, PORT + 1) &&
        scarce_fine(
            setsockopt(fds[1], IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4, sizeof(v4))))
        cr_assert_eq(
            setsockopt(fds[1], IPPROTO_IP, IP_DROP_MEMBERSHIP, &v4, sizeof(v4)),
            0);
    there = PEER6;
}

static void all_groups(void)
{
    there = PEER6;
    each(groups, 6);
}

Test(scarce, members_of_groups_live_with_any_failure)
{
    cr_assert(world6(all_groups));
}

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define SYN 0x02

static uint8_t ttl, tos;

static void look(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    if (frame[12] == 8 && frame[13] == 0 &&
        (frame[23] == IPPROTO_UDP ||
         (frame[23] == IPPROTO_TCP && frame[47] == SYN))) {
        tos = frame[15];
        ttl = frame[22];
    }
    if (frame[12] == 0x86 && frame[13] == 0xdd &&
        (frame[20] == IPPROTO_UDP ||
         (frame[20] == IPPROTO_TCP && frame[67] == SYN))) {
        tos = (uint8_t)(frame[14] << 4 | frame[15] >> 4);
        ttl = frame[21];
    }
    fake_mirror(id, frame, len, flags);
}

static void vanish(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    (void)id;
    (void)frame;
    (void)len;
    (void)flags;
}

static void silent_peer(void)
{
    const int l = listener(PORT, 1), fd = client(PEER, PORT);
    char byte;
    uint64_t before;

    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    nap(100 * FAKE_SECOND);
    cr_assert_not(ready(fd) & POLLHUP, "it answers");
    fake_net.wire = vanish;
    before = fake_now;
    cr_assert_eq(recv(fd, &byte, 1, 0), -1);
    cr_assert_eq(errno, ETIMEDOUT);
    cr_expect_geq(fake_now - before, 15 * FAKE_SECOND);
    cr_expect_leq(fake_now - before, 50 * FAKE_SECOND);
    fake_net.wire = fake_mirror;
    fd_close(fd);
    fd_close(l);
}

Test(stream_option, keepalive_finds_out_that_nobody_is_there)
{
    cr_assert(world(silent_peer));
}

static void marks(void)
{
    const int d = socket(AF_INET, SOCK_DGRAM, 0);
    int fd;

    fake_net.wire = look;
    send_to(d, "x", 1, PEER, 9);
    nap(FAKE_SECOND);
    cr_expect_eq(ttl, 64);
    cr_expect_eq(tos, 0);
    set_int(d, IPPROTO_IP, IP_TTL, 7);
    set_int(d, IPPROTO_IP, IP_TOS, 0x28);
    send_to(d, "x", 1, PEER, 9);
    nap(FAKE_SECOND);
    cr_expect_eq(ttl, 7);
    cr_expect_eq(tos, 0x28);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    set_int(fd, IPPROTO_IP, IP_TTL, 9);
    set_int(fd, IPPROTO_IP, IP_TOS, 0x10);
    cr_assert_eq(call(connect, fd, PEER, 5), -1, "nobody listens");
    cr_expect_eq(errno, ECONNREFUSED);
    cr_expect_eq(ttl, 9);
    cr_expect_eq(tos, 0x10);
    fd_close(fd);
    fd_close(d);
}

Test(stream_option, packets_carry_their_marks)
{
    cr_assert(world(marks));
}

static struct sockaddr_in6 at6(const char *addr)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};

    cr_assert_eq(inet_pton(AF_INET6, addr, &in6.sin6_addr), 1);
    return in6;
}

/* A socket for both families; and what its packets to addr bear. */
static void expect_marks(int type, const char *addr, int wanted_ttl,
                         int wanted_tos)
{
    const struct sockaddr_in6 to = at6(addr);
    const int fd = socket(AF_INET6, type, 0);

    set_int(fd, IPPROTO_IP, IP_TTL, 7);
    set_int(fd, IPPROTO_IP, IP_TOS, 0x28);
    set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
    set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x10);
    ttl = tos = 0;
    connect(fd, (const struct sockaddr *)&to, sizeof(to)); /* or refused */
    if (type == SOCK_DGRAM)
        cr_assert_eq(send(fd, "x", 1, 0), 1);
    nap(FAKE_SECOND);
    cr_expect_eq(ttl, wanted_ttl);
    cr_expect_eq(tos, wanted_tos);
    cr_expect_eq(get_int(fd, IPPROTO_IP, IP_TTL), 7);
    cr_expect_eq(get_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 9);
    fd_close(fd);
}

static void marks_of_both(void)
{
    fake_net.wire = look;
    expect_marks(SOCK_DGRAM, PEER6, 9, 0x10);
    expect_marks(SOCK_DGRAM, "::ffff:" PEER, 7, 0x28);
    expect_marks(SOCK_STREAM, PEER6, 9, 0x10);
    expect_marks(SOCK_STREAM, "::ffff:" PEER, 7, 0x28);
}

Test(stream_option, each_family_has_its_own_marks)
{
    cr_assert(world6(marks_of_both));
}

static uint64_t close_after(int seconds, bool answered)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = seconds};
    uint64_t before;
    int fds[2];

    make_pair(PEER, fds);
    setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    if (!answered)
        fake_net.wire = vanish;
    send(fds[0], "x", 1, 0);
    before = fake_now;
    fd_close(fds[0]);
    before = fake_now - before;
    fake_net.wire = fake_mirror;
    fd_close(fds[1]);
    nap(100 * FAKE_SECOND);
    return before;
}

static void lingering(void)
{
    cr_expect_lt(close_after(10, true), FAKE_SECOND);
    cr_expect_eq(close_after(10, false), 10 * FAKE_SECOND);
    cr_expect_eq(close_after(0, false), 0);
}

Test(stream_option, close_waits_as_long_as_it_is_told)
{
    cr_assert(world(lingering));
}

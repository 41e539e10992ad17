/* multicast.c: what the network is told about groups, and what it costs. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define GROUP  "239.192.2.1"
#define GROUP6 "ff12::4d01"
#define VIF0   2

static unsigned reports, leaves, reports6, leaves6, datagrams;
static uint8_t target[6], ttl;

/* IGMP behind a header with router alert, MLD behind hop-by-hop options. */
static void watch(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    const bool v4 = f[12] == 8 && f[13] == 0, v6 = f[12] == 0x86;
    static const uint8_t group6[16] = {0xff, 0x12, [14] = 0x4d, 1};

    if (v4 && f[23] == 2 && memcmp(f + 42, "\xef\xc0\x02\x01", 4) == 0) {
        reports += f[38] == 0x16;
        leaves += f[38] == 0x17;
    }
    if (v6 && f[20] == 0 && memcmp(f + 70, group6, 16) == 0) {
        reports6 += f[62] == 131;
        leaves6 += f[62] == 132;
    }
    if ((v4 && f[23] == 17) || (v6 && f[20] == 17)) {
        datagrams++;
        memcpy(target, f, 6);
        ttl = f[v4 ? 22 : 21];
    }
    fake_mirror(id, f, len, flags);
}

static int new_socket(int family)
{
    const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6,
                                      .sin6_port = htons(PORT)};
    int fd;

    if (family == AF_INET)
        return bound(PORT);
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&any6, sizeof(any6)), 0);
    return fd;
}

static int change(int fd, int family, bool join)
{
    struct ip_mreqn v4 = {.imr_ifindex = VIF0};
    struct ipv6_mreq v6 = {.ipv6mr_interface = VIF0};

    inet_pton(AF_INET, GROUP, &v4.imr_multiaddr);
    inet_pton(AF_INET6, GROUP6, &v6.ipv6mr_multiaddr);
    return family == AF_INET
               ? setsockopt(fd, IPPROTO_IP,
                            join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &v4,
                            sizeof(v4))
               : setsockopt(fd, IPPROTO_IPV6,
                            join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &v6,
                            sizeof(v6));
}

static void told(void)
{
    const int fds[] = {new_socket(AF_INET6), socket(AF_INET, SOCK_DGRAM, 0)};
    unsigned turns;

    nap(20 * FAKE_SECOND);
    nap(FAKE_SECOND - fake_now % FAKE_SECOND + FAKE_SECOND / 100);
    cr_assert_eq(change(fds[0], AF_INET, true), 0);
    cr_assert_eq(change(fds[0], AF_INET6, true), 0);
    cr_assert_eq(change(fds[1], AF_INET, true), 0);
    nap(FAKE_SECOND * 7 / 10);
    cr_expect_eq(reports, 2, "at once and once more");
    cr_expect_eq(reports6, 2);
    nap(5 * FAKE_SECOND);
    turns = fake_net.turns;
    nap(100 * FAKE_SECOND);
    cr_expect_leq(fake_net.turns - turns, 205, "no more ticks than without");
    cr_expect_eq(reports + reports6, 4);
    cr_assert_eq(change(fds[0], AF_INET6, false), 0);
    cr_expect_eq(leaves6, 0, "the wire is not served yet");
    fd_close(fds[0]);
    nap(FAKE_SECOND);
    cr_expect_eq(leaves6, 1);
    cr_expect_eq(leaves, 0, "another one is still in");
    fd_close(fds[1]);
    nap(FAKE_SECOND);
    cr_expect_eq(leaves, 1, "closed is left");
}

Test(multicast, tells_the_network_and_then_is_still)
{
    fake_net.wire = watch;
    cr_assert(world6(told));
}

/* A router asks who is in which group: to be answered within 0.2 s. */
static void ask_members(void)
{
    static uint8_t f[42] = "\x01\x00\x5e\x00\x00\x01" FAKE_PEER "\x08\x00"
                           "\x45\x00\x00\x1c\x00\x00\x00\x00\x01\x02\x00\x00"
                           "\x0a\x00\x00\x09\xe0\x00\x00\x01"
                           "\x11\x02\x00\x00\x00\x00\x00";
    uint16_t sum = (uint16_t)~fake_sum(f + 14, 20, 0);

    f[24] = (uint8_t)(sum >> 8);
    f[25] = (uint8_t)sum;
    sum = (uint16_t)~fake_sum(f + 34, 8, 0);
    f[36] = (uint8_t)(sum >> 8);
    f[37] = (uint8_t)sum;
    fake_deliver(0, f, sizeof(f), 0);
}

static void asked(void)
{
    const int fd = bound(PORT);

    cr_assert_eq(change(fd, AF_INET, true), 0);
    nap(20 * FAKE_SECOND);
    nap(FAKE_SECOND - fake_now % FAKE_SECOND + FAKE_SECOND / 20);
    reports = 0;
    ask_members();
    nap(FAKE_SECOND / 2);
    cr_assert_eq(reports, 1);
    fd_close(fd);
}

Test(multicast, answers_a_router_in_time)
{
    fake_net.wire = watch;
    cr_assert(world(asked));
}

/* A datagram for the group from the peer. */
static bool hears(int fd)
{
    static uint8_t frame[14 + 20 + 8 + 2] =
        "\x01\x00\x5e\x40\x02\x01" FAKE_PEER "\x08\x00"
        "\x45\x00\x00\x1e\x00\x00\x00\x00\x01\x11\x00\x00"
        "\x0a\x00\x00\x09\xef\xc0\x02\x01"
        "\x00\x09\x00\x07\x00\x0a\x00\x00hi";
    uint16_t sum;
    char byte[4];

    frame[24] = frame[25] = 0;
    sum = (uint16_t)~fake_sum(frame + 14, 20, 0);
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
    fake_deliver(0, frame, sizeof(frame), 0);
    nap(FAKE_SECOND / 10);
    return recv(fd, byte, sizeof(byte), MSG_DONTWAIT) == 2;
}

static void heard(void)
{
    const int fd = new_socket(AF_INET);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int own;

    cr_expect_not(hears(fd));
    cr_assert_eq(change(fd, AF_INET, true), 0);
    cr_expect(hears(fd));
    cr_assert_eq(change(fd, AF_INET, false), 0);
    cr_expect_not(hears(fd));
    fd_close(fd);
    own = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, GROUP, &at.sin_addr);
    cr_assert_eq(bind(own, (struct sockaddr *)&at, sizeof(at)), 0);
    cr_assert_eq(change(own, AF_INET, true), 0);
    cr_expect(hears(own), "bound to the group itself");
    fd_close(own);
}

Test(multicast, hears_what_is_for_its_group)
{
    fake_net.wire = watch;
    cr_assert(world6(heard));
}

static void sent(void)
{
    const int fd = new_socket(AF_INET), v6 = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    char byte[4];

    cr_assert_eq(change(fd, AF_INET, true), 0);
    cr_expect_eq(send_to(fd, "a", 1, GROUP, PORT), 1);
    nap(FAKE_SECOND);
    cr_expect_arr_eq(target, "\x01\x00\x5e\x40\x02\x01", 6);
    cr_expect_eq(ttl, 1);
    cr_expect_eq(recv(fd, byte, 4, MSG_DONTWAIT), 1, "this host hears it, too");
    cr_expect_eq(recv(fd, byte, 4, MSG_DONTWAIT), -1, "once");
    set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, 7);
    datagrams = 0;
    cr_expect_eq(send_to(fd, "a", 1, GROUP, PORT), 1);
    nap(FAKE_SECOND);
    cr_expect_eq(datagrams, 1);
    cr_expect_eq(ttl, 7);
    cr_expect_eq(recv(fd, byte, 4, MSG_DONTWAIT), -1);
    inet_pton(AF_INET6, GROUP6, &to.sin6_addr);
    set_int(v6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9);
    cr_expect_eq(sendto(v6, "a", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
    nap(FAKE_SECOND);
    cr_expect_arr_eq(target, "\x33\x33\x00\x00\x4d\x01", 6);
    cr_expect_eq(ttl, 9);
    cr_expect_eq(send_to(fd, "a", 1, PEER, 9), 1);
    nap(FAKE_SECOND);
    cr_expect_eq(ttl, 64, "to one host as ever");
    fd_close(fd);
    fd_close(v6);
}

Test(multicast, sends_as_far_as_it_shall)
{
    fake_net.wire = watch;
    cr_assert(world6(sent));
}

static void bounds(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ip_mreqn request = {.imr_ifindex = VIF0};

    for (uint32_t n = 0; n < 21; n++) {
        request.imr_multiaddr.s_addr = htonl(0xefc00201 + n);
        cr_expect_eq(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
                                sizeof(request)),
                     n < 20 ? 0 : -1);
    }
    cr_expect_eq(errno, ENOBUFS);
    fd_close(fd);
}

Test(multicast, is_in_twenty_groups_at_most)
{
    cr_assert(world6(bounds));
}

static void many_members(int family, const unsigned *left)
{
    int fds[256];

    for (int i = 0; i < 256; i++) {
        fds[i] = socket(family, SOCK_DGRAM, 0);
        cr_assert_eq(change(fds[i], family, true), i < 255 ? 0 : -1, "%d", i);
    }
    cr_assert_eq(errno, ENOBUFS);
    for (int i = 255; i >= 0; i--) {
        nap(i < 2 ? FAKE_SECOND : 0);
        cr_assert_eq(*left, 0, "%d are still in", i + 1);
        fd_close(fds[i]);
    }
    nap(FAKE_SECOND);
    cr_assert_eq(*left, 1);
}

static void members(void)
{
    fake_net.wire = watch;
    many_members(AF_INET, &leaves);
    many_members(AF_INET6, &leaves6);
}

Test(multicast, lets_255_sockets_into_a_group)
{
    cr_assert(world6(members));
}

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

#define FRAME_SIZE 70 /* Ethernet 14, IP 20, ICMP 8, IP 20, UDP 8 */

static int fd;
static uint8_t frame[FRAME_SIZE];

static void put16(size_t at, unsigned n)
{
    frame[at] = (uint8_t)(n >> 8);
    frame[at + 1] = (uint8_t)n;
}

static void put_ip(size_t at, uint8_t protocol, const char *from,
                   const char *to)
{
    frame[at] = 0x45;
    put16(at + 2, (unsigned)(FRAME_SIZE - at));
    frame[at + 8] = 64;
    frame[at + 9] = protocol;
    inet_pton(AF_INET, from, frame + at + 12);
    inet_pton(AF_INET, to, frame + at + 16);
}

/* The neighbour says that its port 9 is closed to fd's. */
static void make_frame(void)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);

    getsockname(fd, (struct sockaddr *)&in, &len);
    memset(frame, 0, sizeof(frame));
    memcpy(frame, FAKE_MAC, 6);
    memcpy(frame + 6, FAKE_PEER, 6);
    put16(12, 0x0800);
    put_ip(14, IPPROTO_ICMP, PEER, HERE);
    frame[34] = frame[35] = 3; /* unreachable, port */
    put_ip(42, IPPROTO_UDP, HERE, PEER);
    put16(62, ntohs(in.sin_port));
    put16(64, 9);
}

/* Is it believed?  With sums, as a sender makes them. */
static bool believed(size_t n, bool sums)
{
    char byte;

    if (sums) {
        put16(24, 0);
        put16(24, 0xffffu ^ fake_sum(frame + 14, 20, 0));
        put16(36, 0);
        put16(36, 0xffffu ^ fake_sum(frame + 34, FRAME_SIZE - 34, 0));
    }
    fake_deliver(0, frame, n, 0);
    nap(FAKE_SECOND);
    if (!(ready(fd) & POLLERR))
        return false;
    cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    return errno == ECONNREFUSED;
}

static void messages(void)
{
    static const size_t lies[] = {23, 34, 35, 51, 54, 57, 58, 61, 63, 65};

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(call(connect, fd, PEER, 9), 0);
    make_frame();
    cr_expect(believed(FRAME_SIZE, true));
    frame[36] ^= 1;
    cr_expect_not(believed(FRAME_SIZE, false), "its sum is wrong");
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_frame();
        frame[lies[i]] ^= 0x10;
        cr_expect_not(believed(FRAME_SIZE, true), "byte %zu", lies[i]);
    }
    make_frame();
    put16(20, 0x2000); /* a fragment */
    cr_expect_not(believed(FRAME_SIZE, true));
    for (size_t n = 14; n < FRAME_SIZE; n++) {
        make_frame();
        cr_expect_not(believed(n, true), "%zu bytes", n);
    }
    make_frame();
    cr_assert_eq(connect(fd, &(struct sockaddr){.sa_family = AF_UNSPEC},
                         sizeof(struct sockaddr)),
                 0);
    cr_expect_not(believed(FRAME_SIZE, true), "no longer connected");
    fd_close(fd);
}

Test(unreach, believes_only_what_fits_a_datagram_of_ours)
{
    cr_assert(world(messages));
}

#define SIZE6 110 /* Ethernet 14, IPv6 40, ICMPv6 8, IPv6 40, UDP 8 */

static uint8_t frame6[SIZE6];

static void put_ip6(size_t at, uint8_t next, const char *from, const char *to)
{
    frame6[at] = 0x60;
    frame6[at + 5] = (uint8_t)(SIZE6 - at - 40);
    frame6[at + 6] = next;
    frame6[at + 7] = 64;
    inet_pton(AF_INET6, from, frame6 + at + 8);
    inet_pton(AF_INET6, to, frame6 + at + 24);
}

static void make_frame6(void)
{
    struct sockaddr_in6 in;
    socklen_t len = sizeof(in);

    getsockname(fd, (struct sockaddr *)&in, &len);
    memset(frame6, 0, sizeof(frame6));
    memcpy(frame6, FAKE_MAC FAKE_PEER "\x86\xdd", 14);
    put_ip6(14, IPPROTO_ICMPV6, PEER6, HERE6);
    frame6[54] = 1;
    frame6[55] = 4; /* unreachable, port */
    put_ip6(62, IPPROTO_UDP, HERE6, PEER6);
    memcpy(frame6 + 102, &in.sin6_port, 2);
    frame6[105] = 9;
}

static bool believed6(size_t n, bool sums)
{
    char byte;

    if (sums)
        fake_checksum(frame6, true);
    fake_deliver(0, frame6, n, 0);
    nap(FAKE_SECOND);
    if (!(ready(fd) & POLLERR))
        return false;
    cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    return errno == ECONNREFUSED;
}

static void messages6(void)
{
    static const size_t lies[] = {20, 54, 55, 68, 70, 100, 103, 105};
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(9)};

    inet_pton(AF_INET6, PEER6, &in.sin6_addr);
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    make_frame6();
    cr_expect(believed6(SIZE6, true));
    frame6[56] ^= 1;
    cr_expect_not(believed6(SIZE6, false), "its sum is wrong");
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_frame6();
        frame6[lies[i]] ^= 0x10;
        cr_expect_not(believed6(SIZE6, true), "byte %zu", lies[i]);
    }
    for (size_t n = 14; n < SIZE6; n++) {
        make_frame6();
        fake_checksum(frame6, true);
        cr_expect_not(believed6(n, false), "%zu bytes", n);
    }
    fd_close(fd);
}

Test(unreach, believes_only_what_fits_a_datagram_of_ours_by_ipv6)
{
    cr_assert(world6(messages6));
}

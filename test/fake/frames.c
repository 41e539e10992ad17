/* frames.c: packets that no proper stack sends: see frames.h. */

#include "test/fake/frames.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/buf.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define DATAGRAM 40 /* with UDP's header */

uint8_t frame[2000];
size_t frame_len;

void put16(uint8_t *at, size_t n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

void put32(uint8_t *at, size_t n)
{
    put16(at, n >> 16);
    put16(at + 2, n);
}

uint8_t *frame4(const char *from, uint8_t protocol, size_t n)
{
    uint8_t *ip = frame + FRAME_IP;

    memset(frame, 0, sizeof(frame));
    memcpy(frame, FAKE_MAC FAKE_PEER "\x08\x00\x45", FRAME_IP + 1);
    put16(ip + 2, 20 + n);
    ip[8] = 64;
    ip[9] = protocol;
    cr_assert_eq(inet_pton(AF_INET, from, ip + 12), 1);
    cr_assert_eq(inet_pton(AF_INET, HERE, ip + 16), 1);
    put16(ip + 10, 0xffffu ^ fake_sum(ip, 20, 0));
    frame_len = FRAME_IP + 20 + n;
    return ip + 20;
}

uint8_t *frame6(const char *from, const char *to, uint8_t next, size_t n)
{
    uint8_t *ip = frame + FRAME_IP;

    memset(frame, 0, sizeof(frame));
    memcpy(frame, FAKE_MAC FAKE_PEER "\x86\xdd\x60", FRAME_IP + 1);
    put16(ip + 4, n);
    ip[6] = next;
    ip[7] = 255;
    cr_assert_eq(inet_pton(AF_INET6, from, ip + 8), 1);
    cr_assert_eq(inet_pton(AF_INET6, to, ip + 24), 1);
    frame_len = FRAME_IP6 + n;
    return ip + 40;
}

void frame_udp(const char *from)
{
    uint8_t *udp = strchr(from, ':')
                       ? frame6(from, HERE6, IPPROTO_UDP, DATAGRAM)
                       : frame4(from, IPPROTO_UDP, DATAGRAM);

    put16(udp, 7);
    put16(udp + 2, PORT);
    put16(udp + 4, DATAGRAM);
}

void frame_send_as_is(uint8_t flags)
{
    fake_deliver(0, frame, frame_len, flags);
    nap(FAKE_SECOND / 1000);
}

void frame_send(uint8_t flags)
{
    fake_checksum(frame, true);
    frame_send_as_is(flags);
}

void frame_forge(int fd, const char *from)
{
    static const uint8_t flags[] = {BUF_CSUM_OK, 0}; /* two ways to a socket */
    const uint64_t before = fake_counts.rx_forged;
    uint8_t data[DATAGRAM];

    for (unsigned i = 0; i < sizeof(flags); i++) {
        frame_udp(from);
        frame_send(flags[i]);
        cr_assert_eq(recv(fd, data, sizeof(data), MSG_DONTWAIT), -1, "%s %u",
                     from, i);
        cr_assert_eq(errno, EAGAIN);
        cr_assert_eq(fake_counts.rx_forged, before + i + 1, "%s %u", from, i);
    }
}

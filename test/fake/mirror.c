/* mirror.c: the neighbour that sends everything back: see net.h. */

#include <string.h>

#include "kernel/buf.h"
#include "test/fake/net.h"

uint16_t fake_sum(const void *data, size_t n, uint32_t sum)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* The TCP segment, UDP datagram or ICMPv6 message of a frame. */
struct segment {
    const uint8_t *addresses;
    size_t addresses_size, len;
    unsigned protocol;
    uint8_t *data, *sum; /* NULL: it has no checksum that we know */
};

static struct segment segment_of(uint8_t *frame)
{
    uint8_t *ip = frame + 14;
    const size_t head = (ip[0] & 15u) * 4;
    struct segment s = {ip + 12, 8,         ((size_t)ip[2] << 8 | ip[3]) - head,
                        ip[9],   ip + head, NULL};

    if (ip[0] >> 4 == 6)
        s = (struct segment){ip + 8, 32,      (size_t)ip[4] << 8 | ip[5],
                             ip[6],  ip + 40, NULL};
    if (s.protocol == 6)
        s.sum = s.data + 16;
    else if (s.protocol == 17)
        s.sum = s.data + 6;
    else if (s.protocol == 58)
        s.sum = s.data + 2;
    return s;
}

static uint16_t pseudo_sum(const struct segment *s)
{
    return fake_sum(s->addresses, s->addresses_size,
                    (uint32_t)(s->protocol + s->len));
}

bool fake_checksum(uint8_t *frame, bool fix)
{
    const struct segment s = segment_of(frame);
    uint16_t sum;

    if (!s.sum)
        return true;
    if (fix)
        s.sum[0] = s.sum[1] = 0;
    else if (s.protocol == 17 && s.addresses_size == 8 && !s.sum[0] &&
             !s.sum[1])
        return true; /* UDP over IPv4: not used */
    sum = fake_sum(s.data, s.len, pseudo_sum(&s));
    if (!fix)
        return sum == 0xffff;
    sum = (uint16_t)~sum;
    s.sum[0] = (uint8_t)(sum >> 8);
    s.sum[1] = (uint8_t)sum;
    return true;
}

/* What stands in the field must be the sum that the back-end carries on. */
static bool pseudo_sum_right(uint8_t *frame)
{
    const struct segment s = segment_of(frame);

    return s.protocol != 58 && pseudo_sum(&s) == (s.sum[0] << 8 | s.sum[1]);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t saved[16];

    memcpy(saved, a, n);
    memcpy(a, b, n);
    memcpy(b, saved, n);
}

static void answer_arp(unsigned id, uint8_t *frame)
{
    static const uint8_t peer[4] = {10, 0, 0, 9};

    if (frame[21] != 1 || memcmp(frame + 38, peer, 4) != 0)
        return;
    frame[21] = 2;
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, FAKE_PEER, 6);
    memcpy(frame + 32, frame + 22, 10);
    memcpy(frame + 22, FAKE_PEER, 6);
    memcpy(frame + 28, peer, 4);
    fake_deliver(id, frame, 42, 0);
}

/* A neighbour advertisement for a solicitation (RFC 4861). */
static void answer_solicitation(unsigned id, uint8_t *frame)
{
    static const uint8_t any[16];
    uint8_t *ip = frame + 14, *icmp = ip + 40;

    if (icmp[8 + 15] != 9 || memcmp(ip + 8, any, 16) == 0)
        return; /* only our own address, and nobody tries it out */
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, FAKE_PEER, 6);
    memcpy(ip + 24, ip + 8, 16);
    memcpy(ip + 8, icmp + 8, 16);
    icmp[0] = 136;
    icmp[4] = 0x60; /* solicited, override */
    icmp[24] = 2;
    memcpy(icmp + 26, FAKE_PEER, 6);
    fake_checksum(frame, true);
    fake_deliver(id, frame, 86, 0);
}

/* Then it leaves the field as it is.  What may be damaged must be looked at. */
static bool vouches(void)
{
    return !fake_net.doubt && !fake_net.spoil;
}

/* The same with IPv6; of fragments nothing is looked at but the first's sum. */
static void mirror6(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    const bool fragment = frame[20] == 44, blank = flags & BUF_CSUM_BLANK;
    const bool chatter = frame[54] >= 130 && frame[54] <= 137;

    if (!fragment && frame[20] && !blank && !fake_checksum(frame, false))
        fake_net.bad_sums++;
    if (blank && (fragment || fake_net.no_csum6 || !pseudo_sum_right(frame)))
        fake_net.bad_sums++;
    if (frame[20] == 58 && frame[54] == 135)
        answer_solicitation(id, frame);
    if (memcmp(frame, FAKE_PEER, 6) != 0 || (frame[20] == 58 && chatter))
        return;
    if (blank && !vouches())
        fake_checksum(frame, true);
    swap(frame, frame + 6, 6);
    swap(frame + 22, frame + 38, 16);
    fake_deliver(id, frame, len, vouches() ? BUF_CSUM_OK : 0);
}

void fake_mirror(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    static unsigned count;
    const unsigned fragment = ((unsigned)frame[20] << 8 | frame[21]) & 0x3fff;

    count++;
    if (frame[12] == 8 && frame[13] == 6)
        answer_arp(id, frame);
    if (frame[12] == 0x86 && frame[13] == 0xdd)
        mirror6(id, frame, len, flags);
    if (frame[12] != 8 || frame[13] != 0 || memcmp(frame, FAKE_PEER, 6) != 0)
        return;
    if (fake_sum(frame + 14, 20, 0) != 0xffff)
        fake_net.bad_sums++;
    if (!fragment && !(flags & BUF_CSUM_BLANK) && !fake_checksum(frame, false))
        fake_net.bad_sums++;
    if (fragment == 0x2000 && frame[23] == 17 && !frame[40] && !frame[41])
        fake_net.bad_sums++; /* a datagram in pieces has its sum */
    if (flags & BUF_CSUM_BLANK && (fragment || !pseudo_sum_right(frame)))
        fake_net.bad_sums++;
    if (flags & BUF_CSUM_BLANK && !vouches())
        fake_checksum(frame, true);
    if (fake_net.lose && count % fake_net.lose == 0)
        return;
    if (fake_net.spoil && count % fake_net.spoil == 0)
        frame[len - 1] ^= 0x40;
    swap(frame, frame + 6, 6);
    swap(frame + 26, frame + 30, 4);
    fake_deliver(id, frame, len, vouches() ? BUF_CSUM_OK : 0);
}

/* segment.c: finds and sums the TCP segment or UDP datagram of a frame. */

#include "kernel/segment.h"

#include <stddef.h>

#include "lib/checksum.h"

/* Where things stand in a frame (RFC 894, 791, 8200, 9293, 768). */
enum {
    ETHER_TYPE = 12,
    ETHER_SIZE = 14,
    IP_LENGTH = 2,
    IP_FRAGMENT = 6,
    IP_PROTOCOL = 9,
    IP_ADDRESSES = 12,
    IP_SIZE = 20,
    IP6_LENGTH = 4,
    IP6_NEXT = 6,
    IP6_ADDRESSES = 8,
    IP6_SIZE = 40,
    TCP_CHECKSUM = 16,
    UDP_CHECKSUM = 6,
};

#define TYPE_IPV4     0x0800
#define TYPE_IPV6     0x86dd
#define FRAGMENT_PART 0x3fff /* more fragments, or an offset */
#define PROTOCOL_TCP  6
#define PROTOCOL_UDP  17

static unsigned get_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

bool segment_find(const struct buf *frame, struct segment *s)
{
    uint8_t *start = frame->page + frame->off, *ip = start + ETHER_SIZE;
    unsigned header, at;

    if (frame->len < ETHER_SIZE + IP_SIZE)
        return false;
    s->v6 = get_u16(start + ETHER_TYPE) == TYPE_IPV6;
    if (s->v6 && frame->len >= ETHER_SIZE + IP6_SIZE) {
        header = IP6_SIZE;
        s->addresses = ip + IP6_ADDRESSES;
        s->addresses_size = 32;
        s->protocol = ip[IP6_NEXT];
        s->length = get_u16(ip + IP6_LENGTH);
    } else if (get_u16(start + ETHER_TYPE) == TYPE_IPV4 &&
               !(get_u16(ip + IP_FRAGMENT) & FRAGMENT_PART)) {
        header = (ip[0] & 15u) * 4;
        s->addresses = ip + IP_ADDRESSES;
        s->addresses_size = 8;
        s->protocol = ip[IP_PROTOCOL];
        s->length = get_u16(ip + IP_LENGTH) - header;
    } else {
        return false;
    }
    if (header < IP_SIZE ||
        (s->protocol != PROTOCOL_TCP && s->protocol != PROTOCOL_UDP))
        return false;
    at = header + (s->protocol == PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
    s->checksum = ip + at;
    s->at = ETHER_SIZE + header;
    return ETHER_SIZE + at + 2 <= frame->len;
}

uint16_t segment_pseudo_sum(const struct segment *s)
{
    const uint16_t addresses = checksum_add(0, s->addresses, s->addresses_size);

    return checksum_fold(__builtin_bswap16(addresses) + s->protocol +
                         (uint64_t)s->length);
}

/* The words of n bytes from at on; pieces may have odd lengths. */
static uint64_t sum_bytes(const struct buf *b, size_t at, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++, at++) {
        uint8_t byte;

        while (at >= b->len) {
            at -= b->len;
            b = b->next;
        }
        byte = b->page[b->off + at];
        sum += i % 2 ? byte : (unsigned)byte << 8;
    }
    return sum;
}

bool segment_sum(const struct buf *frame, const struct segment *s)
{
    const size_t total = buf_total(frame);
    uint16_t sum;

    if (s->at > total || s->length > total - s->at)
        return false;
    s->checksum[0] = s->checksum[1] = 0;
    sum = (uint16_t)~checksum_fold(segment_pseudo_sum(s) +
                                   sum_bytes(frame, s->at, s->length));
    if (sum == 0 && s->protocol == PROTOCOL_UDP)
        sum = 0xffff; /* 0 says that there is none */
    s->checksum[0] = (uint8_t)(sum >> 8);
    s->checksum[1] = (uint8_t)sum;
    return true;
}

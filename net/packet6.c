/* packet6.c: what stands in an IPv6 packet: see packet6.h. */

#include "net/packet6.h"

#include <lwip/inet_chksum.h>
#include <lwip/ip6_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_ICMP6 = 58,
    NEXT_OPTIONS = 60,
    FRAGMENT_OFFSET = 2,
    FRAGMENT_SIZE = 8,
};

#define OFFSET_MASK 0xfff8
#define HEADERS_MAX 8

unsigned packet6_u8(const struct pbuf *p, unsigned at)
{
    return pbuf_get_at(p, (u16_t)at);
}

unsigned packet6_u16(const struct pbuf *p, unsigned at)
{
    return packet6_u8(p, at) << 8 | packet6_u8(p, at + 1);
}

uint32_t packet6_u32(const struct pbuf *p, unsigned at)
{
    return packet6_u16(p, at) << 16 | packet6_u16(p, at + 2);
}

ip6_addr_t packet6_addr(const struct pbuf *p, unsigned at,
                        const struct netif *netif)
{
    ip6_addr_t addr = {0};

    pbuf_copy_partial(p, addr.addr, sizeof(addr.addr), (u16_t)at);
    ip6_addr_assign_zone(&addr, IP6_UNICAST, netif);
    return addr;
}

bool packet6_is_own(const ip6_addr_t *addr, const struct netif *netif)
{
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
            ip6_addr_eq(netif_ip6_addr(netif, i), addr))
            return true;
    return false;
}

unsigned packet6_end(const struct pbuf *p)
{
    return IP6_SIZE + packet6_u16(p, IP6_LENGTH);
}

unsigned packet6_find_icmp(const struct pbuf *p, bool *fragment)
{
    unsigned next = packet6_u8(p, IP6_NEXT), at = IP6_SIZE;

    *fragment = false;
    for (unsigned n = 0; n < HEADERS_MAX && at < p->tot_len; n++) {
        const unsigned header = next;

        if (header == NEXT_ICMP6)
            return at;
        next = packet6_u8(p, at);
        if (header == NEXT_FRAGMENT) {
            *fragment = true;
            if (packet6_u16(p, at + FRAGMENT_OFFSET) & OFFSET_MASK)
                return 0;
            at += FRAGMENT_SIZE;
        } else if (header == NEXT_HOP_BY_HOP || header == NEXT_ROUTING ||
                   header == NEXT_OPTIONS) {
            at += (packet6_u8(p, at + 1) + 1) * 8;
        } else {
            return 0;
        }
    }
    return at < p->tot_len ? PACKET6_ENDLESS : 0;
}

bool packet6_sum_right(struct pbuf *p, unsigned at, const struct netif *netif)
{
    const unsigned end = packet6_end(p);
    const ip6_addr_t from = packet6_addr(p, IP6_SOURCE, netif);
    const ip6_addr_t to = packet6_addr(p, IP6_TARGET, netif);
    u16_t sum;

    if (!(netif->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP6))
        return true;
    if (end <= at || end > p->tot_len)
        return false;
    if (pbuf_remove_header(p, at))
        return false; /* the headers of no host that we know */
    sum = ip6_chksum_pseudo_partial(p, NEXT_ICMP6, (u16_t)(end - at),
                                    (u16_t)(end - at), &from, &to);
    pbuf_add_header_force(p, at); /* a page that is kept has no room to lwIP */
    return sum == 0;
}

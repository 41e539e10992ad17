/* packet6.h: what stands in an IPv6 packet that lwIP has yet to look at
 * (RFC 8200, 4443). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/ip6_addr.h>

struct pbuf;
struct netif;

enum {
    IP6_LENGTH = 4, /* of what follows the header */
    IP6_NEXT = 6,
    IP6_HOPS = 7,
    IP6_SOURCE = 8,
    IP6_TARGET = 24,
    IP6_SIZE = 40,
    ICMP6_CODE = 1,
    ICMP6_SIZE = 8,
};

/* Behind the packet's end there are zeros. */
unsigned packet6_u8(const struct pbuf *p, unsigned at);
unsigned packet6_u16(const struct pbuf *p, unsigned at);
uint32_t packet6_u32(const struct pbuf *p, unsigned at);

/* Of an interface's link, or not bound to one. */
ip6_addr_t packet6_addr(const struct pbuf *p, unsigned at,
                        const struct netif *netif);

/* Is it an address of the interface's?  Not while it is still tried: if another
 * has it, lwIP must know. */
bool packet6_is_own(const ip6_addr_t *addr, const struct netif *netif);

/* Where it ends, if all of it has come. */
unsigned packet6_end(const struct pbuf *p);

/* Where its ICMPv6 message begins; 0: it has none, as far as one can see;
 * PACKET6_ENDLESS: it has more headers before that than anyone needs. */
#define PACKET6_ENDLESS UINT32_MAX
unsigned packet6_find_icmp(const struct pbuf *p, bool *fragment);

/* Is the checksum of the message that begins there right?  Of what comes from
 * this host itself nothing is looked at. */
bool packet6_sum_right(struct pbuf *p, unsigned at, const struct netif *netif);

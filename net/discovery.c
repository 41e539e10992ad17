/* discovery.c: neighbour discovery, doubted: see discovery.h. */

#include "net/discovery.h"

#include <stdbool.h>
#include <stddef.h>

#include <lwip/ip6_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include "lib/util.h"

/* Where things stand in a packet (RFC 8200, 4443, 4861). */
enum {
    IP6_LENGTH = 4,
    IP6_NEXT = 6,
    IP6_SIZE = 40,
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_ICMP6 = 58,
    NEXT_OPTIONS = 60,
    FRAGMENT_OFFSET = 2,
    FRAGMENT_SIZE = 8,
    TOO_BIG = 2,
    TOO_BIG_MTU = 4,
    ROUTER_SOLICITATION = 133,
    REDIRECT = 137,
};

#define OFFSET_MASK 0xfff8
#define MTU_MIN     1280 /* that every path takes (RFC 8200) */
#define HEADERS_MAX 8

static const struct netif *gateway_netif[8];
static ip6_addr_t gateways[ARRAY_LEN(gateway_netif)];

static unsigned get_u16(const struct pbuf *p, unsigned at)
{
    return (unsigned)pbuf_get_at(p, (u16_t)at) << 8 |
           pbuf_get_at(p, (u16_t)(at + 1));
}

/* Where its ICMPv6 message begins; 0: it has none, as far as one can see.
 * pbuf_get_at() reads zeros behind the end. */
static unsigned find_icmp6(const struct pbuf *p, bool *fragment)
{
    unsigned next = pbuf_get_at(p, IP6_NEXT), at = IP6_SIZE;

    *fragment = false;
    for (unsigned n = 0; n < HEADERS_MAX && at < p->tot_len; n++) {
        const unsigned header = next;

        if (header == NEXT_ICMP6)
            return at;
        next = pbuf_get_at(p, (u16_t)at);
        if (header == NEXT_FRAGMENT) {
            *fragment = true;
            if (get_u16(p, at + FRAGMENT_OFFSET) & OFFSET_MASK)
                return 0;
            at += FRAGMENT_SIZE;
        } else if (header == NEXT_HOP_BY_HOP || header == NEXT_ROUTING ||
                   header == NEXT_OPTIONS) {
            at += (pbuf_get_at(p, (u16_t)(at + 1)) + 1u) * 8;
        } else {
            return 0;
        }
    }
    return 0;
}

/* Options have lengths in units of 8 bytes, and fill a message to its end. */
static bool options_add_up(const struct pbuf *p, unsigned at)
{
    /* In front of the options: RS, RA, NS, NA, redirect. */
    static const uint8_t fixed[] = {8, 16, 24, 24, 40};
    const unsigned end = IP6_SIZE + get_u16(p, IP6_LENGTH);

    at += fixed[pbuf_get_at(p, (u16_t)at) - ROUTER_SOLICITATION];
    while (at < end && at < p->tot_len) {
        const unsigned length = pbuf_get_at(p, (u16_t)(at + 1)) * 8u;

        if (length == 0)
            return false;
        at += length;
    }
    return at == end && end <= p->tot_len;
}

static bool too_big_makes_sense(const struct pbuf *p, unsigned at,
                                struct netif *netif)
{
    const unsigned mtu =
        get_u16(p, at + TOO_BIG_MTU) << 16 | get_u16(p, at + TOO_BIG_MTU + 2);

    if (mtu < MTU_MIN)
        return false;
    if (mtu < netif->mtu)
        netif->chksum_flags |= NETIF_CHECKSUM_GEN_TCP;
    return true;
}

static bool makes_sense(const struct pbuf *p, struct netif *netif)
{
    bool fragment;
    const unsigned at = find_icmp6(p, &fragment);
    const unsigned type = at ? pbuf_get_at(p, (u16_t)at) : 0;

    if (type == TOO_BIG)
        return !fragment && too_big_makes_sense(p, at, netif);
    if (type >= ROUTER_SOLICITATION && type <= REDIRECT)
        return !fragment && options_add_up(p, at);
    return true;
}

int discovery_eats(struct pbuf *p, struct netif *netif)
{
    if (makes_sense(p, netif))
        return 0;
    pbuf_free(p);
    return 1;
}

const struct ip6_addr *discovery_gateway(struct netif *netif)
{
    for (size_t i = 0; i < ARRAY_LEN(gateways); i++)
        if (gateway_netif[i] == netif)
            return &gateways[i];
    return NULL;
}

void discovery_set_gateway(struct netif *netif, const struct ip6_addr *gw)
{
    size_t i = 0;

    while (i < ARRAY_LEN(gateways) - 1 && gateway_netif[i])
        i++;
    gateway_netif[i] = netif;
    gateways[i] = *gw;
    ip6_addr_assign_zone(&gateways[i], IP6_UNICAST, netif);
}

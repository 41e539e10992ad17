/* discovery.c: neighbour discovery, doubted: see discovery.h. */

#include "net/discovery.h"

#include <stdbool.h>
#include <stddef.h>

#include <lwip/ip6_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include "net/packet6.h"
#include "net/rdnss.h"
#include "net/unreach.h"

enum {
    UNREACHABLE = 1,
    TOO_BIG = 2,
    TOO_BIG_MTU = 4,
    ROUTER_SOLICITATION = 133,
    ROUTER_ADVERTISEMENT = 134,
    REDIRECT = 137,
};

#define MTU_MIN 1280 /* that every path takes (RFC 8200) */

/* Options have lengths in units of 8 bytes, and fill a message to its end. */
static bool options_add_up(const struct pbuf *p, unsigned at)
{
    /* In front of the options: RS, RA, NS, NA, redirect. */
    static const uint8_t fixed[] = {8, 16, 24, 24, 40};
    const unsigned end = packet6_end(p);

    at += fixed[packet6_u8(p, at) - ROUTER_SOLICITATION];
    while (at < end && at < p->tot_len) {
        const unsigned length = packet6_u8(p, at + 1) * 8;

        if (length == 0)
            return false;
        at += length;
    }
    return at == end && end <= p->tot_len;
}

static bool too_big_makes_sense(const struct pbuf *p, unsigned at,
                                struct netif *netif)
{
    const uint32_t mtu = packet6_u32(p, at + TOO_BIG_MTU);

    if (mtu < MTU_MIN)
        return false;
    if (mtu < netif->mtu)
        netif->chksum_flags |= NETIF_CHECKSUM_GEN_TCP;
    return true;
}

int discovery_eats(struct pbuf *p, struct netif *netif)
{
    bool fragment, sense = true;
    const unsigned at = packet6_find_icmp(p, &fragment);
    const unsigned type = at ? packet6_u8(p, at) : 0;

    if (type == TOO_BIG)
        sense = !fragment && too_big_makes_sense(p, at, netif);
    else if (type >= ROUTER_SOLICITATION && type <= REDIRECT)
        sense = !fragment && options_add_up(p, at);
    if (!sense) {
        pbuf_free(p);
        return 1;
    }
    if (type == UNREACHABLE && !fragment)
        unreach6(p, at, netif);
    if (type == ROUTER_ADVERTISEMENT)
        rdnss_read(p, at, netif);
    return 0;
}

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
    NEIGHBOUR_ADVERTISEMENT = 136,
    REDIRECT = 137,
    TARGET = 8,
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

/* Does somebody say that an address is his which is ours, and in use?  lwIP
 * would give it up, whoever says so (RFC 4862, 5.4.4: only while it is tried).
 */
static bool takes_ours(const struct pbuf *p, unsigned at, struct netif *netif)
{
    const ip6_addr_t target = packet6_addr(p, at + TARGET, netif);

    return packet6_is_own(&target, netif);
}

int discovery_eats(struct pbuf *p, struct netif *netif)
{
    bool fragment, sense = true;
    const unsigned at = packet6_find_icmp(p, &fragment);
    const unsigned type = at && at != PACKET6_ENDLESS ? packet6_u8(p, at) : 0;

    if (at == PACKET6_ENDLESS)
        sense = false;
    else if (type == TOO_BIG)
        sense = !fragment && packet6_u32(p, at + TOO_BIG_MTU) >= MTU_MIN;
    else if (type >= ROUTER_SOLICITATION && type <= REDIRECT)
        sense = !fragment && options_add_up(p, at) &&
                !(type == NEIGHBOUR_ADVERTISEMENT && takes_ours(p, at, netif));
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

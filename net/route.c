/* route.c: which interface a packet leaves by: see route.h. */

#include "net/route.h"

#include <stddef.h>

#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>

#include "lib/util.h"
#include "net/packet6.h"

#define LINK_LOCAL 0 /* lwIP keeps it there */

static const struct netif *gateway_netif[8];
static ip6_addr_t gateways[ARRAY_LEN(gateway_netif)];

static inline bool is_usable(const struct netif *netif)
{
    const unsigned both = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;

    return (netif->flags & both) == both;
}

/* The usable interface of the lowest number for which it is true; lwIP's list
 * begins with the highest. */
static COLD struct netif *first(bool (*is)(const struct netif *, const void *),
                                const void *addr)
{
    struct netif *netif, *best = NULL;

    NETIF_FOREACH(netif)
    {
        if (is_usable(netif) && is(netif, addr))
            best = netif;
    }
    return best;
}

/* ---- IPv4 ---- */

static COLD bool has_router4(const struct netif *netif, const void *addr)
{
    (void)addr;
    return !ip4_addr_isany(netif_ip4_addr(netif)) &&
           !ip4_addr_isany(netif_ip4_gw(netif)) &&
           !ip4_addr_isloopback(netif_ip4_addr(netif));
}

struct netif *route_v4(const struct ip4_addr *from, const struct ip4_addr *to)
{
    struct netif *netif, *own = NULL, *source = NULL, *near = NULL;
    bool there = false; /* to is in the source's network */

    if (!from)
        return first(has_router4, NULL);
    NETIF_FOREACH(netif) /* as first(), but for each packet */
    {
        const ip4_addr_t *addr = netif_ip4_addr(netif);
        bool is_near;

        if (!is_usable(netif) || ip4_addr_isany(addr))
            continue;
        if (ip4_addr_eq(addr, to))
            own = netif;
        is_near = ip4_addr_net_eq(addr, to, netif_ip4_netmask(netif));
        if (ip4_addr_eq(addr, from)) {
            source = netif;
            there = is_near;
        }
        if (is_near)
            near = netif;
    }
    if (own || ip4_addr_isloopback(to)) /* it stays here */
        return own;
    if (source &&
        (there || has_router4(source, to) || ip4_addr_ismulticast(to)))
        return source;
    return near;
}

/* ---- IPv6 ---- */

static COLD bool owns6(const struct netif *netif, const void *addr)
{
    return packet6_is_own(addr, netif);
}

/* Within the /64 of the link-local address, of the command line's, or one that
 * a router says to be on the link (RFC 5942). */
static COLD bool is_near6(const struct netif *netif, const void *addr)
{
    const ip6_addr_t *to = addr;

    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
            (i == LINK_LOCAL || netif_ip6_addr_isstatic(netif, i)) &&
            ip6_addr_net_eq(netif_ip6_addr(netif, i), to))
            return true;
    for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++)
        if (prefix_list[i].netif == netif &&
            ip6_addr_net_eq(&prefix_list[i].prefix, to))
            return true;
    return owns6(netif, to);
}

static COLD bool has_router6(const struct netif *netif, const void *addr)
{
    (void)addr;
    for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++)
        if (default_router_list[i].neighbor_entry &&
            default_router_list[i].neighbor_entry->netif == netif)
            return true;
    return route_gateway6(netif) != NULL;
}

COLD struct netif *route_v6(const struct ip6_addr *from,
                            const struct ip6_addr *to)
{
    struct netif *netif = first(owns6, to);

    if (netif || ip6_addr_isloopback(to))
        return netif;
    netif = ip6_addr_isany(from) ? NULL : first(owns6, from);
    if (netif && (is_near6(netif, to) || has_router6(netif, to) ||
                  ip6_addr_ismulticast(to)))
        return netif;
    netif = first(is_near6, to);
    return netif ? netif : first(has_router6, to);
}

COLD const struct ip6_addr *route_gateway6(const struct netif *netif)
{
    for (size_t i = 0; i < ARRAY_LEN(gateways); i++)
        if (gateway_netif[i] == netif)
            return &gateways[i];
    return NULL;
}

COLD void route_set_gateway6(struct netif *netif, const struct ip6_addr *gw)
{
    size_t i = 0;

    while (i < ARRAY_LEN(gateways) - 1 && gateway_netif[i])
        i++;
    gateway_netif[i] = netif;
    gateways[i] = *gw;
    ip6_addr_assign_zone(&gateways[i], IP6_UNICAST, netif);
}

static COLD bool has_routable(const struct netif *netif)
{
    for (int i = LINK_LOCAL + 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
            return true;
    return false;
}

static COLD bool is_in_zone(const struct netif *netif, const void *addr)
{
    return ip6_addr_isvalid(netif_ip6_addr_state(netif, LINK_LOCAL)) &&
           (ip6_addr_has_zone((const ip6_addr_t *)addr)
                ? ip6_addr_test_zone((const ip6_addr_t *)addr, netif) != 0
                : netif == netif_default);
}

COLD bool route_reaches6(const struct ip6_addr *to)
{
    const struct netif *netif;

    if (ip6_addr_ismulticast(to))
        return first(is_in_zone, to) != NULL;
    if (first(is_near6, to))
        return true;
    netif = first(has_router6, to);
    return netif && has_routable(netif);
}

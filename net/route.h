/*
 * route.h: which interface a packet leaves by, and which router it goes to.
 *
 * Bound to an address, by the interface that has it, if there is a way from
 * there; else by the first whose network it goes to; else by the first that
 * has a router.  The first is the vif with the lowest number.
 */
#pragma once

#include <stdbool.h>

struct ip4_addr;
struct ip6_addr;
struct netif;

/* lwIP's hooks, see net/lwipopts.h.  from may be any address, or NULL: lwIP
 * itself has found nothing.  NULL: as lwIP does. */
struct netif *route_v4(const struct ip4_addr *from, const struct ip4_addr *to);
struct netif *route_v6(const struct ip6_addr *from, const struct ip6_addr *to);

/* The IPv6 router of the command line; NULL: none. */
const struct ip6_addr *route_gateway6(const struct netif *netif);
void route_set_gateway6(struct netif *netif, const struct ip6_addr *gw);

/* Is there a way from an IPv6 address of ours to this one? */
bool route_reaches6(const struct ip6_addr *to);

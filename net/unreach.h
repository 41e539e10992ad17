/* unreach.h: what ICMP and ICMPv6 say about our datagrams. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pbuf;
struct netif;

/* Is a packet whose first len bytes are here perhaps ICMP's? */
static inline bool unreach_possible(const void *header, unsigned len)
{
    return len <= 9 || ((const uint8_t *)header)[9] == 1; /* RFC 791, 792 */
}

/*
 * lwIP's hook for IPv4 packets, called with those that are possible; lwIP takes
 * no notice of it itself: an answer "port unreachable" to a connected UDP pcb's
 * datagram calls that pcb's receive function without a packet.  Always 0: lwIP
 * goes on with it.
 */
int unreach_input(struct pbuf *p, struct netif *netif);

/* The same for a message "destination unreachable" at this place of an IPv6
 * packet. */
void unreach6(struct pbuf *p, unsigned at, struct netif *netif);

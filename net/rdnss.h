/* rdnss.h: the DNS servers that IPv6 routers advertise (RFC 8106). */
#pragma once

struct pbuf;
struct netif;

/* A router advertisement whose options add up begins at this place of a
 * packet.  Its servers go to net/nameserver.c, each for as long as it says:
 * if the advertisement is what lwIP, too, will believe (RFC 4861, 6.1.2), and
 * addresses come from routers here. */
void rdnss_read(struct pbuf *p, unsigned at, struct netif *netif);

/*
 * direct.h: the way of most UDP datagrams over IPv4, past lwIP's layers: from
 * a frame to its pcb, and from a program's bytes to a frame.  It is for plain
 * packets (plain.h) to and from a port that one pcb has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ip_addr;
struct net_counts;
struct netif;
struct plain;
struct udp_pcb;

/* Give b, a received datagram with these headers and UDP's in its first piece,
 * to its pcb; true: it is gone. */
bool direct_received(const struct netif *netif, const struct plain *h,
                     struct buf *b, struct net_counts *counts);

/* A frame to send n bytes by netif in, with the options in pcb; its checksum is
 * left to the back-end.  NULL: lwIP must, and now and then although it need
 * not: it then asks the neighbour again who he is. */
struct buf *direct_frame(const struct udp_pcb *pcb, struct netif *netif,
                         const void *data, size_t n, const struct ip_addr *to,
                         uint16_t port, struct net_counts *counts);

/*
 * direct.h: the way of most UDP datagrams over IPv4, past lwIP's layers: from
 * a frame to its pcb, and from a program's bytes to a frame.
 *
 * It is for what is simple: whole datagrams without IP options from and to one
 * neighbour or a router, an address of the interface's own, a port that one pcb
 * has.  What is not, or is wrong, is left to lwIP, as if nothing had been.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ip_addr;
struct net_counts;
struct netif;
struct udp_pcb;

/* Give a received frame to its pcb; true: it is gone. */
bool direct_received(struct netif *netif, struct buf *b,
                     struct net_counts *counts);

/* A frame to send n bytes by netif in, with the options in pcb; its checksum is
 * left to the back-end.  NULL: lwIP must, and now and then although it need
 * not: it then asks the neighbour again who he is. */
struct buf *direct_frame(const struct udp_pcb *pcb, struct netif *netif,
                         const void *data, size_t n, const struct ip_addr *to,
                         uint16_t port, struct net_counts *counts);

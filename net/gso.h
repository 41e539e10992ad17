/*
 * gso.h: TCP segments larger than the MSS, up to 64 KB, which the back-end or
 * the last wire's card cuts (generic segmentation offload).
 *
 * lwIP makes segments no larger than pcb->mss.  gso_send() makes larger ones
 * itself, gso_write() raises the MSS for the time of tcp_write().  What lwIP
 * then could not do with such segments is done in functions that the linker
 * puts in the place of its own, here and in tcpout.h: the first one to be sent
 * is cut when the window has become too small for it, the one to be sent again
 * when a part of it has arrived, and IP does not fragment them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ip4_addr;
struct ip6_addr;
struct netif;
struct pbuf;
struct tcp_pcb;

/* Marks of an interface, beside lwIP's own in chksum_flags: it cuts TCP
 * segments of IPv4 and of IPv6. */
#define GSO_V4 0x20u
#define GSO_V6 0x40u

/* As tcp_write(), with the same meaning of everything.  int8_t is lwIP's err_t.
 */
int8_t gso_write(struct tcp_pcb *pcb, const void *data, uint16_t n,
                 uint8_t flags);

/* Queue some of n bytes of data: in pages, in a small segment of their own, or
 * without a copy if they stay where they are (IN_PLACE_MIN at least); more:
 * others follow at once.  How many are queued; 0: no memory, too much is
 * queued, or it is for gso_write(). */
size_t gso_send(struct tcp_pcb *pcb, const void *data, size_t n, bool stays,
                bool more);

/* The size of the segments that a packet of so many bytes, which lwIP sends by
 * netif just now, is to be cut into; 0: it fits into the MTU. */
uint16_t gso_size(const struct netif *netif, size_t size, bool v6);

/* A segment as it travels: like lwIP's, at most half of the largest window that
 * the peer has ever had. */
uint32_t gso_plain_size(const struct tcp_pcb *pcb);

/* Before tcp_output(): cut the first unsent segment if it has become too large
 * for the window. */
void gso_fit(struct tcp_pcb *pcb);

/* The interface may be another one now, or the path narrower (RFC 8201): cut
 * what is queued if it has to be. */
void gso_refit(struct tcp_pcb *pcb);

/* To be told what tcp_sent()'s callback is. */
void gso_acknowledged(struct tcp_pcb *pcb, uint16_t n);

/*
 * lwIP acknowledges every second segment by itself, and the program's reading
 * then again, as it opens the window.  Here the second segment, or one that
 * stands for several, is acknowledged when the threads have had a turn to read,
 * unless that was done meanwhile.  gso_received() sees each segment first,
 * gso_acknowledge() sends what is due, and gso_due() tells whether any is.
 */
void gso_received(struct tcp_pcb *pcb, const struct pbuf *payload);
void gso_acknowledge(void);
bool gso_due(void);

void __wrap_tcp_rexmit_rto_commit(struct tcp_pcb *pcb);
int8_t __wrap_tcp_split_unsent_seg(struct tcp_pcb *pcb, uint16_t n);
int8_t __wrap_ip4_frag(struct pbuf *p, struct netif *netif,
                       const struct ip4_addr *dest);
int8_t __wrap_ip6_frag(struct pbuf *p, struct netif *netif,
                       const struct ip6_addr *dest);

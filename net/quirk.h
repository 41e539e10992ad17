/* quirk.h: where lwIP needs help from outside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ip_addr;
struct tcp_pcb;
struct tcp_hdr;
struct pbuf;

/*
 * A segment for pcb, before lwIP looks at it; its header is in host byte order,
 * and n bytes of options follow there, torn if more do elsewhere.  True: it
 * must be dropped.  lwIP
 *
 * - answers every bare acknowledgement that finds its receive window closed:
 * two of its kind with both windows closed would never stop;
 * - takes what acknowledges nothing, or what was never sent (RFC 5961, 5);
 * - hears of an MSS at any time, and of any (RFC 9293, 3.7.1);
 * - keeps what comes too early, beyond the window, too, and insists later that
 *   it is not; and whatever memory there is.
 */
bool quirk_refuses(struct tcp_pcb *pcb, struct tcp_hdr *header, uint16_t n,
                   const void *torn, struct pbuf *payload);

/*
 * A client that comes again from the port of a connection we have closed finds
 * lwIP in TIME_WAIT: its SYN would be answered by a bare acknowledgement or a
 * reset, for a minute.  One that begins beyond the old connection's numbers
 * opens a new one instead (RFC 9293, 3.10.7.4).
 *
 * A listener whose backlog is full of connections that nobody completes would
 * take no other for 20 seconds: the oldest of those gives way to a new SYN
 * (RFC 4987, 3.4).
 *
 * lwIP looks through all connections for each SYN: not for one that net/ends.h
 * knows to be of none.  The linker puts this in the place of its tcp_input().
 */
struct netif;
void __wrap_tcp_input(struct pbuf *p, struct netif *from);

/* lwIP hands up whatever IP brought, though a datagram may end before, and is
 * none without its end (RFC 768); and it takes one of IPv6 that has no checksum
 * (RFC 8200, 8.1). */
void __wrap_udp_input(struct pbuf *p, struct netif *from);

/* lwIP asks for each packet whether someone wants it raw.  NULL: nobody does,
 * and what would look for him is not in the image. */
extern const struct quirk_raw {
    int (*input)(struct pbuf *p, struct netif *from);
    void (*moved)(const struct ip_addr *old, const struct ip_addr *now);
} * quirk_raw;

/* lwIP keeps every closed connection for a minute, and each SYN looks through
 * them all: forget the oldest beyond a number. */
void quirk_trim_time_wait(void);

/* lwIP knows nothing of addresses of both kinds at once, and with SO_REUSEADDR
 * it lets listeners share a port of which one then has nothing.  True: pcb must
 * not be bound to it, nor listen there. */
bool quirk_taken(const struct tcp_pcb *pcb, const struct ip_addr *addr,
                 uint16_t port);

/* quirk.h: where lwIP needs help from outside. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ip_addr;
struct tcp_pcb;
struct tcp_hdr;
struct pbuf;

/*
 * lwIP answers every bare acknowledgement that finds its receive window
 * closed.  Two of its kind with both windows closed would never stop.  True:
 * this segment tells nothing new to such a connection, and must be dropped.
 */
bool quirk_echo(struct tcp_pcb *pcb, const struct tcp_hdr *header,
                const struct pbuf *payload);

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

/* lwIP keeps every closed connection for a minute, and each SYN looks through
 * them all: forget the oldest beyond a number. */
void quirk_trim_time_wait(void);

/* lwIP knows nothing of addresses of both kinds at once, and with SO_REUSEADDR
 * it lets listeners share a port of which one then has nothing.  True: pcb must
 * not be bound to it, nor listen there. */
bool quirk_taken(const struct tcp_pcb *pcb, const struct ip_addr *addr,
                 uint16_t port);

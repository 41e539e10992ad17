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

/* lwIP keeps every closed connection for a minute, and each SYN looks through
 * them all: forget the oldest beyond a number. */
void quirk_trim_time_wait(void);

/* lwIP lets a listener for both IPv4 and IPv6 and one for IPv6 have the same
 * port.  True: pcb must not be bound to it. */
bool quirk_taken(const struct tcp_pcb *pcb, const struct ip_addr *addr,
                 uint16_t port);

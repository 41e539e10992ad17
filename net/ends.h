/*
 * ends.h: which TCP connections there are, by the addresses and ports of their
 * ends.  lwIP has a list only, and would look through all of it for each SYN.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ip_addr;
struct tcp_pcb;

/* Connections that this listener takes are known from the first SYN on. */
void ends_listen(struct tcp_pcb *listener);

/* So is this one, which tcp_connect() has started, until lwIP frees it.
 * False: no memory. */
bool ends_connect(struct tcp_pcb *pcb);

/* Is there a connection between these two, perhaps in TIME_WAIT?  Ports in host
 * byte order. */
bool ends_known(const struct ip_addr *local, uint16_t local_port,
                const struct ip_addr *remote, uint16_t remote_port);

/*
 * tcpout.h: what TCP sends over IPv4: past lwIP's IP and Ethernet, to plain
 * frames (plain.h), and a segment that may go and is the only one to go past
 * lwIP's TCP, too.  The linker puts these in the place of lwIP's.
 */
#pragma once

#include <stdint.h>

struct ip4_addr;
struct netif;
struct pbuf;
struct tcp_pcb;

int8_t __wrap_tcp_output(struct tcp_pcb *pcb);
int8_t __wrap_ip4_output_if(struct pbuf *p, const struct ip4_addr *src,
                            const struct ip4_addr *dest, uint8_t ttl,
                            uint8_t tos, uint8_t proto, struct netif *netif);

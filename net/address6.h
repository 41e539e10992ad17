/*
 * address6.h: an interface's IPv6 addresses, and who is told about them.
 *
 * A link-local one always, made from the MAC address.  The others by router
 * advertisements (SLAAC, the same interface identifier), unless the command
 * line says ip6=ADDR/64[,gw=ADDR][,dns=ADDR], or ip6=none: no IPv6.  That is
 * for interface 0; for number N up to 3 it is ip6_N=.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <lwip/netif.h>

struct address6_config {
    struct in6_addr ip, gw, dns; /* any (::): not given */
};

/* 0, or -EINVAL: not of the form above. */
int address6_parse(const char *text, struct address6_config *config);

struct address6 {
    struct netif *netif;
    unsigned id;                             /* vif <id> */
    bool off;                                /* ip6=none */
    ip6_addr_t reported;                     /* what the world believes */
    uint8_t states[LWIP_IPV6_NUM_ADDRESSES]; /* lwIP's, looked at so far */
    uint8_t taken;  /* a bit for each address another host has */
    uint8_t mac[6]; /* that the addresses are made from */
};

/* The interface is up. */
void address6_start(struct address6 *a, struct netif *netif, unsigned id);

/* The device came back, perhaps with another MAC address. */
void address6_restart(struct address6 *a);

/* Tell the console and xenstore about the best address when it has changed:
 * a routable one, or else the link-local one.  May wait for xenstored. */
void address6_tell(struct address6 *a);

/* The same, asked after every packet: no address changes but through its
 * state. */
static inline void address6_report(struct address6 *a)
{
    if (memcmp(a->netif->ip6_addr_state, a->states, sizeof(a->states)) != 0)
        address6_tell(a);
}

/*
 * address.h: where an interface's IPv4 address comes from, and who is told.
 *
 * DHCP, unless the command line says ip=ADDR/LEN[,gw=ADDR][,dns=ADDR].  That
 * is for interface 0; for number N up to 3 it is ipN=.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/dhcp.h>
#include <lwip/netif.h>

struct address_config {
    ip4_addr_t ip, mask, gw, dns; /* any (0.0.0.0): not given */
};

/* The item up to the next comma, which is left in *text; false: it is empty or
 * too long to be anything. */
bool address_item(const char **text, char *item, size_t size);

/* 0, or -EINVAL: not of the form above. */
int address_parse(const char *text, struct address_config *config);

/* ipN=none: the interface is the program's own, and lwIP never opens it. */
bool address_wanted(unsigned id);

struct address {
    struct netif *netif;
    unsigned id;         /* vif <id> */
    bool fixed;          /* from the command line */
    ip4_addr_t reported; /* what the world believes */
    struct dhcp dhcp;
};

/* 0, or -ENOMEM: there is none to ask DHCP with, and nobody will. */
int address_start(struct address *a, struct netif *netif, unsigned id);

/* Tell the console and xenstore about a change; may wait for xenstored. */
void address_tell(struct address *a);
static inline void address_report(struct address *a)
{
    if (!ip4_addr_eq(netif_ip4_addr(a->netif), &a->reported))
        address_tell(a);
}

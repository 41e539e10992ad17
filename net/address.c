/* address.c: interface addresses: see address.h. */

#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/panic.h"
#include "lib/param.h"
#include "lib/util.h"
#include "net/nameserver.h"
#include "xen/stamp.h"
#include "xen/xenstore.h"

static const char *values[4]; /* NULL: not given */
static const struct param address_params[] PARAM = {{"ip", &values[0]},
                                                    {"ip1", &values[1]},
                                                    {"ip2", &values[2]},
                                                    {"ip3", &values[3]}};

static const char *value_of(unsigned id)
{
    return id < ARRAY_LEN(values) ? values[id] : NULL;
}

bool address_item(const char **text, char *item, size_t size)
{
    const size_t n = strcspn(*text, ",");

    if (n == 0 || n >= size)
        return false;
    memcpy(item, *text, n);
    item[n] = '\0';
    *text += n;
    return true;
}

/* ADDR/LEN */
static int parse_network(char *item, struct address_config *config)
{
    char *slash = strchr(item, '/');
    unsigned bits = 0;

    if (!slash || slash[1] == '\0')
        return -EINVAL;
    *slash = '\0';
    for (const char *p = slash + 1; *p; p++) {
        if (*p < '0' || *p > '9' || bits > 32)
            return -EINVAL;
        bits = bits * 10 + (unsigned)(*p - '0');
    }
    if (bits == 0 || bits > 32 || inet_pton(AF_INET, item, &config->ip) != 1)
        return -EINVAL;
    config->mask.addr = htonl(UINT32_MAX << (32 - bits));
    return 0;
}

int address_parse(const char *text, struct address_config *config)
{
    char item[32];

    *config = (struct address_config){0};
    if (!address_item(&text, item, sizeof(item)) || parse_network(item, config))
        return -EINVAL;
    while (*text) {
        ip4_addr_t *to;

        text++; /* the comma */
        if (!address_item(&text, item, sizeof(item)))
            return -EINVAL;
        to = strncmp(item, "gw=", 3) == 0    ? &config->gw
             : strncmp(item, "dns=", 4) == 0 ? &config->dns
                                             : NULL;
        if (!to || inet_pton(AF_INET, strchr(item, '=') + 1, to) != 1)
            return -EINVAL;
    }
    return 0;
}

bool address_wanted(unsigned id)
{
    const char *value = value_of(id);

    return !value || strcmp(value, "none") != 0;
}

static void add_nameserver(const ip4_addr_t *v4)
{
    const ip_addr_t addr = IPADDR4_INIT(v4->addr);

    if (!ip4_addr_isany(v4))
        nameserver_add(&addr);
}

int address_start(struct address *a, struct netif *netif, unsigned id)
{
    const char *value = value_of(id);
    struct address_config config;

    *a = (struct address){.netif = netif, .id = id};
    if (value) {
        if (address_parse(value, &config) == 0) {
            a->fixed = true;
            netif_set_addr(netif, &config.ip, &config.mask, &config.gw);
            add_nameserver(&config.dns);
            return 0;
        }
        say("net: %s=%s is not ADDR/LEN,gw=NEIGHBOUR,dns=ADDR: asking DHCP",
            address_params[id].name, value);
    }
    dhcp_set_struct(netif, &a->dhcp);
    return dhcp_start(netif) == ERR_OK ? 0 : -ENOMEM;
}

static unsigned prefix_bits(const ip4_addr_t *mask)
{
    return (unsigned)__builtin_popcount(mask->addr);
}

void address_tell(struct address *a)
{
    const struct netif *netif = a->netif;
    const ip4_addr_t ip4 = *netif_ip4_addr(netif);
    char addr[INET_ADDRSTRLEN], gw[INET_ADDRSTRLEN], path[32];

    a->reported = ip4;
    stamp(STAMP_ADDRESS);
    inet_ntop(AF_INET, &ip4, addr, sizeof(addr));
    inet_ntop(AF_INET, netif_ip4_gw(netif), gw, sizeof(gw));
    if (ip4_addr_isany_val(ip4))
        say("net: the address of vif %u is gone", a->id);
    else if (ip4_addr_isany(netif_ip4_gw(netif)))
        say("net: vif %u has %s/%u (%s)", a->id, addr,
            prefix_bits(netif_ip4_netmask(netif)), a->fixed ? "ip=" : "dhcp");
    else
        say("net: vif %u has %s/%u gw %s (%s)", a->id, addr,
            prefix_bits(netif_ip4_netmask(netif)), gw,
            a->fixed ? "ip=" : "dhcp");
    sniprintf(path, sizeof(path), "attr/vif/%u/ipv4/0", a->id);
    xs_post(path, addr); /* only for those who look there */
}

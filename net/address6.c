/* address6.c: IPv6 addresses of interfaces: see address6.h. */

#include "net/address6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/panic.h"
#include "lib/param.h"
#include "lib/util.h"
#include "net/address.h"
#include "net/nameserver.h"
#include "net/route.h"
#include "xen/xenstore.h"

#define LINK_LOCAL 0 /* lwIP keeps it there */

static const char *values[4]; /* NULL: not given */
static const struct param address6_params[] PARAM = {{"ip6", &values[0]},
                                                     {"ip6_1", &values[1]},
                                                     {"ip6_2", &values[2]},
                                                     {"ip6_3", &values[3]}};

/* ADDR/64 */
static int parse_network(char *item, struct address6_config *config)
{
    char *slash = strchr(item, '/');

    if (!slash || strcmp(slash, "/64") != 0)
        return -EINVAL;
    *slash = '\0';
    return inet_pton(AF_INET6, item, &config->ip) != 1 ||
                   IN6_IS_ADDR_UNSPECIFIED(&config->ip) ||
                   IN6_IS_ADDR_MULTICAST(&config->ip) ||
                   IN6_IS_ADDR_LINKLOCAL(&config->ip) ||
                   IN6_IS_ADDR_V4MAPPED(&config->ip)
               ? -EINVAL
               : 0;
}

int address6_parse(const char *text, struct address6_config *config)
{
    char item[INET6_ADDRSTRLEN + 4];

    *config = (struct address6_config){0};
    if (!address_item(&text, item, sizeof(item)) || parse_network(item, config))
        return -EINVAL;
    while (*text) {
        struct in6_addr *to;

        text++; /* the comma */
        if (!address_item(&text, item, sizeof(item)))
            return -EINVAL;
        to = strncmp(item, "gw=", 3) == 0    ? &config->gw
             : strncmp(item, "dns=", 4) == 0 ? &config->dns
                                             : NULL;
        if (!to || inet_pton(AF_INET6, strchr(item, '=') + 1, to) != 1)
            return -EINVAL;
    }
    /* lwIP asks for neighbours' addresses within a /64 of its own only. */
    return IN6_IS_ADDR_UNSPECIFIED(&config->gw) ||
                   IN6_IS_ADDR_LINKLOCAL(&config->gw) ||
                   memcmp(&config->gw, &config->ip, 8) == 0
               ? 0
               : -EINVAL;
}

static void make_link_local(struct address6 *a)
{
    memcpy(a->mac, a->netif->hwaddr, sizeof(a->mac));
    netif_create_ip6_linklocal_address(a->netif, 1);
}

static ip_addr_t lwip_addr(const struct in6_addr *from, struct netif *netif)
{
    ip_addr_t addr = IPADDR6_INIT(0, 0, 0, 0);

    memcpy(ip_2_ip6(&addr)->addr, from, sizeof(*from));
    ip6_addr_assign_zone(ip_2_ip6(&addr), IP6_UNICAST, netif);
    return addr;
}

static void set_fixed(struct address6 *a, const struct address6_config *config)
{
    const ip_addr_t addr = lwip_addr(&config->ip, a->netif);
    const ip_addr_t gw = lwip_addr(&config->gw, a->netif);
    const ip_addr_t dns = lwip_addr(&config->dns, a->netif);

    netif_set_ip6_autoconfig_enabled(a->netif, 0);
    netif_add_ip6_address(a->netif, ip_2_ip6(&addr), NULL);
    if (!ip_addr_isany_val(gw))
        route_set_gateway6(a->netif, ip_2_ip6(&gw));
    if (!ip_addr_isany_val(dns))
        nameserver_add(&dns);
}

void address6_start(struct address6 *a, struct netif *netif, unsigned id)
{
    const char *value = id < ARRAY_LEN(values) ? values[id] : NULL;
    struct address6_config config;

    *a = (struct address6){.netif = netif, .id = id};
    if (value && !strcmp(value, "none")) {
        a->off = true;
        netif_set_ip6_autoconfig_enabled(netif, 0);
        return;
    }
    make_link_local(a);
    if (!value)
        return;
    if (address6_parse(value, &config) == 0)
        set_fixed(a, &config);
    else
        say("net: %s=%s is not ADDR/64,gw=NEIGHBOUR,dns=ADDR: listening for "
            "routers",
            address6_params[id].name, value);
}

void address6_restart(struct address6 *a)
{
    if (a->off || !memcmp(a->mac, a->netif->hwaddr, sizeof(a->mac)))
        return;
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (i == LINK_LOCAL || !netif_ip6_addr_isstatic(a->netif, i))
            netif_ip6_addr_set_state(a->netif, i, IP6_ADDR_INVALID);
    make_link_local(a);
}

/* The best address: its number, or -1. */
static int best(const struct netif *netif)
{
    for (int i = LINK_LOCAL + 1; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_ispreferred(netif_ip6_addr_state(netif, i)))
            return i;
    return ip6_addr_isvalid(netif_ip6_addr_state(netif, LINK_LOCAL))
               ? LINK_LOCAL
               : -1;
}

/* Is one being tried out? */
static bool is_coming(const struct netif *netif)
{
    return ip6_addr_istentative(netif_ip6_addr_state(netif, LINK_LOCAL));
}

static void report_taken(struct address6 *a)
{
    char addr[INET6_ADDRSTRLEN];

    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        const uint8_t bit = (uint8_t)(1 << i);

        if (!ip6_addr_isduplicated(netif_ip6_addr_state(a->netif, i))) {
            a->taken &= (uint8_t)~bit;
        } else if (!(a->taken & bit)) {
            a->taken |= bit;
            inet_ntop(AF_INET6, netif_ip6_addr(a->netif, i), addr,
                      sizeof(addr));
            say("net: vif %u does not use %s: another host has it, too", a->id,
                addr);
        }
    }
}

void address6_tell(struct address6 *a)
{
    const int i = best(a->netif);
    ip6_addr_t is = {0};
    char addr[INET6_ADDRSTRLEN], path[32];

    memcpy(a->states, a->netif->ip6_addr_state, sizeof(a->states));
    report_taken(a);
    if (i < 0 && is_coming(a->netif))
        return;
    if (i >= 0)
        is = *netif_ip6_addr(a->netif, i);
    if (ip6_addr_eq(&is, &a->reported))
        return;
    a->reported = is;
    inet_ntop(AF_INET6, &is, addr, sizeof(addr));
    if (i < 0)
        say("net: the IPv6 address of vif %u is gone", a->id);
    else
        say("net: vif %u has %s/64 (%s)", a->id, addr,
            i == LINK_LOCAL                        ? "link-local"
            : netif_ip6_addr_isstatic(a->netif, i) ? "ip6="
                                                   : "slaac");
    sniprintf(path, sizeof(path), "attr/vif/%u/ipv6/0", a->id);
    xs_post(path, i < 0 ? "" : addr); /* only for those who look there */
}

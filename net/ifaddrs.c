/* ifaddrs.c: the interfaces as programs see them: ifaddrs.h, net/if.h. */

#include <ifaddrs.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/netif.h>

#include "lib/posix.h"
#include "lib/util.h"
#include "net/lwip.h"

_Static_assert(IF_NAMESIZE >= NETIF_NAMESIZE, "a name fits");

union name {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* One address, freed as one. */
struct entry {
    struct ifaddrs ifa; /* first */
    char name[IF_NAMESIZE];
    union name addr, netmask, broadcast;
};

static unsigned flags_of(const struct netif *netif)
{
    return (netif_is_up(netif) ? IFF_UP : 0) |
           (netif->flags & NETIF_FLAG_BROADCAST ? IFF_BROADCAST : 0) |
           (netif->name[0] == 'l' ? IFF_LOOPBACK : 0) |
           (netif_is_link_up(netif) ? IFF_RUNNING : 0);
}

/* Behind the end of the list; NULL: no memory. */
static struct entry *append(struct ifaddrs ***end, const struct netif *netif)
{
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    netif_index_to_name(netif_get_index(netif), e->name);
    e->ifa.ifa_name = e->name;
    e->ifa.ifa_flags = flags_of(netif);
    e->ifa.ifa_addr = &e->addr.any;
    e->ifa.ifa_netmask = &e->netmask.any;
    **end = &e->ifa;
    *end = &e->ifa.ifa_next;
    return e;
}

static void fill(union name *n, uint32_t addr)
{
    n->in =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = addr};
}

static bool append_v4(struct ifaddrs ***end, const struct netif *netif)
{
    const uint32_t addr = netif_ip4_addr(netif)->addr;
    const uint32_t mask = netif_ip4_netmask(netif)->addr;
    struct entry *e;

    if (addr == INADDR_ANY)
        return true;
    if (!(e = append(end, netif)))
        return false;
    fill(&e->addr, addr);
    fill(&e->netmask, mask);
    if (e->ifa.ifa_flags & IFF_BROADCAST) {
        fill(&e->broadcast, addr | ~mask);
        e->ifa.ifa_broadaddr = &e->broadcast.any;
    }
    return true;
}

/* Those that may be used.  Every prefix has 64 bits, but for lo's. */
static bool append_v6(struct ifaddrs ***end, const struct netif *netif)
{
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        const ip6_addr_t *addr = netif_ip6_addr(netif, i);
        struct entry *e;

        if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
            continue;
        if (!(e = append(end, netif)))
            return false;
        e->addr.in6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_scope_id = ip6_addr_zone(addr)};
        memcpy(&e->addr.in6.sin6_addr, addr->addr, sizeof(addr->addr));
        e->netmask.in6.sin6_family = AF_INET6;
        memset(&e->netmask.in6.sin6_addr, 0xff,
               ip6_addr_isloopback(addr) ? 16 : 8);
    }
    return true;
}

int getifaddrs(struct ifaddrs **list)
{
    struct ifaddrs **end = list;
    const struct netif *netif;
    const int err = net_up();

    *list = NULL;
    if (err && err != -ENODEV) /* without a vif there is still the loopback */
        return posix_status(err);
    NETIF_FOREACH(netif)
    {
        if (!append_v4(&end, netif) || !append_v6(&end, netif)) {
            freeifaddrs(*list);
            *list = NULL;
            return posix_status(-ENOMEM);
        }
    }
    return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
    while (list) {
        struct ifaddrs *next = list->ifa_next;

        free(CONTAINER_OF(list, struct entry, ifa));
        list = next;
    }
}

unsigned if_nametoindex(const char *name)
{
    const unsigned index = net_up() ? 0 : netif_name_to_index(name);

    if (!index)
        errno = ENODEV;
    return index;
}

char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
    if (!net_up() && index <= UINT8_MAX &&
        netif_index_to_name((u8_t)index, name))
        return name;
    errno = ENXIO;
    return NULL;
}

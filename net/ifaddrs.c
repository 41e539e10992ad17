/* ifaddrs.c: the interfaces as programs see them: ifaddrs.h, net/if.h. */

#include <ifaddrs.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/netif.h>

#include "lib/util.h"
#include "net/lwip.h"

_Static_assert(IF_NAMESIZE >= NETIF_NAMESIZE, "a name fits");

/* One address, freed as one. */
struct entry {
    struct ifaddrs ifa; /* first */
    char name[IF_NAMESIZE];
    struct sockaddr_in addr, netmask, broadcast;
};

static unsigned flags_of(const struct netif *netif)
{
    return (netif_is_up(netif) ? IFF_UP : 0) |
           (netif->flags & NETIF_FLAG_BROADCAST ? IFF_BROADCAST : 0) |
           (netif->name[0] == 'l' ? IFF_LOOPBACK : 0) |
           (netif_is_link_up(netif) ? IFF_RUNNING : 0);
}

static struct sockaddr *fill(struct sockaddr_in *in, uint32_t addr)
{
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = addr;
    return (struct sockaddr *)in;
}

static struct entry *entry_new(const struct netif *netif)
{
    const uint32_t addr = netif_ip4_addr(netif)->addr;
    const uint32_t mask = netif_ip4_netmask(netif)->addr;
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    netif_index_to_name(netif_get_index(netif), e->name);
    e->ifa.ifa_name = e->name;
    e->ifa.ifa_flags = flags_of(netif);
    e->ifa.ifa_addr = fill(&e->addr, addr);
    e->ifa.ifa_netmask = fill(&e->netmask, mask);
    if (e->ifa.ifa_flags & IFF_BROADCAST)
        e->ifa.ifa_broadaddr = fill(&e->broadcast, addr | ~mask);
    return e;
}

static int failed(int error)
{
    errno = error;
    return -1;
}

int getifaddrs(struct ifaddrs **list)
{
    struct ifaddrs **end = list;
    const struct netif *netif;
    const int err = net_up();

    *list = NULL;
    if (err && err != -ENODEV) /* without a vif there is still the loopback */
        return failed(-err);
    NETIF_FOREACH(netif)
    {
        struct entry *e;

        if (ip4_addr_isany(netif_ip4_addr(netif)))
            continue;
        e = entry_new(netif);
        if (!e) {
            freeifaddrs(*list);
            *list = NULL;
            return failed(ENOMEM);
        }
        *end = &e->ifa;
        end = &e->ifa.ifa_next;
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

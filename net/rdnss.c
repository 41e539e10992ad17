/* rdnss.c: DNS servers from router advertisements: see rdnss.h. */

#include "net/rdnss.h"

#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include "kernel/sched.h"
#include "net/nameserver.h"
#include "net/packet6.h"
#include "xen/clock.h"

enum {
    HOPS_FROM_LINK = 255,
    ADVERTISEMENT_SIZE = 16, /* without its options */
    OPTION_RDNSS = 25,
    RDNSS_LIFETIME = 4,
    RDNSS_ADDRS = 8,
    ADDR_SIZE = 16,
};

#define FOR_EVER UINT32_MAX

static uint64_t end_of(uint32_t lifetime)
{
    if (lifetime == FOR_EVER)
        return NEVER;
    return lifetime ? clock_now() + lifetime * SECOND : 0;
}

static void read_servers(const struct pbuf *p, unsigned at, unsigned end,
                         const struct netif *netif)
{
    const uint64_t until = end_of(packet6_u32(p, at + RDNSS_LIFETIME));

    for (at += RDNSS_ADDRS; at + ADDR_SIZE <= end; at += ADDR_SIZE) {
        const ip6_addr_t addr = packet6_addr(p, at, netif);
        ip_addr_t server;

        if (ip6_addr_isany(&addr) || ip6_addr_isloopback(&addr) ||
            ip6_addr_ismulticast(&addr) || ip6_addr_isipv4mappedipv6(&addr))
            continue;
        ip_addr_copy_from_ip6(server, addr);
        nameserver_hear(&server, until);
    }
}

static bool is_believable(struct pbuf *p, unsigned at,
                          const struct netif *netif)
{
    const ip6_addr_t from = packet6_addr(p, IP6_SOURCE, netif);

    return packet6_u8(p, IP6_HOPS) == HOPS_FROM_LINK &&
           packet6_u8(p, at + ICMP6_CODE) == 0 && ip6_addr_islinklocal(&from) &&
           packet6_sum_right(p, at, netif);
}

void rdnss_read(struct pbuf *p, unsigned at, struct netif *netif)
{
    const unsigned end = packet6_end(p);
    unsigned length;

    if (!netif->ip6_autoconfig_enabled || !is_believable(p, at, netif))
        return;
    for (at += ADVERTISEMENT_SIZE; at < end; at += length) {
        length = packet6_u8(p, at + 1) * 8; /* not 0, not beyond the end */
        if (packet6_u8(p, at) == OPTION_RDNSS)
            read_servers(p, at, at + length, netif);
    }
}

/* precedence.c: which addresses to try first: see precedence.h. */

#include "net/precedence.h"

#include <lwip/ip.h>
#include <lwip/netif.h>

#include "net/lwip.h"
#include "net/mapped.h"

static ip_addr_t lwip_addr(const struct in6_addr *from)
{
    ip_addr_t addr = IPADDR6_INIT(0, 0, 0, 0);

    if (IN6_IS_ADDR_V4MAPPED(from))
        ip_addr_set_ip4_u32_val(addr, mapped_v4(from));
    else
        memcpy(ip_2_ip6(&addr)->addr, from, sizeof(*from));
    return addr;
}

/* Does lwIP send to it from a global address? */
static bool is_global(const ip6_addr_t *to)
{
    struct netif *netif;
    const ip_addr_t *from;

    if (!ip6_addr_isglobal(to))
        return false;
    netif = ip6_route(IP6_ADDR_ANY6, to);
    from = netif ? ip6_select_source_address(netif, to) : NULL;
    return from && ip6_addr_isglobal(ip_2_ip6(from));
}

static unsigned rank(const struct in6_addr *to)
{
    const ip_addr_t addr = lwip_addr(to);

    if (IN6_IS_ADDR_LOOPBACK(to))
        return 0;
    if (net_wait_route(&addr, false))
        return 3;
    if (IP_IS_V4_VAL(addr))
        return 1;
    return is_global(ip_2_ip6(&addr)) ? 0 : 2;
}

void precedence_sort(struct in6_addr *addrs, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        const struct in6_addr addr = addrs[i];
        unsigned at = i;

        while (at > 0 && rank(&addrs[at - 1]) > rank(&addr)) {
            addrs[at] = addrs[at - 1];
            at--;
        }
        addrs[at] = addr;
    }
}

static bool has_v6(const struct netif *netif)
{
    for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
            !ip6_addr_islinklocal(netif_ip6_addr(netif, i)) &&
            !ip6_addr_isloopback(netif_ip6_addr(netif, i)))
            return true;
    return false;
}

bool precedence_has(bool v6)
{
    const struct netif *netif;

    NETIF_FOREACH(netif)
    {
        const ip4_addr_t *v4 = netif_ip4_addr(netif);

        if (v6 ? has_v6(netif)
               : !ip4_addr_isany(v4) && !ip4_addr_isloopback(v4))
            return true;
    }
    return false;
}

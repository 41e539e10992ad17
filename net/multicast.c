/* multicast.c: groups of datagram sockets: see multicast.h. */

#include "net/multicast.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/igmp.h>
#include <lwip/ip.h>
#include <lwip/mld6.h>
#include <lwip/udp.h>

#include "net/lwip.h"
#include "net/timers.h"

#define MEMBERSHIPS_MAX 20 /* of a socket, as in Linux */

struct membership {
    struct membership *next;
    struct netif *netif;
    ip_addr_t group;
};

void multicast_init(struct multicast *m, struct udp_pcb *pcb, int family)
{
    static const struct multicast_options defaults = {.ttl = 1, .loop = true};

    *m = (struct multicast){.pcb = pcb,
                            .v4 = defaults,
                            .v6 = defaults,
                            .has_v6 = family == AF_INET6};
}

static bool is_loopback(const struct netif *netif)
{
    return netif->name[0] == 'l';
}

/* ---- being in groups ---- */

/* Every host is in these, and does not say so. */
static bool is_everyone(const ip_addr_t *group)
{
    return IP_IS_V4(group)
               ? ip_2_ip4(group)->addr == htonl(INADDR_ALLHOSTS_GROUP)
               : ip6_addr_isallnodes_iflocal(ip_2_ip6(group)) ||
                     ip6_addr_isallnodes_linklocal(ip_2_ip6(group));
}

/* lwIP counts in 8 bits who wants a group, and does not see when they are full.
 */
static err_t join4(struct netif *netif, const ip4_addr_t *group)
{
    const struct igmp_group *g = igmp_lookfor_group(netif, group);

    return g && g->use == UINT8_MAX ? ERR_MEM
                                    : igmp_joingroup_netif(netif, group);
}

static err_t join6(struct netif *netif, const ip6_addr_t *group)
{
    const struct mld_group *g = mld6_lookfor_group(netif, group);

    return g && g->use == UINT8_MAX ? ERR_MEM
                                    : mld6_joingroup_netif(netif, group);
}

static err_t join_group(struct netif *netif, const ip_addr_t *group)
{
    if (is_everyone(group))
        return ERR_OK;
    return IP_IS_V4(group) ? join4(netif, ip_2_ip4(group))
                           : join6(netif, ip_2_ip6(group));
}

static void leave_group(struct netif *netif, const ip_addr_t *group)
{
    if (is_everyone(group))
        return;
    if (IP_IS_V4(group))
        igmp_leavegroup_netif(netif, ip_2_ip4(group));
    else
        mld6_leavegroup_netif(netif, ip_2_ip6(group));
}

/* Where the membership hangs; netif NULL: of any interface. */
static struct membership **find(struct multicast *m, const struct netif *netif,
                                const ip_addr_t *group)
{
    struct membership **at = &m->first;

    while (*at && !((!netif || (*at)->netif == netif) &&
                    ip_addr_zoneless_eq(&(*at)->group, group)))
        at = &(*at)->next;
    return at;
}

static int join(struct multicast *m, struct netif *netif,
                const ip_addr_t *group)
{
    struct membership *new;

    if (!netif)
        return -ENODEV;
    if (*find(m, netif, group))
        return -EADDRINUSE;
    if (m->count == MEMBERSHIPS_MAX || !(new = malloc(sizeof(*new))))
        return -ENOBUFS;
    if (join_group(netif, group) != ERR_OK) {
        free(new);
        return -ENOBUFS;
    }
    *new = (struct membership){m->first, netif, *group};
    m->first = new;
    m->count++;
    timers_report();
    net_touch();
    return 0;
}

static void leave_at(struct multicast *m, struct membership **at)
{
    struct membership *old = *at;

    leave_group(old->netif, &old->group);
    *at = old->next;
    m->count--;
    free(old);
    net_touch();
}

static int leave(struct multicast *m, const struct netif *netif,
                 const ip_addr_t *group)
{
    struct membership **at = find(m, netif, group);

    if (!*at)
        return -EADDRNOTAVAIL;
    leave_at(m, at);
    return 0;
}

void multicast_leave_all(struct multicast *m)
{
    while (m->first)
        leave_at(m, &m->first);
}

/* ---- sending to groups ---- */

static struct netif *netif_of(const ip4_addr_t *addr)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (ip4_addr_eq(netif_ip4_addr(netif), addr))
            break;
    }
    return netif;
}

bool multicast_is_group(const struct ip_addr *addr)
{
    return ip_addr_ismulticast(addr) &&
           !(IP_IS_V6(addr) &&
             ip6_addr_lacks_zone(ip_2_ip6(addr), IP6_MULTICAST));
}

struct netif *multicast_route(struct multicast *m, const struct ip_addr *to)
{
    const struct multicast_options *o = IP_IS_V6(to) ? &m->v6 : &m->v4;
    struct netif *netif;

    if (!ip_addr_ismulticast(to))
        return ip_route(&m->pcb->local_ip, to);
    if (IP_IS_V6(to) && ip6_addr_has_zone(ip_2_ip6(to)))
        netif = netif_get_by_index(ip6_addr_zone(ip_2_ip6(to)));
    else if (o->netif)
        netif = netif_get_by_index(o->netif);
    else
        netif = ip_addr_isany(&m->pcb->local_ip) ||
                        ip_addr_ismulticast(&m->pcb->local_ip)
                    ? netif_default
                    : ip_route(&m->pcb->local_ip, to);
    if (!netif)
        return NULL;
    udp_set_multicast_ttl(m->pcb, o->ttl);
    /* By lo everything comes back anyway; it shall not do so twice. */
    if (o->loop && !is_loopback(netif))
        udp_set_flags(m->pcb, UDP_FLAGS_MULTICAST_LOOP);
    else
        udp_clear_flags(m->pcb, UDP_FLAGS_MULTICAST_LOOP);
    return netif;
}

void multicast_set_scope(struct multicast *m, struct ip_addr *to)
{
    const struct netif *netif;

    if (!IP_IS_V6(to) || !ip6_addr_lacks_zone(ip_2_ip6(to), IP6_MULTICAST))
        return;
    netif = multicast_route(m, to);
    if (netif)
        ip6_addr_assign_zone(ip_2_ip6(to), IP6_MULTICAST, netif);
}

/* ---- options ---- */

/* By number, or by its address; neither: the one by which we send. */
static int find_netif(struct multicast *m, unsigned index, in_addr_t v4,
                      const ip_addr_t *group, struct netif **netif)
{
    const ip4_addr_t addr = {v4};

    if (index)
        *netif = index <= UINT8_MAX ? netif_get_by_index((u8_t)index) : NULL;
    else
        *netif = v4 ? netif_of(&addr) : multicast_route(m, group);
    return *netif ? 0 : -ENODEV;
}

/* struct ip_mreq or ip_mreqn, which begin alike. */
static int set_membership4(struct multicast *m, int name, const void *value,
                           socklen_t len)
{
    struct ip_mreqn request = {0};
    ip_addr_t group;
    struct netif *netif;
    int err;

    if (len < sizeof(struct ip_mreq))
        return -EINVAL;
    memcpy(&request, value,
           len < sizeof(request) ? sizeof(struct ip_mreq) : sizeof(request));
    ip_addr_set_ip4_u32_val(group, request.imr_multiaddr.s_addr);
    if (!ip_addr_ismulticast(&group))
        return name == IP_ADD_MEMBERSHIP ? -EINVAL : -EADDRNOTAVAIL;
    err = find_netif(m, (unsigned)request.imr_ifindex,
                     request.imr_address.s_addr, &group, &netif);
    if (err)
        return err;
    return name == IP_ADD_MEMBERSHIP ? join(m, netif, &group)
                                     : leave(m, netif, &group);
}

static int set_membership6(struct multicast *m, int name, const void *value,
                           socklen_t len)
{
    ip_addr_t group = IPADDR6_INIT(0, 0, 0, 0);
    struct ipv6_mreq request;
    struct netif *netif;
    int err;

    if (len < sizeof(request))
        return -EINVAL;
    memcpy(&request, value, sizeof(request));
    memcpy(ip_2_ip6(&group)->addr, &request.ipv6mr_multiaddr, 16);
    if (!ip_addr_ismulticast(&group))
        return -EINVAL;
    if (name == IPV6_LEAVE_GROUP && !request.ipv6mr_interface)
        return leave(m, NULL, &group);
    err = find_netif(m, request.ipv6mr_interface, 0, &group, &netif);
    if (err)
        return err;
    ip6_addr_assign_zone(ip_2_ip6(&group), IP6_MULTICAST, netif);
    return name == IPV6_JOIN_GROUP ? join(m, netif, &group)
                                   : leave(m, netif, &group);
}

/* An address, or a request like those above. */
static int set_netif4(struct multicast *m, const void *value, socklen_t len)
{
    struct ip_mreqn request = {0};
    ip_addr_t none = IPADDR4_INIT(0);
    struct netif *netif;

    if (len < sizeof(struct in_addr))
        return -EINVAL;
    if (len >= sizeof(request))
        memcpy(&request, value, sizeof(request));
    else if (len >= sizeof(struct ip_mreq))
        memcpy(&request, value, sizeof(struct ip_mreq));
    else
        memcpy(&request.imr_address, value, sizeof(request.imr_address));
    if (!request.imr_ifindex && !request.imr_address.s_addr) {
        m->v4.netif = NETIF_NO_INDEX;
        return 0;
    }
    if (find_netif(m, (unsigned)request.imr_ifindex, request.imr_address.s_addr,
                   &none, &netif))
        return -EADDRNOTAVAIL;
    m->v4.netif = netif_get_index(netif);
    return 0;
}

static int set_netif6(struct multicast *m, int index)
{
    if (index &&
        (index < 0 || index > UINT8_MAX || !netif_get_by_index((u8_t)index)))
        return -ENODEV;
    m->v6.netif = (uint8_t)index;
    return 0;
}

static int set_ttl(struct multicast_options *o, int ttl)
{
    if (ttl < -1 || ttl > UINT8_MAX)
        return -EINVAL;
    o->ttl = (uint8_t)(ttl < 0 ? 1 : ttl);
    return 0;
}

/* Of IPv4's options a byte is enough. */
static int set_v4(struct multicast *m, int name, const void *value,
                  socklen_t len)
{
    int number = 0;

    if (name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP)
        return set_membership4(m, name, value, len);
    if (name == IP_MULTICAST_IF)
        return set_netif4(m, value, len);
    if (name != IP_MULTICAST_TTL && name != IP_MULTICAST_LOOP)
        return -ENOPROTOOPT;
    if (len >= sizeof(number))
        memcpy(&number, value, sizeof(number));
    else if (len >= 1)
        number = *(const uint8_t *)value;
    else
        return -EINVAL;
    if (name == IP_MULTICAST_TTL)
        return set_ttl(&m->v4, number);
    m->v4.loop = number;
    return 0;
}

static int set_v6(struct multicast *m, int name, const void *value,
                  socklen_t len)
{
    int number;

    if (name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP)
        return set_membership6(m, name, value, len);
    if (name != IPV6_MULTICAST_HOPS && name != IPV6_MULTICAST_LOOP &&
        name != IPV6_MULTICAST_IF)
        return -ENOPROTOOPT;
    if (len < sizeof(number))
        return -EINVAL;
    memcpy(&number, value, sizeof(number));
    if (name == IPV6_MULTICAST_HOPS)
        return set_ttl(&m->v6, number);
    if (name == IPV6_MULTICAST_IF)
        return set_netif6(m, number);
    if (number != 0 && number != 1)
        return -EINVAL;
    m->v6.loop = number;
    return 0;
}

int multicast_set(struct multicast *m, int level, int name, const void *value,
                  socklen_t len)
{
    if (level == IPPROTO_IP)
        return set_v4(m, name, value, len);
    if (level == IPPROTO_IPV6 && m->has_v6)
        return set_v6(m, name, value, len);
    return -ENOPROTOOPT;
}

static int get_v4(const struct multicast_options *o, int name, int *value)
{
    if (name == IP_MULTICAST_TTL)
        *value = o->ttl;
    else if (name == IP_MULTICAST_LOOP)
        *value = o->loop;
    else if (name == IP_MULTICAST_IF && o->netif) /* its address */
        *value = (int)netif_ip4_addr(netif_get_by_index(o->netif))->addr;
    else if (name == IP_MULTICAST_IF)
        *value = INADDR_ANY;
    else
        return -ENOPROTOOPT;
    return 0;
}

int multicast_get(const struct multicast *m, int level, int name, int *value)
{
    if (level == IPPROTO_IP)
        return get_v4(&m->v4, name, value);
    if (level != IPPROTO_IPV6 || !m->has_v6)
        return -ENOPROTOOPT;
    if (name == IPV6_MULTICAST_HOPS)
        *value = m->v6.ttl;
    else if (name == IPV6_MULTICAST_LOOP)
        *value = m->v6.loop;
    else if (name == IPV6_MULTICAST_IF)
        *value = m->v6.netif;
    else
        return -ENOPROTOOPT;
    return 0;
}

/* end.c: ends of conversations: see end.h. */

#include "net/end.h"

#include <errno.h>
#include <string.h>

#include <lwip/ip.h>

#include "net/lwip.h"
#include "net/mapped.h"
#include "net/socket.h"

#define SIN6_SIZE_MIN 24 /* RFC 2133 knew no scopes */

static int from_in(const struct sockaddr *addr, socklen_t len, struct end *end)
{
    struct sockaddr_in in;

    if (!addr || len < sizeof(in))
        return -EINVAL;
    memcpy(&in, addr, sizeof(in));
    if (in.sin_family != AF_INET)
        return -EAFNOSUPPORT;
    *end = (struct end){.addr = mapped_from(&in.sin_addr),
                        .port = ntohs(in.sin_port)};
    return 0;
}

static int from_in6(const struct sockaddr *addr, socklen_t len, struct end *end)
{
    struct sockaddr_in6 in = {0};

    if (!addr || len < SIN6_SIZE_MIN)
        return -EINVAL;
    memcpy(&in, addr, len < sizeof(in) ? len : sizeof(in));
    if (in.sin6_family != AF_INET6)
        return -EAFNOSUPPORT;
    *end = (struct end){in.sin6_addr, in.sin6_scope_id, ntohs(in.sin6_port)};
    return 0;
}

int end_from(const struct socket *s, const struct sockaddr *addr, socklen_t len,
             struct end *end)
{
    return s->family == AF_INET6 ? from_in6(addr, len, end)
                                 : from_in(addr, len, end);
}

static inline void copy_out(const void *from, socklen_t size,
                            struct sockaddr *addr, socklen_t *len)
{
    if (!addr || !len)
        return;
    if (*len >= size) /* a known size is copied without a call */
        memcpy(addr, from, size);
    else
        memcpy(addr, from, *len);
    *len = size;
}

void end_to(const struct socket *s, const struct end *end,
            struct sockaddr *addr, socklen_t *len)
{
    if (s->family == AF_INET6) {
        const struct sockaddr_in6 in6 = {
            .sin6_family = AF_INET6,
            .sin6_port = htons(end->port),
            .sin6_addr = end->addr,
            .sin6_scope_id = end->scope,
        };

        copy_out(&in6, sizeof(in6), addr, len);
    } else {
        const struct sockaddr_in in = {
            .sin_family = AF_INET,
            .sin_port = htons(end->port),
            .sin_addr.s_addr = mapped_v4(&end->addr),
        };

        copy_out(&in, sizeof(in), addr, len);
    }
}

void end_set(struct end *end, const struct ip_addr *addr, uint16_t port)
{
    *end = (struct end){.port = port};
    if (IP_IS_V4(addr)) {
        end->addr = mapped_from(ip_2_ip4(addr));
    } else if (IP_IS_V6(addr)) {
        memcpy(&end->addr, ip_2_ip6(addr)->addr, sizeof(end->addr));
        end->scope = ip6_addr_zone(ip_2_ip6(addr));
    }
}

/* lwIP's zones are our scopes: 1 is lo. */
static int to_lwip(const struct end *end, struct ip_addr *addr)
{
    *addr = (struct ip_addr){0};
    if (IN6_IS_ADDR_V4MAPPED(&end->addr)) {
        ip_addr_set_ip4_u32(addr, mapped_v4(&end->addr));
        return 0;
    }
    IP_SET_TYPE(addr, IPADDR_TYPE_V6);
    memcpy(ip_2_ip6(addr)->addr, &end->addr, sizeof(end->addr));
    if (!ip6_addr_has_scope(ip_2_ip6(addr), IP6_UNKNOWN))
        return 0;
    if (end->scope == 0 && !ip6_addr_ismulticast(ip_2_ip6(addr)))
        return -EINVAL;
    if (end->scope > UINT8_MAX ||
        (end->scope && !netif_get_by_index((u8_t)end->scope)))
        return -ENODEV;
    ip6_addr_set_zone(ip_2_ip6(addr), (u8_t)end->scope);
    return 0;
}

int end_local(const struct socket *s, const struct end *end,
              struct ip_addr *addr)
{
    const struct end any = {.addr = in6addr_any};
    int err;

    if (s->family != AF_INET6 && !end) {
        *addr = *IP4_ADDR_ANY;
        return 0;
    }
    err = to_lwip(end ? end : &any, addr);
    if (err)
        return err;
    if (IP_IS_V4(addr) && s->v6only)
        return -EINVAL;
    if (!net_is_local(addr))
        return -EADDRNOTAVAIL;
    if (IP_IS_V6(addr) && ip_addr_isany(addr) && !s->v6only)
        IP_SET_TYPE(addr, IPADDR_TYPE_ANY);
    return 0;
}

int end_remote(const struct end *end, const struct ip_addr *local,
               struct ip_addr *addr)
{
    const int err = to_lwip(end, addr);

    if (err)
        return err == -ENODEV ? -ENETUNREACH : err;
    if (ip_addr_isany(addr) && IP_IS_V4(addr))
        ip_addr_set_loopback_val(0, *addr);
    else if (ip_addr_isany(addr))
        ip_addr_set_loopback_val(1, *addr);
    if (IP_GET_TYPE(local) == IPADDR_TYPE_ANY ||
        IP_GET_TYPE(local) == IP_GET_TYPE(addr))
        return 0;
    return IP_IS_V4(local) ? -EAFNOSUPPORT : -ENETUNREACH;
}

/* netinet/in.h: Internet addresses and byte order. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define IPPROTO_IP     0
#define IPPROTO_ICMP   1
#define IPPROTO_TCP    6
#define IPPROTO_UDP    17
#define IPPROTO_IPV6   41
#define IPPROTO_ICMPV6 58

#define IP_TOS             1 /* options at level IPPROTO_IP */
#define IP_TTL             2
#define IP_MULTICAST_IF    32
#define IP_MULTICAST_TTL   33
#define IP_MULTICAST_LOOP  34
#define IP_ADD_MEMBERSHIP  35
#define IP_DROP_MEMBERSHIP 36

#define IPV6_UNICAST_HOPS    16 /* options at level IPPROTO_IPV6 */
#define IPV6_MULTICAST_IF    17
#define IPV6_MULTICAST_HOPS  18
#define IPV6_MULTICAST_LOOP  19
#define IPV6_JOIN_GROUP      20
#define IPV6_LEAVE_GROUP     21
#define IPV6_V6ONLY          26
#define IPV6_TCLASS          67
#define IPV6_ADD_MEMBERSHIP  IPV6_JOIN_GROUP
#define IPV6_DROP_MEMBERSHIP IPV6_LEAVE_GROUP

#define INADDR_ANY       ((in_addr_t)0x00000000)
#define INADDR_BROADCAST ((in_addr_t)0xffffffff)
#define INADDR_NONE      ((in_addr_t)0xffffffff)
#define INADDR_LOOPBACK  ((in_addr_t)0x7f000001)
#define IN_LOOPBACKNET   127

#define INADDR_ALLHOSTS_GROUP ((in_addr_t)0xe0000001)
#define IN_MULTICAST(a)       (((in_addr_t)(a)&0xf0000000) == 0xe0000000)

#define INET_ADDRSTRLEN  16
#define INET6_ADDRSTRLEN 46

struct in_addr {
    in_addr_t s_addr; /* network byte order */
};

struct sockaddr_in {
    sa_family_t sin_family;
    in_port_t sin_port; /* network byte order */
    struct in_addr sin_addr;
    unsigned char sin_zero[8];
};

struct in6_addr {
    union {
        uint8_t s6_addr[16];
        uint32_t s6_addr32[4];
    };
};

struct sockaddr_in6 {
    sa_family_t sin6_family;
    in_port_t sin6_port; /* network byte order */
    uint32_t sin6_flowinfo;
    struct in6_addr sin6_addr;
    uint32_t sin6_scope_id; /* of a link-local address: if_nametoindex();
                                the first vif of the sockets is 2 */
};

/* A group, and an interface of ours by its address. */
struct ip_mreq {
    struct in_addr imr_multiaddr, imr_interface;
};

/* The same, or by its number. */
struct ip_mreqn {
    struct in_addr imr_multiaddr, imr_address;
    int imr_ifindex;
};

struct ipv6_mreq {
    struct in6_addr ipv6mr_multiaddr;
    unsigned ipv6mr_interface; /* its number */
};

/* clang-format off */
#define IN6ADDR_ANY_INIT      {{{0}}}
#define IN6ADDR_LOOPBACK_INIT {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}
/* clang-format on */

#ifdef __cplusplus
extern "C" {
#endif

extern const struct in6_addr in6addr_any, in6addr_loopback; /* net/inet.c */

#ifdef __cplusplus
}
#endif

static inline uint16_t htons(uint16_t n)
{
    return __builtin_bswap16(n);
}

static inline uint16_t ntohs(uint16_t n)
{
    return __builtin_bswap16(n);
}

static inline uint32_t htonl(uint32_t n)
{
    return __builtin_bswap32(n);
}

static inline uint32_t ntohl(uint32_t n)
{
    return __builtin_bswap32(n);
}

#define IN6_ADDR_WORD(a, n) (((const struct in6_addr *)(a))->s6_addr32[n])
#define IN6_IS_ADDR_UNSPECIFIED(a)                                             \
    (!(IN6_ADDR_WORD(a, 0) | IN6_ADDR_WORD(a, 1) | IN6_ADDR_WORD(a, 2) |       \
       IN6_ADDR_WORD(a, 3)))
#define IN6_IS_ADDR_LOOPBACK(a)                                                \
    (!(IN6_ADDR_WORD(a, 0) | IN6_ADDR_WORD(a, 1) | IN6_ADDR_WORD(a, 2)) &&     \
     IN6_ADDR_WORD(a, 3) == htonl(1))
#define IN6_IS_ADDR_MULTICAST(a)                                               \
    ((IN6_ADDR_WORD(a, 0) & htonl(0xff000000)) == htonl(0xff000000))
#define IN6_IS_ADDR_LINKLOCAL(a)                                               \
    ((IN6_ADDR_WORD(a, 0) & htonl(0xffc00000)) == htonl(0xfe800000))
#define IN6_IS_ADDR_SITELOCAL(a)                                               \
    ((IN6_ADDR_WORD(a, 0) & htonl(0xffc00000)) == htonl(0xfec00000))
#define IN6_IS_ADDR_V4MAPPED(a)                                                \
    (!(IN6_ADDR_WORD(a, 0) | IN6_ADDR_WORD(a, 1)) &&                           \
     IN6_ADDR_WORD(a, 2) == htonl(0xffff))
#define IN6_IS_ADDR_V4COMPAT(a)                                                \
    (!(IN6_ADDR_WORD(a, 0) | IN6_ADDR_WORD(a, 1) | IN6_ADDR_WORD(a, 2)) &&     \
     ntohl(IN6_ADDR_WORD(a, 3)) > 1)
#define IN6_ARE_ADDR_EQUAL(a, b)                                               \
    (IN6_ADDR_WORD(a, 0) == IN6_ADDR_WORD(b, 0) &&                             \
     IN6_ADDR_WORD(a, 1) == IN6_ADDR_WORD(b, 1) &&                             \
     IN6_ADDR_WORD(a, 2) == IN6_ADDR_WORD(b, 2) &&                             \
     IN6_ADDR_WORD(a, 3) == IN6_ADDR_WORD(b, 3))

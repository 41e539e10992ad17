/* netinet/in.h: Internet addresses and byte order. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define IPPROTO_IP   0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP  6
#define IPPROTO_UDP  17
#define IPPROTO_IPV6 41

#define IP_TOS 1 /* options at level IPPROTO_IP */
#define IP_TTL 2

#define INADDR_ANY       ((in_addr_t)0x00000000)
#define INADDR_BROADCAST ((in_addr_t)0xffffffff)
#define INADDR_NONE      ((in_addr_t)0xffffffff)
#define INADDR_LOOPBACK  ((in_addr_t)0x7f000001)
#define IN_LOOPBACKNET   127

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

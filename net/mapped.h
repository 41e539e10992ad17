/* mapped.h: IPv4 addresses within IPv6's (::ffff:a.b.c.d, RFC 4291); pure.
 * IN6_IS_ADDR_V4MAPPED() tells whether one is. */
#pragma once

#include <netinet/in.h>
#include <string.h>

/* v4: 4 bytes in network byte order. */
static inline struct in6_addr mapped_from(const void *v4)
{
    struct in6_addr addr = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    memcpy(addr.s6_addr + 12, v4, 4);
    return addr;
}

static inline uint32_t mapped_v4(const struct in6_addr *addr)
{
    uint32_t v4;

    memcpy(&v4, addr->s6_addr + 12, sizeof(v4));
    return v4;
}

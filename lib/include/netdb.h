/*
 * netdb.h: names of hosts and services: net/netdb.c, net/nameinfo.c.
 *
 * Asked in this order: the name is an address (of a link-local one with
 * "%en1", or the number of the interface); /etc/hosts in the ramdisk;
 * "localhost"; the DNS servers that the command line, DHCP or IPv6 routers
 * name, for both kinds of addresses at the same time.  Nothing is remembered.
 * Each server is asked twice, and has 3 seconds.
 *
 * Addresses come in the order in which they had better be tried: IPv6 first,
 * but only what there is a route to (RFC 6724, in small).
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#define AI_PASSIVE     0x0001 /* without a name: to bind to */
#define AI_CANONNAME   0x0002
#define AI_NUMERICHOST 0x0004
#define AI_V4MAPPED    0x0008 /* AF_INET6: IPv4 addresses for want of others, */
#define AI_ALL         0x0010 /* or beside them */
#define AI_ADDRCONFIG  0x0020 /* names: kinds of addresses that we have, too */
#define AI_NUMERICSERV 0x0400

#define NI_NUMERICHOST 1
#define NI_NUMERICSERV 2
#define NI_NOFQDN      4
#define NI_NAMEREQD    8
#define NI_DGRAM       16

#define NI_MAXHOST 1025
#define NI_MAXSERV 32

#define EAI_BADFLAGS   (-1)
#define EAI_NONAME     (-2)
#define EAI_AGAIN      (-3) /* no server answers, or there is none */
#define EAI_FAIL       (-4)
#define EAI_NODATA     (-5) /* the name exists, but not with such an address */
#define EAI_FAMILY     (-6)
#define EAI_SOCKTYPE   (-7)
#define EAI_SERVICE    (-8)
#define EAI_ADDRFAMILY (-9) /* an address of another family than wanted */
#define EAI_MEMORY     (-10)
#define EAI_SYSTEM     (-11) /* see errno */
#define EAI_OVERFLOW   (-12)

struct addrinfo {
    int ai_flags;
    int ai_family;
    int ai_socktype;
    int ai_protocol;
    socklen_t ai_addrlen;
    struct sockaddr *ai_addr;
    char *ai_canonname;
    struct addrinfo *ai_next;
};

#ifdef __cplusplus
extern "C" {
#endif

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result);
void freeaddrinfo(struct addrinfo *list);
const char *gai_strerror(int error);

/* Names come from /etc/hosts, then from DNS; without one, and where nobody
 * answers, the address as a number. */
int getnameinfo(const struct sockaddr *addr, socklen_t len, char *name,
                socklen_t name_size, char *service, socklen_t service_size,
                int flags);

#ifdef __cplusplus
}
#endif

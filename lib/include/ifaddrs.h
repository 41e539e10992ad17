/* ifaddrs.h: the addresses of the interfaces; net/ifaddrs.c. */
#pragma once

#include <sys/socket.h>

struct ifaddrs {
    struct ifaddrs *ifa_next;
    char *ifa_name;
    unsigned ifa_flags; /* IFF_* of <net/if.h> */
    struct sockaddr *ifa_addr;
    struct sockaddr *ifa_netmask;
    struct sockaddr *ifa_broadaddr; /* NULL without IFF_BROADCAST */
    void *ifa_data;                 /* NULL */
};

#ifdef __cplusplus
extern "C" {
#endif

/* One entry for each address, IPv4's and IPv6's; those that are still being
 * tried out, and interfaces without an address, are not in the list. */
int getifaddrs(struct ifaddrs **list);
void freeifaddrs(struct ifaddrs *list);

#ifdef __cplusplus
}
#endif

/*
 * multicast.h: the groups that a datagram socket is in, and how it sends to
 * groups (RFC 1112, 2710).
 *
 * As in Linux, a datagram that came for a group that any socket is in goes to
 * all sockets bound to its port, if the last of them has SO_REUSEADDR.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip_addr; /* lwIP's */
struct netif;
struct udp_pcb;

struct multicast {
    struct udp_pcb *pcb;
    struct membership *first;
    unsigned count;
    struct multicast_options {
        uint8_t netif; /* its number; 0: not given */
        uint8_t ttl;
        bool loop; /* what is sent comes back to this host, too */
    } v4, v6;
    bool has_v6; /* an AF_INET6 socket */
};

/* A new socket's; and leave all its groups. */
void multicast_init(struct multicast *m, struct udp_pcb *pcb, int family);
void multicast_leave_all(struct multicast *m);

/* A group that a socket may be bound to: as its sender names it, with its
 * scope. */
bool multicast_is_group(const struct ip_addr *addr);

/* The interface by which a datagram leaves, be it to a group or not: to be
 * asked before each is sent.  NULL: none. */
struct netif *multicast_route(struct multicast *m, const struct ip_addr *to);

/* A group that wants a scope and has none gets that of the interface by which
 * this socket sends to groups. */
void multicast_set_scope(struct multicast *m, struct ip_addr *to);

/* Options of groups.  -ENOPROTOOPT: not one of them. */
int multicast_set(struct multicast *m, int level, int name, const void *value,
                  socklen_t len);
int multicast_get(const struct multicast *m, int level, int name, int *value);

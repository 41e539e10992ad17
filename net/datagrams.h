/*
 * datagrams.h: what sockets of datagrams have in common: those that came and
 * nobody has read.
 *
 * They stay in the pbufs they came in, only so many and so many bytes; what
 * comes beyond that, or when memory is low, is dropped and counted.
 */
#pragma once

#include "net/lwip.h"
#include "net/socket.h"

#define DATAGRAMS_MAX   256                  /* of each socket */
#define DATAGRAMS_BYTES ((size_t)256 * 1024) /* in them */

struct ip_pcb; /* lwIP's */
struct pbuf;

struct datagram {
    struct pbuf *p;
    struct end from;
};

struct netif; /* lwIP's */

struct datagrams {
    struct socket socket; /* first */
    struct ip_pcb *pcb;   /* what all of lwIP's begin with */
    int protocol;         /* IPPROTO_* */
    struct datagram queue[DATAGRAMS_MAX];
    unsigned first, count;
    size_t bytes;
    size_t dropped;
    bool shut_recv, shut_send;
    uint8_t tos, ttl, tclass, hops; /* of IPv4; of IPv6 */
    struct net_waiter room;         /* while the interface is full */
};

/* pcb and protocol are set by the caller. */
void datagrams_init(struct datagrams *d, int family,
                    const struct socket_ops *ops);

/* p is theirs now. */
void datagrams_put(struct datagrams *d, struct pbuf *p,
                   const struct ip_addr *addr, uint16_t port);

/* Wait until an interface has room, or as socket_wait(). */
int datagrams_await_room(struct datagrams *d, uint64_t deadline, int flags);

/* Make pcb's options those of the family that the next one is sent by. */
void datagrams_address(struct datagrams *d, const struct ip_addr *to);

/* The address that those to the peer leave with by netif (NULL: there is no
 * way): lwIP chooses for each unless the socket is bound to one. */
const struct ip_addr *datagrams_source(const struct datagrams *d,
                                       struct netif *netif);

void datagrams_shutdown(struct datagrams *d, int how);
void datagrams_drop(struct datagrams *d); /* before the socket's end */

/* Operations of such sockets. */
ssize_t datagrams_recv(struct socket *s, void *data, size_t n, int flags,
                       struct end *from);
int datagrams_listen(struct socket *s, int backlog);
int datagrams_accept(struct socket *s, struct socket **accepted);
int datagrams_set(struct socket *s, int level, int name, int value);
int datagrams_get(struct socket *s, int level, int name, int *value);
ssize_t datagrams_read(struct file *f, void *data, size_t n);
unsigned datagrams_ready(struct file *f, unsigned wanted);
size_t datagrams_unread(struct file *f);

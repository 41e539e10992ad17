/*
 * socket.h: what all kinds of sockets have in common.
 *
 * socket.c is the BSD calls and knows no lwIP; stream.c (TCP), dgram.c (UDP)
 * and ping.c do.  Everything here returns -errno.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/end.h"

struct socket {
    struct file file; /* first; its ops are a struct socket_ops's */
    int family;       /* AF_INET, AF_INET6 or neither */
    bool v6only;      /* IPV6_V6ONLY */
    int error;        /* SO_ERROR: a positive errno, told once */
    uint64_t recv_timeout, send_timeout; /* ns, NEVER: none */
    struct linger linger;
};

struct socket_ops {
    struct file_ops file; /* first */
    int type;             /* SOCK_* */
    int (*bind)(struct socket *s, const struct end *local);
    int (*listen)(struct socket *s, int backlog);
    int (*accept)(struct socket *s, struct socket **accepted);
    int (*connect)(struct socket *s, const struct end *remote); /* NULL: undo */
    ssize_t (*send)(struct socket *s, const void *data, size_t n, int flags,
                    const struct end *to); /* to may be NULL */
    ssize_t (*recv)(struct socket *s, void *data, size_t n, int flags,
                    struct end *from); /* so may from */
    int (*shutdown)(struct socket *s, int how);
    int (*local)(struct socket *s, struct end *end);
    int (*remote)(struct socket *s, struct end *end);
    int (*set)(struct socket *s, int level, int name, int value);
    int (*get)(struct socket *s, int level, int name, int *value);
    struct multicast *(*multicast)(struct socket *s); /* NULL: no groups */
};

extern const struct socket_ops stream_ops, dgram_ops, ping_ops;

/* A new socket without a descriptor; NULL: no memory. */
struct socket *stream_new(int family);
struct socket *dgram_new(int family);
struct socket *ping_new(int family);

/* For all kinds, in socket_common.c. */
void socket_init(struct socket *s, const struct socket_ops *ops);

/* Wait for a change: 0, or why a call with these MSG_ flags must end now. */
int socket_wait(struct socket *s, uint64_t deadline, int flags);

/* When a call that may take this long must end. */
uint64_t socket_deadline(uint64_t timeout);

/* -error, which is then forgotten; 0: none. */
int socket_take_error(struct socket *s);

/* Wait until there is a route to addr, but only at boot: see
 * net_wait_route().  0, -ENETUNREACH. */
int socket_wait_route(struct socket *s, const struct ip_addr *addr, int flags);

/* The type of lwIP pcb it needs. */
uint8_t socket_pcb_type(const struct socket *s);

uint16_t socket_random_port(void); /* RFC 6056 */

/* Every socket's file op, and what tells it from other files. */
int socket_stat(struct file *f, struct stat *st);

/*
 * end.h: one end of a conversation: as BSD's sockets name it, as lwIP does.
 *
 * Inside, every address has 128 bits; an IPv4 address is a mapped one
 * (::ffff:a.b.c.d, RFC 4291).
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

struct ip_addr; /* lwIP's */
struct socket;

struct end {
    struct in6_addr addr;
    uint32_t scope; /* of a link-local address */
    uint16_t port;  /* host byte order */
};

/* The family must be the socket's: -EINVAL, -EAFNOSUPPORT. */
int end_from(const struct socket *s, const struct sockaddr *addr, socklen_t len,
             struct end *end);

/* As much as fits; *len becomes what it would have taken. */
void end_to(const struct socket *s, const struct end *end,
            struct sockaddr *addr, socklen_t *len);

void end_set(struct end *end, const struct ip_addr *addr, uint16_t port);

/* To bind to; end NULL: any address of the socket's kind.  -EINVAL: of a kind
 * that an IPv6-only socket has not, or link-local without a scope; -ENODEV:
 * with that of no interface; -EADDRNOTAVAIL: not ours. */
int end_local(const struct socket *s, const struct end *end,
              struct ip_addr *addr);

/* To send to: "any" means this host.  -EINVAL: link-local without a scope;
 * -EAFNOSUPPORT or -ENETUNREACH: IPv6 or IPv4, but local, the address bound to,
 * is of the other kind; -ENETUNREACH: no such interface, too. */
int end_remote(const struct end *end, const struct ip_addr *local,
               struct ip_addr *addr);

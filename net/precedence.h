/* precedence.h: which of several addresses had better be tried first
 * (RFC 6724, in small). */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

/* Sort them, and leave the order among equals: an IPv6 address which a global
 * address of ours can reach; IPv4; IPv6 of other kinds; what has no route. */
void precedence_sort(struct in6_addr *addrs, unsigned n);

/* Has this host an address of this kind, beside its own loopback and
 * link-local ones? */
bool precedence_has(bool v6);

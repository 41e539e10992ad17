/*
 * nameserver.h: which DNS servers there are: those of the command line, then
 * those of DHCP, then those of IPv6 routers (RFC 8106, 5.3.1).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NAMESERVERS 3 /* from each of these at most */

struct ip_addr; /* lwIP's, not known yet where its options are read */

/* The command line names one. */
void nameserver_add(const struct ip_addr *addr);

/* DHCP's n-th; any address (0.0.0.0): there is none. */
void nameserver_set(unsigned n, const struct ip_addr *addr);

/* A router knows one, until a time of clock_now() (NEVER); 0: no longer. */
void nameserver_hear(const struct ip_addr *addr, uint64_t until);

/* The n-th of all; false: there are not so many. */
bool nameserver_get(unsigned n, struct ip_addr *addr);

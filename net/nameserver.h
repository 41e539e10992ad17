/* nameserver.h: the DNS servers that DHCP or the command line named. */
#pragma once

#include <stdbool.h>

#define NAMESERVERS 3

/* addr: an IPv4 address in network byte order; lwIP's types begin with it, but
 * are not known yet where its options are read. */
void nameserver_set(unsigned n, const void *addr);

/* The n-th one; false: there are not so many. */
bool nameserver_get(unsigned n, void *addr);

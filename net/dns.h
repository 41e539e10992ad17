/* dns.h: asks DNS servers: each in turn, twice, so that it waits, but not for
 * ever.  0 or EAI_* of <netdb.h>. */
#pragma once

#include <stdbool.h>

#include "net/dns_message.h"

/* The addresses of a name, of one kind or both, which are asked for at the
 * same time; in no order. */
int dns_lookup(const char *name, bool v4, bool v6, struct dns_answer *answer);

/* The name of an address. */
int dns_name_of(const struct in6_addr *addr, char name[DNS_NAME_SIZE]);

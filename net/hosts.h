/* hosts.h: the ramdisk's /etc/hosts: "ADDRESS NAME..." in each line. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

#include "net/dns_message.h"

/* An address as text, an IPv4 one as a mapped one; false: it is none. */
bool hosts_read_addr(const char *text, struct in6_addr *addr);

/* Every address of a name of one kind or both; false: there is none. */
bool hosts_by_name(const char *name, bool v4, bool v6,
                   struct dns_answer *answer);

/* The first name of an address. */
bool hosts_by_addr(const struct in6_addr *addr, char name[DNS_NAME_SIZE]);

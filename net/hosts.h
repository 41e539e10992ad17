/* hosts.h: the ramdisk's /etc/hosts: "ADDRESS NAME..." in each line. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

#include "net/dns_message.h"

/* Every address of a name; false: it is in no line. */
bool hosts_by_name(const char *name, struct dns_answer *answer);

/* The first name of an address. */
bool hosts_by_addr(struct in_addr addr, char name[DNS_NAME_SIZE]);

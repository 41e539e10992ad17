/* dns.h: asks DNS servers. */
#pragma once

#include "net/dns_message.h"

/* The addresses of name: 0 or EAI_* of <netdb.h>.  Waits, each server in turn,
 * twice, but not for ever. */
int dns_lookup(const char *name, enum dns_type type, struct dns_answer *answer);

/* nameserver.c: which DNS servers there are: see nameserver.h. */

#include "net/nameserver.h"

#include <lwip/ip4_addr.h>

static ip4_addr_t servers[NAMESERVERS]; /* any: none */

void nameserver_set(unsigned n, const void *addr)
{
    if (n < NAMESERVERS)
        servers[n] = *(const ip4_addr_t *)addr;
}

bool nameserver_get(unsigned n, void *addr)
{
    if (n >= NAMESERVERS || ip4_addr_isany(&servers[n]))
        return false;
    *(ip4_addr_t *)addr = servers[n];
    return true;
}

/* nameserver.c: which DNS servers there are: see nameserver.h. */

#include "net/nameserver.h"

#include <lwip/ip_addr.h>

static ip_addr_t servers[NAMESERVERS]; /* any: none */

void nameserver_set(unsigned n, const void *addr)
{
    if (n < NAMESERVERS)
        servers[n] = *(const ip_addr_t *)addr;
}

bool nameserver_get(unsigned n, void *addr)
{
    if (n >= NAMESERVERS || ip_addr_isany(&servers[n]))
        return false;
    *(ip_addr_t *)addr = servers[n];
    return true;
}

/* nameserver.c: which DNS servers there are: see nameserver.h. */

#include "net/nameserver.h"

#include <lwip/ip_addr.h>

#include "kernel/sched.h"
#include "lib/util.h"
#include "xen/clock.h"

enum { FIXED, LEASED, HEARD, SOURCES };

static struct server {
    ip_addr_t addr;
    uint64_t until; /* 0: there is none */
} servers[SOURCES][NAMESERVERS];

void nameserver_add(const struct ip_addr *addr)
{
    for (unsigned i = 0; i < NAMESERVERS; i++)
        if (!servers[FIXED][i].until) {
            servers[FIXED][i] = (struct server){*addr, NEVER};
            return;
        }
}

void nameserver_set(unsigned n, const struct ip_addr *addr)
{
    if (n < NAMESERVERS)
        servers[LEASED][n] =
            (struct server){*addr, ip_addr_isany(addr) ? 0 : NEVER};
}

/* Where it stands, or else the place of the one that ends first. */
void nameserver_hear(const struct ip_addr *addr, uint64_t until)
{
    struct server *s = servers[HEARD], *place = s;

    for (unsigned i = 0; i < NAMESERVERS; i++) {
        if (s[i].until && ip_addr_eq(&s[i].addr, addr)) {
            s[i].until = until;
            return;
        }
        if (s[i].until < place->until)
            place = &s[i];
    }
    if (until)
        *place = (struct server){*addr, until};
}

bool nameserver_get(unsigned n, struct ip_addr *addr)
{
    const struct server *s = servers[0];

    for (unsigned i = 0; i < SOURCES * NAMESERVERS; i++)
        if (s[i].until > clock_now() && n-- == 0) {
            *addr = s[i].addr;
            return true;
        }
    return false;
}

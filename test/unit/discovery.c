#include <criterion/criterion.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include "net/budget.h"
#include "net/discovery.h"

/* Is this message refused before lwIP sees it? */
static bool eats(const char *bytes, size_t n, uint8_t next)
{
    struct netif netif = {.mtu = 1500};
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)(40 + n), PBUF_RAM);
    uint8_t head[40] = {0x60, [4] = (uint8_t)(n >> 8), (uint8_t)n, next, 255};

    pbuf_take(p, head, 40);
    pbuf_take_at(p, bytes, (u16_t)n, 40);
    if (discovery_eats(p, &netif))
        return true;
    pbuf_free(p);
    return false;
}

Test(discovery, sees_through_nonsense)
{
#define NS                                                                     \
    "\x87\0\0\0"                                                               \
    "\0\0\0\0"                                                                 \
    "0123456789abcdef"
    budget_init(100000);
    cr_assert(!eats(NS, 24, 58));
    cr_assert(!eats(NS "\1\1abcdef", 32, 58));
    cr_assert(eats(NS "\1\0abcdef", 32, 58), "no length");
    cr_assert(eats(NS "\1\2abcdef", 32, 58), "too long");
    cr_assert(eats(NS "\1", 25, 58));
    cr_assert(eats(NS, 23, 58), "cut off");
    cr_assert(!eats("\x3a\0\0\0\0\0\0\0" NS, 32, 60), "behind options");
    cr_assert(eats("\x3a\0\0\0\0\0\0\0" NS "\1\0", 34, 60));
    cr_assert(eats("\x3a\0\0\1\0\0\0\0" NS, 32, 44), "in a fragment");
    cr_assert(!eats("\x3a\0\0\1\0\0\0\0\x80\0\0\0", 12, 44), "a ping is not");
    cr_assert(!eats("\x3a\0\1\1\0\0\0\0" NS, 32, 44), "the first one will be");
    cr_assert(!eats("\2\0\0\0\0\0\5\0", 8, 58), "1280");
    cr_assert(eats("\2\0\0\0\0\0\4\xff", 8, 58), "1279");
    cr_assert(eats("\2\0\0\0\0\0\0\0", 8, 58));
    cr_assert(!eats("", 0, 58));
    cr_assert(!eats("\0", 1, 60));
}

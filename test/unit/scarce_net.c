/* scarce_net.c: the network front-end, whichever of its allocations fails. */

#include "test/unit/net.h"
#include "test/unit/scarce.h"

SCARCE(int, gnttab_claim, (gref_t * refs, size_t n), (refs, n), -ENOSPC)

static void settle(void)
{
    cr_assert(fake_clean(), "claimed %u shared %u buffers %zu", fake.claimed,
              fake.shared, buf_in_use());
}

/* A frame out of two pages, then one in; without a buffer it waits. */
static void exchange(struct net *net)
{
    struct buf *b = buf_alloc();

    if (b && (b->next = buf_alloc())) {
        b->len = b->next->len = 1000;
        memcpy(b->page, pattern, 1000);
        memcpy(b->next->page, pattern + 1000, 1000);
        cr_assert_eq(net_send(net, b), 0);
        net_flush(net);
        cr_assert(netback_take(nb, &frame));
        cr_assert_eq(frame.len, 2000);
        cr_assert_arr_eq(frame.data, pattern, 2000);
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
        netback_push(nb);
    } else {
        cr_assert(scarce_failed());
        buf_free(b);
    }
    cr_assert(netback_give(nb, pattern, 1900, 1000, 0, 0, 0));
    netback_push(nb);
    b = net_poll(net);
    cr_assert(b);
    check(b, pattern, 1900);
    buf_free(b);
}

static void use(void)
{
    struct net *net = net_open(0);
    int err;

    if (!scarce_fine(net ? 0 : -1))
        return;
    exchange(net);
    xenbus_fail(nb->peer.dev, "it went away");
    if ((err = net_reopen(net))) {
        errno = -err;
        cr_assert(!scarce_fine(-1) && net_broken(net));
        cr_assert_eq(net_reopen(net), 0, "it can be tried again");
    }
    exchange(net);
    net_close(net);
}

Test(scarce_net, every_failure_is_told_and_undone, .init = start)
{
    fill_pool(600);
    /* What is posted in both its lives. */
    cr_assert_geq(scarce_each(use, settle), 2 * 32);
}

/* netio.c: what frames out and frames in have in common: see netio.h. */

#include "xen/netio.h"

#include "lib/util.h"

/* On its own: copied into its callers it is long. */
__attribute__((noinline)) void netio_landed(struct buf *b)
{
    if (b->flights)
        b->flights--;
    else
        buf_free(b);
}

COLD void netio_lose(gref_t *ref, struct buf *b)
{
    buf_quarantine(b);
    netio_landed(b);
    *ref = GREF_NONE;
}

COLD unsigned netio_abandon(struct ring *r, gref_t *ref)
{
    unsigned n = 0;

    for (uint32_t id = 0; id < r->size; id++) {
        struct buf *b = r->cookie[id];

        n += b != NULL;
        if (b && netio_take_back(&ref[id], b))
            netio_landed(b);
    }
    return n;
}

COLD void netio_fail(struct net *net, const char *why)
{
    net->counts.malformed++;
    xenbus_fail(&net->bus, why);
}

void netio_sleep(struct net *net)
{
    waitq_wait(&net->bus.wake);
    net->counts.wakes++;
}

void netio_show(struct net *net, struct ring *r)
{
    net->counts.kicks++;
    xenbus_kick(&net->bus, r);
}

bool net_arm(struct net *net, bool tx)
{
    bool ready;

    if (net->bus.broken)
        return false;
    ready = ring_arm(&net->rx);
    if (tx)
        ready |= ring_arm_half(&net->tx) || net->tx_freed;
    return ready;
}

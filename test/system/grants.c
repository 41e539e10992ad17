/* grants: what the live grant table of a guest with a busy vif 0 lets its
 * back-end at: rings and packets, these read-only when they are sent, and
 * nothing else; nothing when the vif is closed. */

#include <string.h>

#include "arch/x86_64/address.h"
#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "test/system/verdict.h"
#include "xen/clock.h"
#include "xen/gnttab.h"
#include "xen/hypercall.h"
#include "xen/netio.h"

#define PER_FRAME  (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define FRAMES_MAX 4
#define SENT       40
#define ROUNDS     50
#define MS         1000000ull

static const grant_entry_v1_t *table[FRAMES_MAX];
static unsigned frames, of_rings, sent, posted;

/* The whole table, mapped once more. */
static void map_table(void)
{
    unsigned long mfn[FRAMES_MAX];

    frames = (unsigned)(gnttab_in_use() / PER_FRAME) + 1;
    CHECK(frames <= FRAMES_MAX);
    CHECK(gnttab_op_setup(mfn, frames) == 0);
    for (unsigned i = 0; i < frames; i++)
        CHECK((table[i] = mm_map_frame(mfn[i])));
}

/* Is this reference in flight on r?  Then its page is this one. */
static const uint8_t *in_flight(const struct ring *r, const gref_t *refs,
                                gref_t ref)
{
    for (uint32_t id = 0; id < r->size; id++)
        if (refs[id] == ref && r->cookie[id])
            return ((const struct buf *)r->cookie[id])->page;
    return NULL;
}

static void check_entry(const struct net *net, gref_t ref,
                        const grant_entry_v1_t *e)
{
    const bool readonly = e->flags & GTF_readonly;
    const uint8_t *page;

    CHECK((e->flags & GTF_type_mask) == GTF_permit_access);
    CHECK(e->domid == net->bus.peer);
    if ((page = in_flight(&net->tx, net->tx_ref, ref))) {
        CHECK(readonly && !(e->flags & GTF_writing));
        sent++;
    } else if ((page = in_flight(&net->rx, net->rx_ref, ref))) {
        CHECK(!readonly);
        posted++;
    } else {
        CHECK(ref == net->bus.ring_ref[0] || ref == net->bus.ring_ref[1]);
        page = net->bus.ring_page[ref != net->bus.ring_ref[0]];
        CHECK(!readonly);
        of_rings++;
    }
    CHECK(e->frame == virt_to_mfn(page));
}

/* The toolstack has granted xenstored and the console's reader their rings. */
static void walk(const struct net *net)
{
    of_rings = sent = posted = 0;
    for (gref_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < frames * PER_FRAME;
         ref++) {
        const grant_entry_v1_t *e = &table[ref / PER_FRAME][ref % PER_FRAME];

        if (!e->flags)
            continue;
        CHECK(net);
        check_entry(net, ref, e);
    }
}

static void check_reserved(void)
{
    CHECK(table[0][GNTTAB_RESERVED_CONSOLE].frame ==
          start_info->console.domU.mfn);
    CHECK(table[0][GNTTAB_RESERVED_XENSTORE].frame == start_info->store_mfn);
    for (gref_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++)
        CHECK(ref == GNTTAB_RESERVED_CONSOLE ||
              ref == GNTTAB_RESERVED_XENSTORE || !table[0][ref].flags);
}

/* What was sent is back. */
static void settle(struct net *net)
{
    struct buf *b;

    net_flush(net);
    while (ring_space(&net->tx) < net->tx.size) {
        while ((b = net_poll(net)))
            buf_free(b);
        net_reap(net);
        thread_sleep(clock_now() + MS);
    }
}

static void send_some(struct net *net)
{
    for (int i = 0; i < SENT; i++) {
        struct buf *b = buf_alloc();

        CHECK(b);
        memset(b->page, 0xff, b->len = 60); /* to everyone; of no protocol */
        memcpy(b->page + 6, net_mac(net), 6);
        CHECK(net_send(net, b) == 0);
    }
}

int main(void)
{
    struct net *net = net_open(0);

    CHECK(net);
    map_table();
    check_reserved();
    for (int i = 0; i < ROUNDS; i++) {
        send_some(net);
        walk(net);
        CHECK(of_rings == 2 && posted > 0 && sent == SENT);
        settle(net);
        walk(net);
        CHECK(of_rings == 2 && posted > 0 && sent == 0);
    }
    printf("%u pages to receive into\n", posted);
    net_close(net);
    walk(NULL);
    return pass();
}

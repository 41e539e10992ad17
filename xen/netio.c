/* netio.c: frames through the rings of xen/io/netif.h. */

#include "xen/netio.h"

#include <errno.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/segment.h"

#define RX_SLOTS_MAX  (XEN_NETIF_NR_SLOTS_MIN + 1) /* some use one more */
#define RX_EXTRAS_MAX (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define RX_POSTED_MIN RX_SLOTS_MAX /* below it no packet is given away */
#define RX_BATCH      64           /* empty slots worth a refill */

/* What a slot of the receive ring can hold when it comes back. */
union rx_slot {
    struct netif_rx_response rsp;
    struct netif_extra_info extra;
};
_Static_assert(sizeof(union rx_slot) == 8, "Xen ABI");
_Static_assert(NET_SLOTS_MAX == XEN_NETIF_NR_SLOTS_MIN, "Xen ABI");

/* The devices that share the pool of buffers. */
static struct {
    struct net *first;
    size_t count;
} opened;

void netio_list(struct net *net)
{
    net->next = opened.first;
    opened.first = net;
    opened.count++;
}

void netio_unlist(struct net *net)
{
    struct net **link = &opened.first;

    while (*link != net)
        link = &(*link)->next;
    *link = net->next;
    opened.count--;
}

/* The flight of b under *ref is over.  False: the back-end holds on to it. */
static bool take_back(gref_t *ref, struct buf *b)
{
    if (gnttab_unshare(*ref) == 0)
        return true;
    buf_quarantine(b);
    *ref = NET_REF_NONE;
    return false;
}

void netio_kick(struct net *net, struct ring *r)
{
    if (net->bus.broken || r->req_shown == r->req_prod)
        return;
    net->counts.kicks++;
    xenbus_kick(&net->bus, r);
}

/* One finished transmit slot: NULL, or what is wrong with it. */
static const char *tx_done(struct net *net, const struct netif_tx_response *rsp)
{
    struct buf *b;

    if (rsp->status == NETIF_RSP_NULL)
        return ring_retire_extra(&net->tx) ? NULL : "unasked null response";
    if (!(b = ring_retire(&net->tx, rsp->id)))
        return "transmit id not in flight";
    if (!take_back(&net->tx_ref[rsp->id], b))
        return "sent page still mapped";
    if (rsp->status != NETIF_RSP_OKAY)
        net->counts.tx_errors++;
    buf_free(b);
    return NULL;
}

static void reap(struct net *net)
{
    struct netif_tx_response rsp;
    const char *wrong = NULL;
    int more = 0;

    while (!net->bus.broken &&
           (more = ring_response(&net->tx, &rsp, sizeof(rsp))) > 0) {
        if ((wrong = tx_done(net, &rsp)))
            xenbus_fail(&net->bus, wrong);
        else
            net->tx_freed = true;
    }
    if (more < 0)
        xenbus_fail(&net->bus, "transmit responses ahead of requests");
}

static uint32_t rx_posted(const struct net *net)
{
    return net->rx.size - ring_space(&net->rx);
}

static bool rx_starved(const struct net *net)
{
    return rx_posted(net) < RX_POSTED_MIN;
}

/* A page for the receive ring.  All such rings together leave a quarter of
 * the pool to senders and share the rest; one at its minimum takes whatever
 * there is, and even what anyone's sent frames can free. */
static struct buf *rx_page(struct net *net)
{
    size_t share = buf_limit() / 4 * 3;
    struct buf *b;

    if (!rx_starved(net)) {
        if (buf_in_use() >= share || rx_posted(net) >= share / opened.count)
            return NULL;
        return buf_alloc();
    }
    b = buf_alloc();
    for (struct net *n = opened.first; n && !b; n = n->next) {
        reap(n);
        b = buf_alloc();
    }
    return b;
}

bool netio_fill(struct net *net)
{
    struct buf *b;

    while (ring_space(&net->rx) > 0 && (b = rx_page(net))) {
        uint16_t id;
        struct netif_rx_request *req = ring_post(&net->rx, b, &id);

        gnttab_share(net->rx_ref[id], net->bus.peer, b->page, true);
        *req = (struct netif_rx_request){.id = id, .gref = net->rx_ref[id]};
    }
    return !rx_starved(net);
}

/* Take back every page in flight on r. */
static void abandon(struct ring *r, gref_t *ref)
{
    for (uint32_t id = 0; id < r->size; id++) {
        struct buf *b = r->cookie[id];

        if (b && take_back(&ref[id], b))
            buf_free(b);
    }
}

void netio_abandon(struct net *net)
{
    abandon(&net->tx, net->tx_ref);
    abandon(&net->rx, net->rx_ref);
    buf_free(net->partial.first);
    net->partial = (struct net_partial){0};
}

/* Move a packet into its first page, for a back-end that wants no chains. */
static void linearise(struct buf *b)
{
    struct buf *rest = b->next;

    memmove(b->page, b->page + b->off, b->len);
    b->off = 0;
    b->next = NULL;
    for (const struct buf *from = rest; from; from = from->next) {
        memcpy(b->page + b->len, from->page + from->off, from->len);
        b->len = (uint16_t)(b->len + from->len);
    }
    buf_free(rest);
}

/* A checksum that was left blank, be it by another back-end, is for this one
 * to fill in, unless it does not do that. */
static void fill_checksum(const struct net *net, struct buf *b)
{
    struct segment s;

    if ((net->csum4 && net->csum6) || !(b->flags & BUF_CSUM_BLANK) ||
        !segment_find(b, &s) || (s.v6 ? net->csum6 : net->csum4))
        return;
    if (segment_sum(b, &s))
        b->flags = BUF_CSUM_OK;
}

/* Look a packet over and make it fit: its number of slots, or -errno. */
static int tx_prepare(struct net *net, struct buf *b)
{
    const struct buf *piece = b;
    size_t total = buf_total(b);
    int slots = 0;

    do {
        if (piece->len == 0 || piece->off + piece->len > (int)PAGE_SIZE)
            return -EINVAL;
        if (++slots > NET_SLOTS_MAX)
            return -EMSGSIZE;
    } while ((piece = piece->next));
    if (total > XEN_NETIF_MAX_TX_SIZE ||
        total > net->mtu + NET_HEADER + NET_TAG)
        return -EMSGSIZE;
    fill_checksum(net, b);
    if (slots > 1 && !net->sg) {
        if (total > PAGE_SIZE)
            return -EMSGSIZE;
        linearise(b);
        slots = 1;
    }
    return slots;
}

/* Give each piece of a packet a slot; there are enough of them. */
static void tx_queue(struct net *net, struct buf *b)
{
    size_t total = buf_total(b);
    uint16_t size = (uint16_t)total; /* in the first slot: of all */
    uint16_t flags = b->flags & BUF_CSUM_BLANK
                         ? NETTXF_csum_blank | NETTXF_data_validated
                     : b->flags & BUF_CSUM_OK ? NETTXF_data_validated
                                              : 0;

    net->counts.tx_packets++;
    net->counts.tx_bytes += total;
    for (struct buf *next; b; b = next) {
        uint16_t id;
        struct netif_tx_request *req = ring_request(&net->tx, b, &id);

        next = b->next;
        b->next = NULL; /* each piece is freed when its own slot is done */
        gnttab_share(net->tx_ref[id], net->bus.peer, b->page, false);
        *req = (struct netif_tx_request){
            .gref = net->tx_ref[id],
            .offset = b->off,
            .flags = (uint16_t)(flags | (next ? NETTXF_more_data : 0)),
            .id = id,
            .size = size,
        };
        flags = 0;
        size = next ? next->len : 0;
    }
}

int net_send(struct net *net, struct buf *b)
{
    int err;

    while ((err = net_trysend(net, b)) == -EAGAIN) {
        net_flush(net);
        if (!ring_arm_half(&net->tx))
            waitq_wait(&net->bus.wake);
    }
    return err;
}

int net_trysend(struct net *net, struct buf *b)
{
    int slots = tx_prepare(net, b);

    if (slots < 0) {
        net->counts.tx_refused++;
        buf_free(b);
        return slots;
    }
    reap(net);
    if (net->bus.broken) {
        net->counts.tx_refused++;
        buf_free(b);
        return -EIO;
    }
    if (ring_space(&net->tx) < (uint32_t)slots) {
        net->counts.tx_full++;
        net->tx_freed = false; /* what was freed was not enough */
        return -EAGAIN;
    }
    tx_queue(net, b);
    return 0;
}

void net_flush(struct net *net)
{
    netio_kick(net, &net->tx);
}

bool net_reap(struct net *net)
{
    bool freed;

    reap(net);
    freed = net->tx_freed && !net->bus.broken;
    net->tx_freed = false;
    return freed;
}

/* An extra info came in the slot of b: NULL, or what is wrong with it. */
static const char *rx_extra(struct net *net, struct buf *b,
                            const struct netif_extra_info *extra)
{
    struct net_partial *p = &net->partial;

    buf_free(b);
    if (extra->type == XEN_NETIF_EXTRA_TYPE_NONE ||
        extra->type >= XEN_NETIF_EXTRA_TYPE_MAX)
        return "unknown extra info";
    if (++p->extras > RX_EXTRAS_MAX)
        return "too many extra infos";
    p->more_extra = extra->flags & XEN_NETIF_EXTRA_FLAG_MORE;
    net->counts.rx_extras++;
    return NULL;
}

/* A piece of a packet came in b's page: NULL, or what is wrong with it. */
static const char *rx_piece(struct net_partial *p, struct buf *b, uint16_t id,
                            const struct netif_rx_response *rsp)
{
    const char *wrong = NULL;

    if (rsp->id != id)
        wrong = "receive id out of order";
    else if (rsp->status > 0 && rsp->offset + rsp->status > (int)PAGE_SIZE)
        wrong = "received data beyond its page";
    else if (++p->slots >= RX_SLOTS_MAX && (rsp->flags & NETRXF_more_data))
        wrong = "received packet of too many slots";
    else if (p->slots > 1 && (rsp->flags & NETRXF_extra_info))
        wrong = "extra info inside a packet";
    if (wrong) {
        buf_free(b);
        return wrong;
    }

    p->more_data = rsp->flags & NETRXF_more_data;
    p->more_extra = rsp->flags & NETRXF_extra_info;
    if (rsp->status <= 0) {
        p->lost = true;
        buf_free(b);
        return NULL;
    }
    b->off = rsp->offset;
    b->len = (uint16_t)rsp->status;
    if (p->slots == 1 && (rsp->flags & NETRXF_csum_blank))
        b->flags |= BUF_CSUM_BLANK;
    if (p->slots == 1 && (rsp->flags & NETRXF_data_validated))
        b->flags |= BUF_CSUM_OK;
    if (p->last)
        p->last->next = b;
    else
        p->first = b;
    p->last = b;
    return NULL;
}

/* Take one response: 1 if there was one, 0 if not or the device broke. */
static int rx_step(struct net *net)
{
    union rx_slot slot;
    const char *wrong;
    struct buf *b;
    uint16_t id;
    int more = ring_response(&net->rx, &slot, sizeof(slot));

    if (more < 0)
        xenbus_fail(&net->bus, "receive responses ahead of requests");
    if (more <= 0)
        return 0;

    b = ring_unpost(&net->rx, &id);
    if (!take_back(&net->rx_ref[id], b))
        wrong = "received page still mapped";
    else if (net->partial.more_extra)
        wrong = rx_extra(net, b, &slot.extra);
    else
        wrong = rx_piece(&net->partial, b, id, &slot.rsp);
    if (wrong)
        xenbus_fail(&net->bus, wrong);
    return !wrong;
}

/* The packet is complete: hand it out, or NULL if it had to be dropped. */
static struct buf *rx_finish(struct net *net)
{
    struct net_partial p = net->partial;

    net->partial = (struct net_partial){0};
    if (!p.lost && (!rx_starved(net) || netio_fill(net))) {
        net->counts.rx_packets++;
        net->counts.rx_bytes += buf_total(p.first);
        return p.first;
    }
    if (p.lost)
        net->counts.rx_errors++;
    else
        net->counts.rx_dry++; /* or nothing could wake us any more */
    buf_free(p.first);
    return NULL;
}

struct buf *net_poll(struct net *net)
{
    struct net_partial *p = &net->partial;
    struct buf *b = NULL;

    while (!b && !net->bus.broken && rx_step(net))
        if (!p->more_extra && !p->more_data)
            b = rx_finish(net);

    /* After the last packet, and now and then before: one kick for many. */
    if (!net->bus.broken && (!b || ring_space(&net->rx) >= RX_BATCH)) {
        reap(net);
        netio_fill(net);
        netio_kick(net, &net->rx);
    }
    return b;
}

struct buf *net_recv(struct net *net)
{
    struct buf *b;

    while (!(b = net_poll(net)) && !net->bus.broken)
        if (!net_arm(net, false) && !net->bus.broken)
            waitq_wait(&net->bus.wake);
    return b;
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

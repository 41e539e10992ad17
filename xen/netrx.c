/* netrx.c: frames in, through a ring of xen/io/netif.h: see netio.h. */

#include "xen/netio.h"

#include "lib/util.h"

#define RX_SLOTS_MAX  (XEN_NETIF_NR_SLOTS_MIN + 1) /* some use one more */
#define RX_EXTRAS_MAX (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define RX_POSTED_MIN RX_SLOTS_MAX /* below it no packet is given away */
#define RX_FIRST      32           /* posted until traffic asks for more */

/* What a slot of the receive ring can hold when it comes back. */
union rx_slot {
    struct netif_rx_response rsp;
    struct netif_extra_info extra;
};
_Static_assert(sizeof(union rx_slot) == 8, "Xen ABI");

/* The devices that share the pool of buffers. */
static struct {
    struct net *first;
    size_t count;
} opened;

COLD void netio_list(struct net *net)
{
    net->rx_target = RX_FIRST;
    net->next = opened.first;
    opened.first = net;
    opened.count++;
}

COLD void netio_unlist(struct net *net)
{
    struct net **link = &opened.first;

    while (*link != net)
        link = &(*link)->next;
    *link = net->next;
    opened.count--;
}

static uint32_t rx_posted(const struct net *net)
{
    return net->rx.size - ring_space(&net->rx);
}

COLD size_t net_posted(void)
{
    size_t n = 0;

    for (const struct net *net = opened.first; net; net = net->next)
        n += rx_posted(net);
    return n;
}

static bool rx_starved(const struct net *net)
{
    return rx_posted(net) < RX_POSTED_MIN;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Pages for slots up to the target: all receive rings together leave a quarter
 * of the pool to senders and share the rest. */
static size_t rx_share(const struct net *net)
{
    const size_t all = buf_limit() / 4 * 3, ours = all / opened.count;
    const size_t used = buf_in_use(), posted = rx_posted(net);

    if (used >= all || posted >= ours)
        return 0;
    return min(net->rx_target - posted, min(all - used, ours - posted));
}

/* A page for a ring at its minimum: whatever there is, and even what anyone's
 * sent frames can free. */
static COLD struct buf *rx_last_resort(void)
{
    struct buf *b = buf_alloc();

    for (struct net *n = opened.first; n && !b; n = n->next) {
        netio_reap(n);
        b = buf_alloc();
    }
    return b;
}

static void rx_post(struct net *net, struct buf *b)
{
    uint16_t id;
    struct netif_rx_request *req = ring_post(&net->rx, b, &id);

    gnttab_share(net->rx_ref[id], net->bus.peer, b->page, true);
    *req = (struct netif_rx_request){.id = id, .gref = net->rx_ref[id]};
}

bool netio_fill(struct net *net)
{
    struct buf *b;

    for (size_t n = rx_share(net); n > 0 && (b = buf_alloc()); n--)
        rx_post(net, b);
    while (rx_starved(net) && (b = rx_last_resort()))
        rx_post(net, b);
    return !rx_starved(net);
}

/* Post and tell; more than before, where half of it was used in one go. */
static bool rx_refill(struct net *net, bool more)
{
    bool enough;

    if (more && net->rx_target < net->rx.size) {
        net->rx_target *= 2;
        net->rx_run = 0;
    }
    enough = netio_fill(net);
    netio_kick(net, &net->rx);
    return enough;
}

/* How the packet would have been cut: NULL, or what is wrong with that. */
static COLD const char *rx_gso(struct net *net,
                               const struct netif_extra_info *extra)
{
    struct buf *first = net->partial.first;

    if (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
        extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
        return "unknown type of large segment";
    if (extra->u.gso.size == 0)
        return "large segment of no segments";
    net->counts.rx_gso++;
    if (!first) /* its piece was lost */
        return NULL;
    first->gso_size = extra->u.gso.size;
    if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
        first->flags |= BUF_GSO_V6;
    return NULL;
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
    if (extra->type == XEN_NETIF_EXTRA_TYPE_GSO)
        return rx_gso(net, extra);
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
    p->bytes += b->len;
    return NULL;
}

/* Take one response: 1 if there was one, 0 if not or the device broke. */
static int rx_step(struct net *net)
{
    union rx_slot slot;
    const char *wrong;
    struct buf *b;
    uint16_t id;
    int more;

    if (!ring_waiting(&net->rx))
        return 0;
    more = ring_response(&net->rx, &slot, sizeof(slot));
    if (more < 0)
        netio_fail(net, "receive responses ahead of requests");
    if (more <= 0)
        return 0;

    net->rx_run++;
    b = ring_unpost(&net->rx, &id);
    if (!netio_take_back(&net->rx_ref[id], b))
        wrong = "received page still mapped";
    else if (net->partial.more_extra)
        wrong = rx_extra(net, b, &slot.extra);
    else
        wrong = rx_piece(&net->partial, b, id, &slot.rsp);
    if (wrong)
        netio_fail(net, wrong);
    return !wrong;
}

/* The packet is complete: hand it out, or NULL if it had to be dropped. */
static struct buf *rx_finish(struct net *net)
{
    struct buf *first = net->partial.first;
    const size_t bytes = net->partial.bytes;
    const bool lost = net->partial.lost;

    net->partial = (struct net_partial){0};
    if (!lost && (!rx_starved(net) || rx_refill(net, true))) {
        net->counts.rx_packets++;
        net->counts.rx_bytes += bytes;
        return first;
    }
    if (lost)
        net->counts.rx_errors++;
    else
        net->counts.rx_dry++; /* or nothing could wake us any more */
    buf_free(first);
    return NULL;
}

struct buf *net_poll(struct net *net)
{
    struct net_partial *p = &net->partial;
    struct buf *b = NULL;

    while (!b && !net->bus.broken && rx_step(net))
        if (!p->more_extra && !p->more_data)
            b = rx_finish(net);

    if (!b)
        net->rx_run = 0;
    /* To post again is for many packets. */
    if (!net->bus.broken && rx_posted(net) <= net->rx_target / 4 * 3) {
        netio_reap(net);
        rx_refill(net, net->rx_run >= net->rx_target / 2);
    }
    return b;
}

struct buf *net_recv(struct net *net)
{
    struct buf *b;

    while (!net->bus.broken) {
        if (ring_waiting(&net->rx) && (b = net_poll(net)))
            return b;
        net->rx_run = 0;
        if (!net_arm(net, false) && !net->bus.broken)
            netio_sleep(net);
        netio_reap(net);
    }
    return NULL;
}

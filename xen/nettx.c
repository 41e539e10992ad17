/* nettx.c: frames out, through a ring of xen/io/netif.h: see netio.h. */

#include "xen/netio.h"

#include <errno.h>
#include <string.h>

#include "kernel/segment.h"
#include "lib/util.h"

#define GSO_HEADERS 40u /* IPv4's and TCP's, at least */

_Static_assert(NET_SLOTS_MAX == XEN_NETIF_NR_SLOTS_MIN, "Xen ABI");

/* One finished transmit slot: NULL, or what is wrong with it. */
static const char *tx_done(struct net *net, const struct netif_tx_response *rsp)
{
    struct buf *b;

    if (rsp->status == NETIF_RSP_NULL)
        return ring_retire_extra(&net->tx) ? NULL : "unasked null response";
    if (!(b = ring_retire(&net->tx, rsp->id)))
        return "transmit id not in flight";
    if (!netio_take_back(&net->tx_ref[rsp->id], b))
        return "sent page still mapped";
    if (rsp->status != NETIF_RSP_OKAY)
        net->counts.tx_errors++;
    netio_landed(b);
    return NULL;
}

void netio_take_sent(struct net *net)
{
    struct netif_tx_response rsp;
    const char *wrong = NULL;
    int more;

    do {
        if ((more = ring_response(&net->tx, &rsp, sizeof(rsp))) == 0)
            return;
        wrong = more > 0 ? tx_done(net, &rsp)
                         : "transmit responses ahead of requests";
        if (wrong)
            netio_fail(net, wrong);
        else
            net->tx_freed = true;
    } while (!wrong && ring_has_more(&net->tx));
}

/* Move a packet into its first page, for a back-end that wants no chains. */
static COLD void linearise(struct net *net, struct buf *b)
{
    struct buf *rest = b->next;

    memmove(b->page, b->page + b->off, b->len);
    b->off = 0;
    b->next = NULL;
    net->counts.tx_copied += b->len + buf_total(rest);
    for (const struct buf *from = rest; from; from = from->next) {
        memcpy(b->page + b->len, from->page + from->off, from->len);
        b->len = (uint16_t)(b->len + from->len);
    }
    buf_free(rest);
}

/* A checksum that was left blank, be it by another back-end, is for this one
 * to fill in, unless it does not do that.  On its own: what it has on its stack
 * would have to be guarded for every packet. */
static __attribute__((noinline)) void fill_checksum(const struct net *net,
                                                    struct buf *b)
{
    struct segment s;

    if (!segment_find(b, &s) || (s.v6 ? net->csum6 : net->csum4))
        return;
    if (segment_sum(b, &s))
        b->flags = BUF_CSUM_OK;
}

/* What leaves on a wire fits into its MTU. */
static bool fits(const struct net *net, const struct buf *b, size_t total)
{
    if (total > XEN_NETIF_MAX_TX_SIZE)
        return false;
    if (b->gso_size)
        return net_gso(net, b->flags & BUF_GSO_V6) &&
               b->gso_size + GSO_HEADERS <= net->mtu;
    return total <= net->mtu + NET_HEADER + NET_TAG;
}

/* Look a packet over and make it fit: its number of slots, or -errno. */
static int tx_prepare(struct net *net, struct buf *b, size_t *total)
{
    const struct buf *piece = b;
    unsigned slots = 0;

    *total = 0;
    do {
        const unsigned end = (unsigned)piece->off + piece->len;

        if (piece->len == 0)
            return -EINVAL;
        slots++;
        if (end > PAGE_SIZE) {
            if (end > piece->pages * PAGE_SIZE)
                return -EINVAL;
            slots += buf_touches(piece) - 1;
        }
        if (slots > NET_SLOTS_MAX)
            return -EMSGSIZE;
        *total += piece->len;
    } while ((piece = piece->next));
    if (!fits(net, b, *total))
        return -EMSGSIZE;
    if (b->flags & BUF_CSUM_BLANK && !(net->csum4 && net->csum6))
        fill_checksum(net, b);
    if (slots > 1 && !net->sg) {
        if (*total > PAGE_SIZE || b->refs != 1)
            return -EMSGSIZE;
        linearise(net, b);
        slots = 1;
    }
    return (int)slots + (b->gso_size != 0);
}

/* How the packet that has its first slot is to be cut. */
static void tx_queue_gso(struct net *net, const struct buf *b)
{
    struct netif_extra_info *extra = ring_extra(&net->tx);

    *extra = (struct netif_extra_info){
        .type = XEN_NETIF_EXTRA_TYPE_GSO,
        .u.gso = {.size = b->gso_size,
                  .type = b->flags & BUF_GSO_V6 ? XEN_NETIF_GSO_TYPE_TCPV6
                                                : XEN_NETIF_GSO_TYPE_TCPV4},
    };
    net->counts.tx_gso++;
}

static unsigned tx_flags(const struct buf *b)
{
    unsigned flags = b->gso_size ? NETTXF_extra_info : 0;

    if (b->flags & BUF_CSUM_BLANK)
        flags |= NETTXF_csum_blank | NETTXF_data_validated;
    else if (b->flags & BUF_CSUM_OK)
        flags |= NETTXF_data_validated;
    return flags;
}

/* One page of a piece, from at on. */
static __attribute__((noinline)) void tx_queue_slot(struct net *net,
                                                    struct buf *b, size_t at,
                                                    size_t size, unsigned flags)
{
    const uint8_t *from = b->page + at;
    uint16_t id;
    struct netif_tx_request *req = ring_request(&net->tx, b, &id);

    gnttab_share(net->tx_ref[id], net->bus.peer, from, false);
    *req = (struct netif_tx_request){
        .gref = net->tx_ref[id],
        .offset = (uint16_t)(at % PAGE_SIZE),
        .flags = (uint16_t)flags,
        .id = id,
        .size = (uint16_t)size,
    };
}

/* A packet of several slots, one for each page, and one for how it is to be
 * cut.  The first one's size is that of all.  On its own, for most packets have
 * but one. */
static __attribute__((noinline)) void tx_queue_all(struct net *net,
                                                   struct buf *b, size_t size,
                                                   unsigned flags, int slots)
{
    slots -= b->gso_size != 0;
    for (;;) {
        struct buf *const rest = b->next;
        size_t at = b->off, left = b->len;

        b->next = NULL; /* each piece is freed when its own slots are done */
        for (;; b->flights++) {
            const size_t room = PAGE_SIZE - at % PAGE_SIZE;
            const size_t n = left < room ? left : room;

            tx_queue_slot(net, b, at, size ? size : n,
                          --slots ? flags | NETTXF_more_data : flags);
            if (flags & NETTXF_extra_info)
                tx_queue_gso(net, b);
            size = flags = 0;
            at += n;
            if (!(left -= n))
                break;
        }
        if (!(b = rest))
            return;
    }
}

/* Give a packet its slots; there are enough of them. */
static void tx_queue(struct net *net, struct buf *b, size_t total, int slots)
{
    const unsigned flags = tx_flags(b);

    net->counts.tx_packets++;
    net->counts.tx_bytes += total;
    if (slots == 1)
        tx_queue_slot(net, b, b->off, total, flags);
    else
        tx_queue_all(net, b, total, flags, slots);
}

int net_send(struct net *net, struct buf *b)
{
    int err;

    while ((err = net_trysend(net, b)) == -EAGAIN) {
        net_flush(net);
        if (!ring_arm_half(&net->tx))
            netio_sleep(net);
    }
    return err;
}

/* Drop a packet, for one of the reasons that net_send() has. */
static COLD int refuse(struct net *net, struct buf *b, int err)
{
    struct net_counts *c = &net->counts;

    (*(err == -EMSGSIZE ? &c->tx_too_long
       : err == -EINVAL ? &c->tx_invalid
                        : &c->tx_broken))++;
    buf_free(b);
    return err;
}

int net_trysend(struct net *net, struct buf *b)
{
    size_t total;
    int slots = tx_prepare(net, b, &total);

    if (slots < 0)
        return refuse(net, b, slots);
    netio_reap(net);
    if (net->bus.broken)
        return refuse(net, b, -EIO);
    if (ring_space(&net->tx) < (uint32_t)slots) {
        net->counts.tx_full++;
        net->tx_freed = false; /* what was freed was not enough */
        return -EAGAIN;
    }
    tx_queue(net, b, total, slots);
    return 0;
}

void net_flush(struct net *net)
{
    netio_kick(net, &net->tx);
}

bool net_reap(struct net *net)
{
    bool freed;

    netio_reap(net);
    freed = net->tx_freed && !net->bus.broken;
    net->tx_freed = false;
    return freed;
}

/* netfront.c: the front-end of Xen's network protocol, xen/io/netif.h. */

#include "xen/netfront.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "lib/util.h"
#include "xen/abi.h"
#include <xen/io/netif.h>
#include "xen/clock.h"
#include "xen/xenbus.h"

#define TX_BYTES_MAX  XEN_NETIF_MAX_TX_SIZE
#define RX_SLOTS_MAX  (XEN_NETIF_NR_SLOTS_MIN + 1) /* some use one more */
#define RX_EXTRAS_MAX (XEN_NETIF_EXTRA_TYPE_MAX - 1)
#define RX_POSTED_MIN RX_SLOTS_MAX /* below it no packet is given away */
#define RX_BATCH      64           /* empty slots worth a refill */

#define ETH_HEADER  14
#define MTU_MIN     68 /* RFC 791 */
#define MTU_MAX     (TX_BYTES_MAX - ETH_HEADER)
#define MTU_DEFAULT 1500

#define CLOSE_WAIT 1000000000ull /* ns */
#define REF_NONE   0u            /* Xen keeps reference 0 for itself */

/* A received packet of which slots are still to come. */
struct rx_partial {
    struct buf *first, *last;
    unsigned slots, extras;
    bool lost;       /* a piece is missing: drop it at its end */
    bool more_data;  /* the last response said that data follows */
    bool more_extra; /* the next slot is an extra info */
};

struct net {
    struct xenbus_dev bus;
    struct ring tx, rx;
    gref_t ref[2 * RING_MAX]; /* REF_NONE: lost with its page */
    gref_t *tx_ref, *rx_ref;  /* its halves, by id */
    bool ready;               /* has its rings and references; is in opened */
    struct rx_partial partial;
    struct net_counts counts;
    struct net *next; /* in opened */
    unsigned mtu;
    bool sg; /* the back-end takes packets of several slots */
    uint8_t mac[6];
};

/* What a slot of the receive ring can hold when it comes back. */
union rx_slot {
    struct netif_rx_response rsp;
    struct netif_extra_info extra;
};
_Static_assert(sizeof(union rx_slot) == 8, "Xen ABI");
_Static_assert(NET_SLOTS_MAX == XEN_NETIF_NR_SLOTS_MIN, "Xen ABI");

static struct {
    struct net *first;
    size_t count;
} opened;

/* The flight of b under *ref is over.  False: the back-end holds on to it. */
static bool take_back(gref_t *ref, struct buf *b)
{
    if (gnttab_unshare(*ref) == 0)
        return true;
    buf_quarantine(b);
    *ref = REF_NONE;
    return false;
}

static void kick(struct net *net, struct ring *r)
{
    if (net->bus.broken || r->req_shown == r->req_prod)
        return;
    net->counts.kicks++;
    xenbus_kick(&net->bus, r);
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
    for (struct net *n = opened.first; n && !b; n = n->next)
        if (net_reap(n))
            b = buf_alloc();
    return b;
}

/* Post all the empty slots we have pages for.  The back-end is not told. */
static void rx_fill(struct net *net)
{
    struct buf *b;

    while (ring_space(&net->rx) > 0 && (b = rx_page(net))) {
        uint16_t id;
        struct netif_rx_request *req = ring_post(&net->rx, b, &id);

        gnttab_share(net->rx_ref[id], net->bus.peer, b->page, true);
        *req = (struct netif_rx_request){.id = id, .gref = net->rx_ref[id]};
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Exactly xx:xx:xx:xx:xx:xx. */
static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static struct xs_call read_key(const char *dir, const char *key, char *value,
                               size_t size)
{
    return (struct xs_call){.op = XS_CALL_READ,
                            .dir = dir,
                            .path = key,
                            .value = value,
                            .size = size};
}

/* What the toolstack and the back-end say about this interface. */
static int read_properties(struct net *net)
{
    char mac[18], own_mtu[8], mtu[8], sg[4];
    struct xs_call calls[] = {
        read_key(net->bus.path, "mac", mac, sizeof(mac)),
        read_key(net->bus.path, "mtu", own_mtu, sizeof(own_mtu)),
        read_key(net->bus.backend, "mtu", mtu, sizeof(mtu)),
        read_key(net->bus.backend, "feature-sg", sg, sizeof(sg)),
    };
    const struct xs_call *from = &calls[1];
    uint64_t n = MTU_DEFAULT;

    xs_batch(0, calls, ARRAY_LEN(calls)); /* each call tells its own error */
    if (calls[0].err || !parse_mac(mac, net->mac))
        return xenbus_fail(&net->bus, "no proper mac in xenstore");

    if (from->err == -ENOENT)
        from = &calls[2];
    if (from->err != -ENOENT &&
        (from->err || xs_number(from->value, &n) || n < MTU_MIN || n > MTU_MAX))
        return xenbus_fail(&net->bus, "no proper mtu in xenstore");
    net->mtu = (unsigned)n;

    net->sg = !calls[3].err && !xs_number(sg, &n) && n > 0;
    if (!net->sg && net->mtu > PAGE_SIZE - ETH_HEADER)
        net->mtu = PAGE_SIZE - ETH_HEADER;
    return 0;
}

static int connect(struct net *net)
{
    int err;

    if ((err = read_properties(net)) ||
        (err = xenbus_ring(&net->bus, &net->tx,
                           sizeof(union netif_tx_sring_entry))) ||
        (err = xenbus_ring(&net->bus, &net->rx,
                           sizeof(union netif_rx_sring_entry))) ||
        (err = gnttab_claim(net->ref, ARRAY_LEN(net->ref))))
        return err;
    net->tx_ref = net->ref;
    net->rx_ref = net->ref + RING_MAX;
    net->next = opened.first;
    opened.first = net;
    opened.count++;
    net->ready = true;

    rx_fill(net);
    if (rx_starved(net))
        return -ENOMEM;

    const struct xenbus_key keys[] = {
        {"tx-ring-ref", xenbus_ring_ref(&net->bus, 0)},
        {"rx-ring-ref", xenbus_ring_ref(&net->bus, 1)},
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},
        {"feature-sg", 1},
    };
    if ((err = xenbus_connect(&net->bus, keys, ARRAY_LEN(keys))))
        return err;
    kick(net, &net->rx);
    return 0;
}

/* Take back every page in flight on r, and free it. */
static void abandon(struct ring *r, gref_t *ref)
{
    for (uint32_t id = 0; id < r->size; id++) {
        struct buf *b = r->cookie[id];

        if (b && take_back(&ref[id], b))
            buf_free(b);
    }
}

static void unlist(const struct net *net)
{
    struct net **link = &opened.first;

    while (*link != net)
        link = &(*link)->next;
    *link = net->next;
    opened.count--;
}

/* Undo connect(), however far it came. */
static void discard(struct net *net)
{
    if (net->ready)
        unlist(net);
    xenbus_leave(&net->bus); /* so that it lets go of all our pages */
    if (net->ready) {
        abandon(&net->tx, net->tx_ref);
        abandon(&net->rx, net->rx_ref);
        buf_free(net->partial.first);
        for (size_t i = 0; i < ARRAY_LEN(net->ref); i++)
            if (net->ref[i] != REF_NONE)
                gnttab_release(&net->ref[i], 1);
    }
    xenbus_close(&net->bus);
    free(net);
}

struct net *net_open(unsigned id)
{
    struct net *net = calloc(1, sizeof(*net));
    int err;

    if (!net)
        return NULL;
    if ((err = xenbus_open(&net->bus, "vif", id))) {
        free(net);
        errno = -err;
        return NULL;
    }
    if ((err = connect(net))) {
        discard(net);
        errno = -err;
        return NULL;
    }
    return net;
}

/* Let queued frames leave, for a while. */
static void drain(struct net *net)
{
    uint64_t deadline = clock_now() + CLOSE_WAIT;
    int err = 0;

    net_flush(net);
    net_reap(net);
    while (!err && !net->bus.broken && ring_space(&net->tx) < net->tx.size) {
        if (!ring_arm_half(&net->tx))
            err = waitq_wait_until(&net->bus.wake, deadline);
        net_reap(net);
    }
}

void net_close(struct net *net)
{
    drain(net);
    discard(net);
}

const uint8_t *net_mac(const struct net *net)
{
    return net->mac;
}

unsigned net_mtu(const struct net *net)
{
    return net->mtu;
}

bool net_broken(const struct net *net)
{
    return net->bus.broken;
}

const struct net_counts *net_counts(const struct net *net)
{
    return &net->counts;
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

/* Look a packet over and make it fit: its number of slots, or -errno. */
static int tx_prepare(struct net *net, struct buf *b)
{
    size_t total = buf_total(b);
    int slots = 0;

    for (const struct buf *piece = b; piece; piece = piece->next) {
        if (piece->len == 0 || piece->off + piece->len > (int)PAGE_SIZE)
            return -EINVAL;
        if (++slots > NET_SLOTS_MAX)
            return -EMSGSIZE;
    }
    if (total > TX_BYTES_MAX)
        return -EMSGSIZE;
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
    net_reap(net);
    if (net->bus.broken) {
        buf_free(b);
        return -EIO;
    }
    if (ring_space(&net->tx) < (uint32_t)slots) {
        net->counts.tx_full++;
        return -EAGAIN;
    }
    tx_queue(net, b);
    return 0;
}

void net_flush(struct net *net)
{
    kick(net, &net->tx);
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

bool net_reap(struct net *net)
{
    struct netif_tx_response rsp;
    const char *wrong = NULL;
    bool freed = false;
    int more = 0;

    while (!net->bus.broken &&
           (more = ring_response(&net->tx, &rsp, sizeof(rsp))) > 0) {
        if ((wrong = tx_done(net, &rsp)))
            xenbus_fail(&net->bus, wrong);
        else
            freed = true;
    }
    if (more < 0)
        xenbus_fail(&net->bus, "transmit responses ahead of requests");
    return freed;
}

/* An extra info came in the slot of b: NULL, or what is wrong with it. */
static const char *rx_extra(struct net *net, struct buf *b,
                            const struct netif_extra_info *extra)
{
    struct rx_partial *p = &net->partial;

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
static const char *rx_piece(struct rx_partial *p, struct buf *b, uint16_t id,
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
    struct rx_partial p = net->partial;

    net->partial = (struct rx_partial){0};
    if (!p.lost && rx_starved(net))
        rx_fill(net);
    if (!p.lost && !rx_starved(net)) {
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
    struct rx_partial *p = &net->partial;
    struct buf *b = NULL;

    while (!b && !net->bus.broken && rx_step(net))
        if (!p->more_extra && !p->more_data)
            b = rx_finish(net);

    /* After the last packet, and now and then before: one kick for many. */
    if (!net->bus.broken && (!b || ring_space(&net->rx) >= RX_BATCH)) {
        net_reap(net);
        rx_fill(net);
        kick(net, &net->rx);
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
        ready |= ring_arm_half(&net->tx);
    return ready;
}

struct waitq *net_wake(struct net *net)
{
    return &net->bus.wake;
}

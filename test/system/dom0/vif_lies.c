/* vif_lies.c: lies of a network back-end (xen/io/netif.h). */

#include <string.h>

#include "lib/util.h"
#include "test/system/dom0/liar.h"

#define PAGE 4096u

/* No mtu, which one lie leaves behind; packets of several slots. */
static void publish(struct liar *l)
{
    liar_remove(l, "mtu");
    liar_write(l, "feature-sg", "1");
}

static void attach(struct liar *l)
{
    l->tx = (netif_tx_back_ring_t){
        .sring = liar_map(l, liar_read_front(l, "tx-ring-ref"), true),
        .nr_ents = __CONST_RING_SIZE(netif_tx, PAGE)};
    l->rx = (netif_rx_back_ring_t){
        .sring = liar_map(l, liar_read_front(l, "rx-ring-ref"), true),
        .nr_ents = __CONST_RING_SIZE(netif_rx, PAGE)};
}

/* The guest's request number i, as soon as it is there. */
static struct netif_tx_request sent(struct liar *l, unsigned i)
{
    for (unsigned ms = 0; l->tx.sring->req_prod <= i; ms += 10) {
        if (ms > 10000)
            die("the guest sends nothing");
        nap(10);
    }
    xen_rmb();
    return *RING_GET_REQUEST(&l->tx, i);
}

static struct netif_rx_request posted(struct liar *l)
{
    for (unsigned ms = 0; l->rx.sring->req_prod <= l->rx.rsp_prod_pvt;
         ms += 10) {
        if (ms > 10000)
            die("the guest does not receive");
        nap(10);
    }
    xen_rmb();
    return *RING_GET_REQUEST(&l->rx, l->rx.rsp_prod_pvt);
}

static void push(struct liar *l)
{
    xen_wmb();
    l->tx.sring->rsp_prod = l->tx.rsp_prod_pvt;
    l->rx.sring->rsp_prod = l->rx.rsp_prod_pvt;
}

static void answer(struct liar *l, uint16_t id, int16_t status)
{
    *RING_GET_RESPONSE(&l->tx, l->tx.rsp_prod_pvt++) =
        (struct netif_tx_response){id, status};
    push(l);
}

/* What an honest response to the next request looks like. */
static struct netif_rx_response whole(struct liar *l)
{
    return (struct netif_rx_response){posted(l).id, 0, 0, 100};
}

static void give(struct liar *l, struct netif_rx_response rsp)
{
    *RING_GET_RESPONSE(&l->rx, l->rx.rsp_prod_pvt++) = rsp;
}

static void give_extra(struct liar *l, uint8_t type, uint8_t flags)
{
    const struct netif_extra_info extra = {.type = type, .flags = flags};

    posted(l);
    memcpy(RING_GET_RESPONSE(&l->rx, l->rx.rsp_prod_pvt++), &extra,
           sizeof(extra));
}

static void give_one(struct liar *l, uint16_t id, uint16_t offset,
                     int16_t status)
{
    give(l, (struct netif_rx_response){id, offset, 0, status});
    push(l);
}

static void busy(struct liar *l)
{
    sent(l, 2);
}

static void tx_ahead(struct liar *l)
{
    l->tx.sring->rsp_prod = l->tx.sring->req_prod + 1;
}

static void tx_far_ahead(struct liar *l)
{
    l->tx.sring->rsp_prod = 1u << 31;
}

static void tx_backwards(struct liar *l)
{
    l->tx.sring->rsp_prod--;
}

static void tx_never_sent(struct liar *l)
{
    answer(l, 200, NETIF_RSP_OKAY);
}

static void tx_unknown(struct liar *l)
{
    answer(l, 0xffff, NETIF_RSP_OKAY);
}

static void tx_twice(struct liar *l)
{
    uint16_t id = sent(l, 1).id;

    answer(l, id, NETIF_RSP_OKAY);
    answer(l, id, NETIF_RSP_OKAY);
}

static void tx_null(struct liar *l)
{
    answer(l, sent(l, 0).id, NETIF_RSP_NULL);
}

static void tx_errors(struct liar *l)
{
    answer(l, sent(l, 0).id, NETIF_RSP_ERROR);
    answer(l, sent(l, 1).id, NETIF_RSP_DROPPED);
    answer(l, sent(l, 2).id, -32768);
}

static void rx_ahead(struct liar *l)
{
    posted(l);
    l->rx.sring->rsp_prod = l->rx.sring->req_prod + 1;
}

static void rx_backwards(struct liar *l)
{
    l->rx.sring->rsp_prod--;
}

static void rx_out_of_order(struct liar *l)
{
    give_one(l, (uint16_t)(posted(l).id + 1), 0, 100);
}

static void rx_unknown(struct liar *l)
{
    give_one(l, 0xffff, 0, 100);
}

static void rx_too_long(struct liar *l)
{
    give_one(l, posted(l).id, 0, PAGE + 1);
}

static void rx_beyond(struct liar *l)
{
    give_one(l, posted(l).id, PAGE - 99, 100);
}

static void rx_far_beyond(struct liar *l)
{
    give_one(l, posted(l).id, 0xffff, 0x7fff);
}

static void rx_errors(struct liar *l)
{
    give_one(l, posted(l).id, 0xffff, NETIF_RSP_ERROR);
    give_one(l, posted(l).id, 0, -32768);
    give_one(l, posted(l).id, 0, 0);
}

static void endless(struct liar *l, int16_t status)
{
    for (int i = 0; i < 19; i++) {
        struct netif_rx_response rsp = whole(l);

        rsp.flags = NETRXF_more_data;
        rsp.status = status;
        give(l, rsp);
    }
    push(l);
}

static void rx_endless(struct liar *l)
{
    endless(l, 100);
}

static void rx_endless_errors(struct liar *l)
{
    endless(l, NETIF_RSP_ERROR);
}

static void begin_extras(struct liar *l)
{
    struct netif_rx_response rsp = whole(l);

    rsp.flags = NETRXF_extra_info;
    give(l, rsp);
}

static void rx_endless_extras(struct liar *l)
{
    begin_extras(l);
    for (int i = 0; i < 5; i++)
        give_extra(l, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE);
    push(l);
}

static void rx_extra_none(struct liar *l)
{
    begin_extras(l);
    give_extra(l, XEN_NETIF_EXTRA_TYPE_NONE, 0);
    push(l);
}

static void rx_extra_unknown(struct liar *l)
{
    begin_extras(l);
    give_extra(l, 0xff, 0);
    push(l);
}

static void rx_extra_unasked(struct liar *l)
{
    begin_extras(l);
    give_extra(l, XEN_NETIF_EXTRA_TYPE_HASH, 0);
    push(l);
}

/* A large segment whose extra info is all zeros: of no type, in no parts. */
static void rx_gso_zeros(struct liar *l)
{
    begin_extras(l);
    give_extra(l, XEN_NETIF_EXTRA_TYPE_GSO, 0);
    push(l);
}

static void rx_extra_late(struct liar *l)
{
    struct netif_rx_response rsp = whole(l);

    rsp.flags = NETRXF_more_data;
    give(l, rsp);
    begin_extras(l);
    push(l);
}

/* A packet begun and never ended, and then the end. */
static void rx_unfinished(struct liar *l)
{
    struct netif_rx_response rsp = whole(l);

    rsp.flags = NETRXF_more_data;
    give(l, rsp);
    push(l);
}

/* Honest when it is checked, and false when it is used? */
static void rx_changing(struct liar *l)
{
    struct netif_rx_response honest = whole(l), lie = honest;
    struct netif_rx_response *rsp =
        RING_GET_RESPONSE(&l->rx, l->rx.rsp_prod_pvt);

    lie.offset = PAGE - 1;
    lie.status = 0x7fff;
    give(l, honest);
    push(l);
    liar_notify(l);
    for (unsigned i = 0; i < 300000; i++) {
        *rsp = i % 2 ? honest : lie;
        xen_wmb();
    }
}

static void producer_changing(struct liar *l)
{
    liar_notify(l);
    for (unsigned i = 0; i < 300000; i++)
        __atomic_store_n(&l->rx.sring->rsp_prod, i % 2 ? 0 : 1u << 30,
                         __ATOMIC_RELEASE);
}

/* What only the front-end may write. */
static void requests_rewritten(struct liar *l)
{
    memset(l->tx.sring->ring, 0xff, PAGE - 64);
    l->tx.sring->req_prod += 1000;
    l->rx.sring->req_prod -= 1000;
    l->tx.sring->req_event = 0;
}

static void mtu_babble(struct liar *l)
{
    liar_write(l, "mtu", "banana");
}

static void mtu_negative(struct liar *l)
{
    liar_write(l, "mtu", "-1");
}

static void mtu_huge(struct liar *l)
{
    liar_write(l, "mtu", "65536");
}

static void mtu_tiny(struct liar *l)
{
    liar_write(l, "mtu", "67");
}

static void mtu_overlong(struct liar *l)
{
    static char text[2000];

    memset(text, '0', sizeof(text) - 1);
    liar_write(l, "mtu", text);
}

static void tx_kept(struct liar *l)
{
    struct netif_tx_request req = sent(l, 0);

    liar_map(l, req.gref, false);
    answer(l, req.id, NETIF_RSP_OKAY);
}

static void rx_kept(struct liar *l)
{
    struct netif_rx_request req = posted(l);

    liar_map(l, req.gref, true);
    give_one(l, req.id, 0, 100);
}

#define TX_AHEAD "transmit responses ahead of requests"
#define TX_ID    "transmit id not in flight"
#define RX_AHEAD "receive responses ahead of requests"
#define RX_ID    "receive id out of order"
#define RX_PAGE  "received data beyond its page"
#define RX_SLOTS "received packet of too many slots"
#define MTU      "no proper mtu in xenstore"
#define LEFT     "the back-end went away"

static const struct lie lies[] = {
    {"tx-ahead", tx_ahead, TX_AHEAD, BREAKS, CONNECTED},
    {"tx-far-ahead", tx_far_ahead, TX_AHEAD, BREAKS, CONNECTED},
    {"tx-backwards", tx_backwards, TX_AHEAD, BREAKS, CONNECTED},
    {"tx-never-sent", tx_never_sent, TX_ID, BREAKS, CONNECTED},
    {"tx-unknown", tx_unknown, TX_ID, BREAKS, CONNECTED},
    {"tx-twice", tx_twice, TX_ID, BREAKS, CONNECTED},
    {"tx-null", tx_null, "unasked null response", BREAKS, CONNECTED},
    {"tx-errors", tx_errors, LEFT, STANDS, CONNECTED},
    {"rx-ahead", rx_ahead, RX_AHEAD, BREAKS, CONNECTED},
    {"rx-backwards", rx_backwards, RX_AHEAD, BREAKS, CONNECTED},
    {"rx-out-of-order", rx_out_of_order, RX_ID, BREAKS, CONNECTED},
    {"rx-unknown", rx_unknown, RX_ID, BREAKS, CONNECTED},
    {"rx-too-long", rx_too_long, RX_PAGE, BREAKS, CONNECTED},
    {"rx-beyond", rx_beyond, RX_PAGE, BREAKS, CONNECTED},
    {"rx-far-beyond", rx_far_beyond, RX_PAGE, BREAKS, CONNECTED},
    {"rx-errors", rx_errors, LEFT, STANDS, CONNECTED},
    {"rx-endless", rx_endless, RX_SLOTS, BREAKS, CONNECTED},
    {"rx-endless-errors", rx_endless_errors, RX_SLOTS, BREAKS, CONNECTED},
    {"rx-endless-extras", rx_endless_extras, "too many extra infos", BREAKS,
     CONNECTED},
    {"rx-extra-none", rx_extra_none, "unknown extra info", BREAKS, CONNECTED},
    {"rx-extra-unknown", rx_extra_unknown, "unknown extra info", BREAKS,
     CONNECTED},
    {"rx-extra-unasked", rx_extra_unasked, LEFT, STANDS, CONNECTED},
    {"rx-gso-zeros", rx_gso_zeros, "unknown type of large segment", BREAKS,
     CONNECTED},
    {"rx-extra-late", rx_extra_late, "extra info inside a packet", BREAKS,
     CONNECTED},
    {"rx-unfinished", rx_unfinished, LEFT, STANDS, CONNECTED},
    {"rx-changing", rx_changing, RX_PAGE "|" LEFT, EITHER, CONNECTED},
    {"producer-changing", producer_changing, RX_AHEAD "|" LEFT, EITHER,
     CONNECTED},
    {"requests-rewritten", requests_rewritten, LEFT, STANDS, CONNECTED},
    {"mtu-babble", mtu_babble, MTU, BREAKS, BEFORE},
    {"mtu-negative", mtu_negative, MTU, BREAKS, BEFORE},
    {"mtu-huge", mtu_huge, MTU, BREAKS, BEFORE},
    {"mtu-tiny", mtu_tiny, MTU, BREAKS, BEFORE},
    {"mtu-overlong", mtu_overlong, MTU, BREAKS, BEFORE},
    {"tx-kept", tx_kept, "sent page still mapped", BREAKS, CONNECTED},
    {"rx-kept", rx_kept, "received page still mapped", BREAKS, CONNECTED},
};

const struct kind vif_kind = {"vif", publish, attach,
                              busy,  lies,    ARRAY_LEN(lies)};

/* netback.c: see netback.h. */

#include "test/fake/netback.h"

#include <assert.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/util.h"

struct netback back[2];

void fake_start(void)
{
    fake_peers_start();
    for (int i = 0; i < 2; i++)
        back[i] = (struct netback){
            .mac = "00:16:3e:01:02:03", .own_mtu = "65521", .sg = true};
}

bool fake_clean(void)
{
    return fake.claimed == fake.lost && fake.shared == 0 && buf_in_use() == 0 &&
           buf_quarantined() == fake.lost && !back[0].peer.open &&
           !back[1].peer.open;
}

struct peer *peer_find(const char *type, unsigned id)
{
    assert(strcmp(type, "vif") == 0 && id < 2);
    return &back[id].peer;
}

void peer_attach(struct peer *p, const struct xenbus_key *keys, size_t n)
{
    static const struct xenbus_key want[] = {
        {"tx-ring-ref", 1},       {"rx-ring-ref", 2},
        {"request-rx-copy", 1},   {"feature-rx-notify", 1},
        {"feature-sg", 1},        {"feature-ipv6-csum-offload", 1},
        {"feature-gso-tcpv4", 1}, {"feature-gso-tcpv6", 1}};
    struct netback *nb = CONTAINER_OF(p, struct netback, peer);

    nb->keys = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < ARRAY_LEN(want); j++)
            nb->keys += !strcmp(keys[i].name, want[j].name) &&
                        keys[i].value == want[j].value;
    BACK_RING_ATTACH(&nb->tx, (netif_tx_sring_t *)p->dev->ring_page[0],
                     PEER_OLD, PAGE_SIZE);
    BACK_RING_ATTACH(&nb->rx, (netif_rx_sring_t *)p->dev->ring_page[1],
                     PEER_OLD, PAGE_SIZE);
    p->dev->broken = false;
}

int xenbus_reopen(struct xenbus_dev *dev, struct xs_call *reads, size_t n)
{
    unsigned id = dev == back[1].peer.dev;
    struct xenbus_place place;
    int err;

    assert(dev->broken && dev == back[id].peer.dev && !back[id].peer.open);
    xenbus_ask(&place, "vif", id);
    err = xenbus_open(dev, &place, reads, n);
    dev->broken = true;
    return err;
}

const char *peer_value(const struct peer *p, bool own, const char *key)
{
    const struct netback *nb = p == &back[0].peer ? &back[0] : &back[1];

    if (own)
        return !strcmp(key, "mac")   ? nb->mac
               : !strcmp(key, "mtu") ? nb->own_mtu
                                     : NULL;
    return !strcmp(key, "mtu")                         ? nb->back_mtu
           : !strcmp(key, "feature-sg")                ? (nb->sg ? "1" : "0")
           : !strcmp(key, "feature-no-csum-offload")   ? nb->no_csum4
           : !strcmp(key, "feature-ipv6-csum-offload") ? nb->csum6
           : !strcmp(key, "feature-gso-tcpv4")         ? nb->gso4
           : !strcmp(key, "feature-gso-tcpv6")         ? nb->gso6
                                                       : NULL;
}

/* One slot of a packet: its bytes, as netback would fetch them. */
static void fetch(struct frame *f, const struct netif_tx_request *req,
                  size_t len)
{
    assert(len > 0 && req->offset + len <= PAGE_SIZE);
    assert(f->len + len <= FRAME_MAX && f->slots < 18);
    memcpy(f->data + f->len, fake_page(req->gref, false) + req->offset, len);
    f->len += len;
    f->ids[f->slots++] = req->id;
}

/* The extra info behind a first slot that says that there is one. */
static void take_extra(struct netback *nb, struct frame *f)
{
    struct netif_extra_info extra;

    assert(RING_HAS_UNCONSUMED_REQUESTS(&nb->tx));
    memcpy(&extra, RING_GET_REQUEST(&nb->tx, nb->tx.req_cons++), sizeof(extra));
    assert(extra.type == XEN_NETIF_EXTRA_TYPE_GSO && extra.flags == 0);
    assert(extra.u.gso.size > 0 && extra.u.gso.features == 0);
    f->gso_size = extra.u.gso.size;
    f->gso_type = extra.u.gso.type;
}

bool netback_take(struct netback *nb, struct frame *f)
{
    struct netif_tx_request first, more;
    struct frame rest = {0};

    if (!RING_HAS_UNCONSUMED_REQUESTS(&nb->tx))
        return false;
    f->len = f->slots = 0;
    f->gso_size = 0;
    RING_COPY_REQUEST(&nb->tx, nb->tx.req_cons++, &first);
    f->flags = first.flags;
    if (first.flags & NETTXF_extra_info)
        take_extra(nb, f);
    more = first;
    while (more.flags & NETTXF_more_data) {
        assert(RING_HAS_UNCONSUMED_REQUESTS(&nb->tx)); /* all or none */
        RING_COPY_REQUEST(&nb->tx, nb->tx.req_cons++, &more);
        assert((more.flags & ~NETTXF_more_data) == 0);
        fetch(&rest, &more, more.size);
    }
    assert(first.size > rest.len); /* the first slot's size is the total */
    fetch(f, &first, first.size - rest.len);
    memcpy(f->data + f->len, rest.data, rest.len);
    f->len += rest.len;
    memcpy(f->ids + 1, rest.ids, sizeof(rest.ids[0]) * rest.slots);
    f->slots += rest.slots;
    assert(f->slots <= 18);
    return true;
}

void lie_tx(struct netback *nb, struct netif_tx_response rsp)
{
    *RING_GET_RESPONSE(&nb->tx, nb->tx.rsp_prod_pvt++) = rsp;
}

void netback_answer(struct netback *nb, const struct frame *f, int16_t status)
{
    for (unsigned i = 0; i < f->slots; i++) {
        lie_tx(nb, (struct netif_tx_response){f->ids[i], status});
        if (i == 0 && f->gso_size)
            lie_tx(nb, (struct netif_tx_response){0, NETIF_RSP_NULL});
    }
}

unsigned netback_slots(struct netback *nb)
{
    return RING_HAS_UNCONSUMED_REQUESTS(&nb->rx);
}

static struct netif_rx_request rx_take(struct netback *nb)
{
    struct netif_rx_request req;

    assert(netback_slots(nb) > 0);
    RING_COPY_REQUEST(&nb->rx, nb->rx.req_cons++, &req);
    return req;
}

uint16_t rx_next_id(struct netback *nb)
{
    return (uint16_t)(nb->rx.req_cons % RING_SIZE(&nb->rx));
}

void lie_rx(struct netback *nb, struct netif_rx_response rsp)
{
    rx_take(nb);
    *RING_GET_RESPONSE(&nb->rx, nb->rx.rsp_prod_pvt++) = rsp;
}

static void give_extra(struct netback *nb, struct netif_extra_info extra)
{
    rx_take(nb);
    memcpy(RING_GET_RESPONSE(&nb->rx, nb->rx.rsp_prod_pvt++), &extra,
           sizeof(extra));
}

void lie_extra(struct netback *nb, uint8_t type, uint8_t flags)
{
    give_extra(nb, (struct netif_extra_info){.type = type,
                                             .flags = flags,
                                             .u.gso = {.size = 1, .type = 1}});
}

void lie_gso(struct netback *nb, uint8_t type, uint16_t size)
{
    give_extra(
        nb, (struct netif_extra_info){.type = XEN_NETIF_EXTRA_TYPE_GSO,
                                      .u.gso = {.size = size, .type = type}});
}

bool netback_give(struct netback *nb, const uint8_t *data, size_t len, size_t n,
                  uint16_t off, uint16_t flags, int16_t status)
{
    if (netback_slots(nb) < (len + n - 1) / n)
        return false;
    for (size_t at = 0; at < len; at += n) {
        struct netif_rx_request req = rx_take(nb);
        size_t part = len - at < n ? len - at : n;
        bool last = at + part == len;

        assert(req.id == (nb->rx.req_cons - 1) % RING_SIZE(&nb->rx));
        memcpy(fake_page(req.gref, true) + off, data + at, part);
        *RING_GET_RESPONSE(&nb->rx,
                           nb->rx.rsp_prod_pvt++) = (struct netif_rx_response){
            .id = req.id,
            .offset = off,
            .flags =
                (uint16_t)((at ? 0 : flags) | (last ? 0 : NETRXF_more_data)),
            .status = last && status < 0 ? status : (int16_t)part,
        };
    }
    return true;
}

void netback_push(struct netback *nb)
{
    int notify;

    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&nb->tx, notify);
    nb->peer.events_here += (unsigned)notify;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&nb->rx, notify);
    nb->peer.events_here += (unsigned)notify;
    nb->tx.sring->req_event = nb->tx.req_cons + 1; /* asleep again */
    nb->rx.sring->req_event = nb->rx.req_cons + 1;
}

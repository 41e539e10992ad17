/* netfront.c: a toolstack and a back-end that say and answer anything, and a
 * caller that holds on to what it got.  Nothing may leak, whatever happens. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/buf.h"
#include "test/fake/netback.h"
#include "test/fake/page.h"
#include "xen/netfront.h"

#define TEXT   24
#define PIECES 19 /* of a received packet: XEN_NETIF_NR_SLOTS_MIN and one */

static struct netback *const nb = &back[0];
static struct frame frame;
static struct buf *held;
static struct net *net;
static const uint8_t *at, *end;
static bool lied; /* then the ring is no longer what an honest one expects */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
    if (!truth)
        abort();
}

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

static void send_packet(uint8_t slots, uint8_t a, uint8_t b, bool waits)
{
    struct buf *first = NULL, *piece;

    for (int i = 0; i <= slots % 20; i++) {
        if (!(piece = a & 16 ? buf_alloc_run() : buf_alloc()))
            break;
        piece->off = (uint16_t)(a * 17);
        piece->len = (uint16_t)(b * (a & 16 ? 48 : 16) + i);
        piece->flags = a & 7;
        piece->gso_size = a & 8 ? (uint16_t)(b * 16) : 0;
        piece->next = first;
        first = piece;
    }
    if (first && waits)
        net_send(net, first);
    else if (first && net_trysend(net, first) == -EAGAIN)
        buf_free(first);
}

static void receive(bool keep, bool waits)
{
    struct buf *b = waits ? net_recv(net) : net_poll(net), *last;
    int pieces = 0;

    if (!b)
        return;
    for (last = b;; last = last->next) {
        check(++pieces <= PIECES);
        check(last->len > 0 && last->off + last->len <= (int)PAGE_SIZE);
        for (int i = 0; i < last->len; i += 64) /* all of it is there */
            last->page[last->off + i]++;
        if (!last->next)
            break;
    }
    if (keep) {
        last->next = held;
        held = b;
    } else if (net_trysend(net, b) == -EAGAIN) {
        buf_free(b);
    }
}

static void backend(uint8_t what, uint8_t a, uint8_t b, uint8_t c)
{
    static const uint8_t bytes[4096];
    uint16_t word = (uint16_t)(a << 8 | b);

    if (!nb->peer.connected)
        return;
    switch (what % 8) {
    case 0:
        if (!lied && netback_take(nb, &frame) && a & 1)
            netback_answer(nb, &frame, (int8_t)b);
        break;
    case 1:
        lied = true;
        lie_tx(nb, (struct netif_tx_response){b, (int8_t)c});
        break;
    case 2:
        if (!lied)
            netback_give(nb, bytes, 1u + word % sizeof(bytes), 1u + c * 15u,
                         a & 63, b & 3, (int8_t)c);
        break;
    case 3:
        if (netback_slots(nb))
            lie_rx(nb, (struct netif_rx_response){rx_next_id(nb), a, b & 31,
                                                  (int16_t)(c * 18)});
        break;
    case 4:
        if (netback_slots(nb))
            lie_rx(nb, (struct netif_rx_response){c & 1 ? rx_next_id(nb) : c,
                                                  word, b, (int16_t)word});
        break;
    case 5:
        if (netback_slots(nb) && a & 8)
            lie_gso(nb, a % 4, b);
        else if (netback_slots(nb))
            lie_extra(nb, a % 8, b);
        break;
    case 6:
        netback_push(nb);
        break;
    case 7:
        lied = true;
        *(c & 1 ? &nb->tx.rsp_prod_pvt : &nb->rx.rsp_prod_pvt) +=
            c & 2 ? (uint32_t)a << b % 32 : a % 3;
        break;
    }
}

/* While a thread waits, and now and then: at the input's end the back-end goes
 * away, and nobody waits for ever. */
static void world(void)
{
    uint8_t what, a, b;

    if (at == end) {
        if (!nb->peer.dev->broken)
            xenbus_fail(nb->peer.dev, "the back-end went away");
        return;
    }
    what = next();
    a = next();
    b = next();
    backend(what, a, b, next());
    backend(6, 0, 0, 0);
}

/* A text in xenstore: a good one, any, or none. */
static const char *text(char any[TEXT], const char *good)
{
    unsigned what = next() % 8;

    for (unsigned i = 0; what == 7 && i < TEXT - 1; i++)
        any[i] = (char)next();
    return what == 7 ? any : what == 6 ? NULL : good;
}

/* What may be different when the interface is opened, or opened again. */
static void vary(void)
{
    static char any[4][TEXT];
    unsigned what = next();

    lied = false;
    nb->mac = text(any[0], "00:16:3e:01:02:03");
    nb->own_mtu = text(any[1], what & 1 ? NULL : "1500");
    nb->back_mtu = text(any[2], what & 2 ? "9000" : "65000");
    nb->csum6 = text(any[3], "1");
    nb->gso4 = what & 8 ? "1" : NULL;
    nb->gso6 = what & 8 ? "1" : NULL;
    nb->sg = what & 4;
    nb->peer.ring_err = what >> 4 == 1 ? -ENOMEM : 0;
    nb->peer.connect_err = what >> 4 == 2 ? -EIO : 0;
    nb->peer.open_err = what >> 4 == 3 ? -ENODEV : 0;
    fake.claims_left = what >> 4 == 4 ? 1 : 0;
    fake_pages_free = what >> 4 == 5 ? next() % 32 : fake_pages_free;
}

static void check_properties(void)
{
    unsigned mtu = net_mtu(net);

    check(mtu >= 68 && mtu <= 65535 - 14 && (nb->sg || mtu <= PAGE_SIZE - 14));
    check(net_mac(net)[0] == 0 || nb->mac[0] != '0' || nb->mac[1] != '0');
    check(!net_csum6(net) || nb->csum6);
    check(net_wake(net) && net_counts(net) && net_epoch(net) == 0);
}

static void reopen(void)
{
    nb->peer.fails = 0;
    vary();
    if (net_reopen(net) == 0)
        check_properties();
    else
        check(net_broken(net));
}

static void front_end(uint8_t what, uint8_t a, uint8_t b, uint8_t c)
{
    switch (what % 8) {
    case 0:
    case 1:
        send_packet(a, b, c, what & 16);
        break;
    case 2:
    case 3:
        receive(a & 1, what & 16);
        break;
    case 4:
        net_flush(net);
        break;
    case 5:
        net_arm(net, a & 1);
        break;
    case 6:
        if (what & 16)
            fake.busy = a & 1;
        else if (net_broken(net))
            reopen();
        else
            net_reap(net);
        break;
    case 7:
        buf_free(held);
        held = NULL;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pages = fake_pages_free;

    at = data;
    end = data + size;
    fake_start();
    fake.run = world;
    vary();
    if ((net = net_open(0)))
        check_properties();
    while (net && at < end) {
        uint8_t what = next(), a = next(), b = next();

        if (what & 8)
            backend(what, a, b, next());
        else
            front_end(what, a, b, next());
        check(nb->peer.fails <= 1);
    }
    buf_free(held);
    held = NULL;
    fake.busy = false;
    if (net)
        net_close(net);
    check(fake_clean());
    fake_buf_forget();
    fake_pages_free = pages;
    return 0;
}

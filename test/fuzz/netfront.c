/* netfront.c: a back-end that answers anything, and a caller that holds on to
 * what it got.  Nothing may leak, whatever happens. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/netback.h"
#include "test/fake/page.h"
#include "xen/netfront.h"

static struct netback *const nb = &back[0];
static struct frame frame;
static struct buf *held;
static struct net *net;
static bool lied; /* then the ring is no longer what an honest one expects */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
    if (!truth)
        abort();
}

static void send_packet(uint8_t slots, uint8_t a, uint8_t b)
{
    struct buf *first = NULL, *piece;

    for (int i = 0; i <= slots % 20; i++) {
        if (!(piece = buf_alloc()))
            break;
        piece->off = (uint16_t)(a * 17);
        piece->len = (uint16_t)(b * 16 + i);
        piece->flags = a & 3;
        piece->next = first;
        first = piece;
    }
    if (first && net_trysend(net, first) == -EAGAIN)
        buf_free(first);
}

static void receive(int keep)
{
    struct buf *b = net_poll(net), *last;

    if (!b)
        return;
    for (last = b;; last = last->next) {
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
        if (netback_slots(nb))
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

static void front_end(uint8_t what, uint8_t a, uint8_t b, uint8_t c)
{
    switch (what % 8) {
    case 0:
    case 1:
        send_packet(a, b, c);
        break;
    case 2:
    case 3:
        receive(a & 1);
        break;
    case 4:
        net_flush(net);
        break;
    case 5:
        net_arm(net, a & 1);
        break;
    case 6:
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
    fake_start();
    lied = false;
    nb->sg = size % 2;
    net = net_open(0);
    check(net != NULL);

    for (size_t i = 0; i + 3 < size; i += 4) {
        if (data[i] & 8)
            backend(data[i], data[i + 1], data[i + 2], data[i + 3]);
        else
            front_end(data[i], data[i + 1], data[i + 2], data[i + 3]);
        check(nb->peer.fails <= 1);
    }
    buf_free(held);
    held = NULL;
    net_close(net);
    check(fake_clean());
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fake_pages_free = 4 * 100; /* the pool takes a quarter */
    return 0;
}

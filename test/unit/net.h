/* net.h: what the tests of the network front-end share: one device, packets in
 * pieces, and what the back-end does with them. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/netback.h"
#include "test/fake/page.h"
#include "xen/netfront.h"

static struct netback *const nb = &back[0];
static struct frame frame;
static uint8_t pattern[80000];

static inline void start(void)
{
    fake_start();
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
}

static inline struct net *up(void)
{
    struct net *net = net_open(0);

    cr_assert(net);
    return net;
}

static inline void down(struct net *net)
{
    net_close(net);
    cr_assert(fake_clean(), "claimed %u shared %u lost %u buffers %zu",
              fake.claimed, fake.shared, fake.lost, buf_in_use());
}

/* A packet of len bytes in pieces of n at offset off of their pages. */
static inline struct buf *packet(const uint8_t *data, size_t len, size_t n,
                                 uint16_t off)
{
    struct buf *first = NULL, **link = &first;

    for (size_t at = 0; at < len; at += n) {
        struct buf *b = buf_alloc();

        cr_assert(b);
        b->off = off;
        b->len = (uint16_t)(len - at < n ? len - at : n);
        memcpy(b->page + off, data + at, b->len);
        *link = b;
        link = &b->next;
    }
    return first;
}

static inline void check(const struct buf *b, const uint8_t *data, size_t len)
{
    cr_assert_eq(buf_total(b), len);
    for (; b; b = b->next) {
        cr_assert_arr_eq(b->page + b->off, data, b->len);
        data += b->len;
    }
}

/* The back-end sends what is queued, one packet. */
static inline void consume(void)
{
    if (netback_take(nb, &frame))
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
}

/* Bursts, until there are as many receive slots as there can be. */
static inline void grow(struct net *net, struct netback *n)
{
    unsigned before;
    struct buf *b;

    do {
        before = netback_slots(n);
        while (netback_give(n, pattern, 60, 60, 0, 0, 0))
            ;
        netback_push(n);
        while ((b = net_poll(net)))
            buf_free(b);
    } while (netback_slots(n) > before);
}

/* And receives one small frame. */
static inline void give_one(void)
{
    netback_give(nb, pattern, 60, 60, 0, 0, 0);
    netback_push(nb);
}

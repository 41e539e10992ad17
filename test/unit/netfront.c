/* netfront.c against a back-end that follows Xen's headers, or lies. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/netback.h"
#include "test/fake/page.h"
#include "xen/netfront.h"

#define FRAMES 20000

static struct netback *const nb = &back[0];
static struct frame frame;
static uint8_t pattern[80000];

static void start(void)
{
    fake_start();
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
}

static struct net *up(void)
{
    struct net *net = net_open(0);

    cr_assert(net);
    return net;
}

static void down(struct net *net)
{
    net_close(net);
    cr_assert(fake_clean(), "claimed %u shared %u lost %u buffers %zu",
              fake.claimed, fake.shared, fake.lost, buf_in_use());
}

/* A packet of len bytes in pieces of n at offset off of their pages. */
static struct buf *packet(const uint8_t *data, size_t len, size_t n,
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

static void check(const struct buf *b, const uint8_t *data, size_t len)
{
    cr_assert_eq(buf_total(b), len);
    for (; b; b = b->next) {
        cr_assert_arr_eq(b->page + b->off, data, b->len);
        data += b->len;
    }
}

Test(netfront, opens_as_xenstore_says, .init = start)
{
    struct net *net = up();

    cr_assert_arr_eq(net_mac(net), "\x00\x16\x3e\x01\x02\x03", 6);
    cr_assert_eq(net_mtu(net), 1500);
    cr_assert_eq(nb->keys, 5);
    cr_assert_eq(fake.batches, 1, "xenstored is far away");
    cr_assert_eq(netback_slots(nb), 256);
    cr_assert_eq(nb->events_there, 1);
    down(net);

    nb->mac = "fe:fA:9F:aB:0c:D9";
    nb->own_mtu = "9000";
    nb->back_mtu = "1400";
    net = up();
    cr_assert_arr_eq(net_mac(net), "\xfe\xfa\x9f\xab\x0c\xd9", 6);
    cr_assert_eq(net_mtu(net), 9000);
    down(net);

    nb->own_mtu = NULL;
    net = up();
    cr_assert_eq(net_mtu(net), 1400);
    down(net);

    nb->back_mtu = "68";
    net = up();
    cr_assert_eq(net_mtu(net), 68);
    down(net);

    nb->back_mtu = "65521";
    net = up();
    cr_assert_eq(net_mtu(net), 65521);
    down(net);

    nb->sg = false; /* one page must hold a frame */
    net = up();
    cr_assert_eq(net_mtu(net), 4096 - 14);
    down(net);
}

Test(netfront, refuses_addresses_and_mtus_that_are_none, .init = start)
{
    static const char *const macs[] = {
        NULL,
        "",
        "00:16:3e:01:02:0",
        "00:16:3e:01:02:03:",
        "00:16:3e:01:02:034",
        "00:16:3e:01:02",
        "00-16-3e-01-02-03",
        "00:16:3g:01:02:03",
        " 0:16:3e:01:02:03",
        "0x:16:3e:01:02:03",
        "+0:16:3e:01:02:03",
        "00:16:3e:01:02:03 and more than there is room for",
    };
    static const char *const mtus[] = {
        "",       "0",     "67",    "65522",       "-1500", "+1500",
        "0x5dc",  "1500 ", " 1500", "1500.0",      "x",     "4294968796",
        "999999", "1e3",   "1,500", "68719478236",
    };

    for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
        nb->mac = macs[i];
        cr_assert_null(net_open(0), "%s", macs[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(nb->wrong, "no proper mac in xenstore");
        cr_assert(fake_clean());
    }
    fake_start();
    for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
        nb->back_mtu = mtus[i];
        cr_assert_null(net_open(0), "%s", mtus[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(nb->wrong, "no proper mtu in xenstore");
        cr_assert(fake_clean());
    }
}

Test(netfront, gives_everything_back_when_it_cannot_open, .init = start)
{
    struct {
        int *fails, err;
    } const cases[] = {
        {&nb->open_err, ENODEV},
        {&nb->ring_err, ENOMEM},
        {&fake.claim_err, ENOSPC},
        {&nb->connect_err, ETIMEDOUT},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        *cases[i].fails = -cases[i].err;
        cr_assert_null(net_open(0));
        cr_assert_eq(errno, cases[i].err);
        cr_assert(fake_clean());
        *cases[i].fails = 0;
    }
    for (int i = 0; i < 20; i++) { /* its share of the pool, too */
        struct net *net = up();

        cr_assert_eq(netback_slots(nb), 256);
        down(net);
    }
}

Test(netfront, wants_pages_for_one_large_packet, .init = start)
{
    fake_pages_free = 18 * 4;
    cr_assert_null(net_open(0));
    cr_assert_eq(errno, ENOMEM);
    cr_assert(fake_clean());
}

Test(netfront, works_with_pages_for_one_large_packet, .init = start)
{
    fake_pages_free = 19 * 4;

    struct net *net = up();

    cr_assert_eq(netback_slots(nb), 19);
    down(net);
}

/* What comes out of the front-end goes back in, in other pieces. */
static void echo(size_t n, uint16_t off)
{
    netback_take(nb, &frame);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    cr_assert(netback_give(nb, frame.data, frame.len, n, off, 0, 0));
    netback_push(nb);
}

Test(netfront, frames_come_back_unchanged, .init = start)
{
    struct net *net = up();
    uint64_t bytes = 0;

    srand(1);
    for (int i = 0; i < FRAMES; i++) {
        bool jumbo = rand() % 8 == 0;
        size_t len = 1 + (size_t)rand() % (jumbo ? 9014 : 1514);
        size_t out = len / 18 + 1 + (size_t)rand() % 2000;
        size_t in = len / 19 + 1 + (size_t)rand() % 2000;
        const uint8_t *data = pattern + rand() % 50000;

        cr_assert_eq(
            net_send(net, packet(data, len, out, (uint16_t)(rand() % 500))), 0);
        net_flush(net);
        echo(in, (uint16_t)(rand() % 500));

        struct buf *b = net_poll(net);

        cr_assert(b);
        check(b, data, len);
        buf_free(b);
        bytes += len;
    }
    cr_assert_null(net_poll(net));

    const struct net_counts *c = net_counts(net);

    cr_assert_eq(c->tx_packets, FRAMES);
    cr_assert_eq(c->rx_packets, FRAMES);
    cr_assert_eq(c->tx_bytes, bytes);
    cr_assert_eq(c->rx_bytes, bytes);
    cr_assert_eq(c->tx_errors + c->rx_errors + c->rx_dry + c->rx_extras, 0);
    down(net);
}

Test(netfront, sends_the_largest_packet_there_can_be, .init = start)
{
    struct net *net = up();

    cr_assert_eq(net_send(net, packet(pattern, FRAME_MAX, 3700, 100)), 0);
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.slots, 18);
    cr_assert_eq(frame.len, FRAME_MAX);
    cr_assert_arr_eq(frame.data, pattern, FRAME_MAX);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    down(net);
}

Test(netfront, refuses_packets_no_backend_could_take, .init = start)
{
    struct net *net = up();
    struct buf *b;
    unsigned queued = 0;

    cr_assert_eq(net_send(net, packet(pattern, 19, 1, 0)), -EMSGSIZE);
    cr_assert_eq(net_send(net, packet(pattern, 4096 * 18, 4096, 0)), -EMSGSIZE);
    b = buf_alloc();
    cr_assert_eq(net_send(net, b), -EINVAL, "no data");
    b = packet(pattern, 30, 10, 0);
    b->next->len = 0;
    cr_assert_eq(net_trysend(net, b), -EINVAL, "an empty piece");
    b = packet(pattern, 30, 10, 0);
    b->next->off = 4087;
    cr_assert_eq(net_trysend(net, b), -EINVAL, "leaves its page");
    cr_assert_eq(net_counts(net)->tx_refused, 5);
    b = packet(pattern, 30, 10, 4086);
    cr_assert_eq(net_trysend(net, b), 0, "up to the last byte");

    net_flush(net);
    for (; netback_take(nb, &frame); queued++)
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_eq(queued, 1);
    down(net);
}

Test(netfront, uses_every_slot, .init = start)
{
    struct net *net = up();
    struct buf *b;
    unsigned sent = 0;

    while (net_trysend(net, b = packet(pattern, 60, 60, 0)) == 0)
        sent++;
    cr_assert_eq(sent, 256);
    buf_free(b);
    down(net);
}

Test(netfront, queues_all_of_a_packet_or_nothing, .init = start)
{
    struct net *net = up();
    struct buf *b;
    unsigned sent = 0, seen = 0;

    while (net_trysend(net, b = packet(pattern, 3000, 1000, 0)) == 0)
        sent++;
    cr_assert_eq(sent, 256 / 3);
    cr_assert_eq(net_counts(net)->tx_full, 1);
    cr_assert_eq(net_trysend(net, b), -EAGAIN);
    check(b, pattern, 3000); /* it stays ours */

    net_flush(net);
    while (netback_take(nb, &frame)) {
        cr_assert_eq(frame.slots, 3);
        cr_assert_arr_eq(frame.data, pattern, 3000);
        if (seen++ == 0)
            netback_answer(nb, &frame, NETIF_RSP_OKAY);
    }
    cr_assert_eq(seen, sent);
    cr_assert_not(net_reap(net));
    netback_push(nb);
    cr_assert(net_reap(net));
    cr_assert_not(net_reap(net));
    cr_assert_eq(net_trysend(net, b), 0);
    down(net);
}

Test(netfront, tells_of_free_slots_though_receiving_found_them, .init = start)
{
    struct net *net = up();
    struct buf *b;

    while (net_trysend(net, b = packet(pattern, 60, 60, 0)) == 0)
        ;
    net_flush(net);
    cr_assert_not(net_arm(net, true));
    while (netback_take(nb, &frame))
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_null(net_poll(net)); /* reaps */
    cr_assert(net_arm(net, true), "or nothing would wake the sender");
    cr_assert_not(net_arm(net, false));
    cr_assert(net_reap(net));
    cr_assert_not(net_arm(net, true), "said once");
    cr_assert_not(net_reap(net));

    while (net_trysend(net, b) == 0)
        b = packet(pattern, 60, 60, 0);
    b->next = packet(pattern, 60, 60, 0);
    net_flush(net);
    netback_take(nb, &frame);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_eq(net_trysend(net, b), -EAGAIN, "one slot, two pieces");
    cr_assert_not(net_reap(net), "that was known");
    cr_assert_not(net_arm(net, true));
    buf_free(b);
    down(net);
}

static void consume(void)
{
    if (netback_take(nb, &frame))
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
}

Test(netfront, waits_for_slots_but_is_not_woken_for_each, .init = start)
{
    struct net *net = up();

    fake.run = consume;
    for (int i = 0; i < 2560; i++)
        cr_assert_eq(net_send(net, packet(pattern, 1500, 800, 0)), 0);
    cr_assert_gt(net_counts(net)->tx_full, 0);
    cr_assert_eq(nb->events_here, fake.waits);
    cr_assert_lt(fake.waits, 2 * 2 * 2560 / 128);
    down(net);
}

Test(netfront, is_not_woken_by_sent_frames_it_does_not_wait_for, .init = start)
{
    struct net *net = up();

    cr_assert_not(net_arm(net, false));
    for (int i = 0; i < 100; i++) {
        net_send(net, packet(pattern, 60, 60, 0));
        net_flush(net);
        consume();
    }
    cr_assert_leq(nb->events_here, 1, "the first is how Xen starts a ring");
    down(net);
}

Test(netfront, tells_the_backend_once_per_batch, .init = start)
{
    struct net *net = up();
    unsigned before = nb->events_there;

    netback_push(nb);
    for (int i = 0; i < 50; i++)
        net_send(net, packet(pattern, 60, 60, 0));
    cr_assert_not(netback_take(nb, &frame), "nothing to be seen before");
    cr_assert_eq(nb->events_there, before);
    net_flush(net);
    cr_assert_eq(nb->events_there, before + 1);
    net_flush(net);
    cr_assert_eq(nb->events_there, before + 1);
    cr_assert_eq(net_counts(net)->kicks, 2, "the first gave pages to receive");

    for (int i = 0; i < 50; i++)
        netback_give(nb, pattern, 60, 60, 0, 0, 0);
    netback_push(nb);
    for (struct buf *b; (b = net_poll(net));)
        buf_free(b);
    cr_assert_eq(net_counts(net)->rx_packets, 50);
    cr_assert_eq(net_counts(net)->kicks, 3);
    cr_assert_eq(nb->events_there, before + 1, "it has pages enough");
    cr_assert_eq(netback_slots(nb), 256);
    down(net);
}

Test(netfront, posts_again_while_a_long_burst_lasts, .init = start)
{
    struct net *net = up();

    while (netback_give(nb, pattern, 60, 60, 0, 0, 0))
        ;
    netback_push(nb);
    for (int i = 0; i < 128; i++)
        buf_free(net_poll(net));
    cr_assert_eq(netback_slots(nb), 128);
    cr_assert_eq(net_counts(net)->kicks, 3);
    down(net);
}

Test(netfront, marks_checksums_both_ways, .init = start)
{
    static const struct {
        uint8_t mark;
        uint16_t tx, rx;
    } cases[] = {
        {0, 0, 0},
        {BUF_CSUM_OK, NETTXF_data_validated, NETRXF_data_validated},
        {BUF_CSUM_BLANK, NETTXF_csum_blank | NETTXF_data_validated,
         NETRXF_csum_blank},
        {BUF_CSUM_BLANK | BUF_CSUM_OK,
         NETTXF_csum_blank | NETTXF_data_validated,
         NETRXF_csum_blank | NETRXF_data_validated},
    };
    struct net *net = up();

    for (size_t i = 0; i < 4; i++)
        for (size_t n = 500; n <= 1000; n += 500) { /* two pieces, and one */
            struct buf *b = packet(pattern, 1000, n, 0);

            b->flags = cases[i].mark;
            net_send(net, b);
            net_flush(net);
            cr_assert(netback_take(nb, &frame));
            cr_assert_eq(frame.flags & ~NETTXF_more_data, cases[i].tx);
            netback_answer(nb, &frame, NETIF_RSP_OKAY);
            netback_give(nb, pattern, 1000, n, 0, cases[i].rx, 0);
            netback_push(nb);
            cr_assert(b = net_poll(net));
            cr_assert_eq(b->flags, cases[i].mark);
            cr_assert(!b->next || b->next->flags == 0);
            buf_free(b);
        }
    down(net);
}

Test(netfront, puts_a_packet_in_one_page_for_a_backend_without_sg,
     .init = start)
{
    nb->sg = false;

    struct net *net = up();
    struct buf *b = packet(pattern, 4096, 500, 3000);

    b->flags = BUF_CSUM_BLANK;
    cr_assert_eq(net_send(net, b), 0);
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.slots, 1);
    cr_assert_eq(frame.len, 4096);
    cr_assert_arr_eq(frame.data, pattern, 4096);
    cr_assert(frame.flags & NETTXF_csum_blank);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    cr_assert_eq(net_send(net, packet(pattern, 4097, 500, 0)), -EMSGSIZE);
    netback_push(nb);
    down(net);
}

Test(netfront, counts_frames_the_backend_could_not_send, .init = start)
{
    struct net *net = up();

    for (int i = 0; i < 3; i++)
        net_send(net, packet(pattern, 60, 60, 0));
    net_flush(net);
    for (int16_t status = 0; netback_take(nb, &frame); status--)
        netback_answer(nb, &frame, status);
    netback_push(nb);
    cr_assert(net_reap(net));
    cr_assert_eq(net_counts(net)->tx_errors, 2);
    cr_assert_not(net_broken(net));
    down(net);
}

Test(netfront, waits_for_the_rest_of_a_packet, .init = start)
{
    struct net *net = up();

    for (unsigned slots = 2; slots <= 19; slots++) {
        struct buf *b;

        netback_give(nb, pattern, slots * 100, 100, 7, NETRXF_csum_blank, 0);
        nb->rx.rsp_prod_pvt -= slots; /* show them one by one */
        for (unsigned i = 1; i < slots; i++) {
            nb->rx.rsp_prod_pvt++;
            netback_push(nb);
            cr_assert_null(net_poll(net));
            cr_assert_not(net_arm(net, false));
        }
        nb->rx.rsp_prod_pvt++;
        netback_push(nb);
        cr_assert(net_arm(net, false));
        cr_assert(b = net_poll(net));
        check(b, pattern, slots * 100);
        cr_assert_eq(b->flags, BUF_CSUM_BLANK);
        buf_free(b);
    }
    netback_give(nb, pattern, 500, 100, 0, 0, 0);
    nb->rx.rsp_prod_pvt--; /* and closes in the middle of one */
    netback_push(nb);
    cr_assert_null(net_poll(net));
    down(net);
}

static void give_one(void)
{
    netback_give(nb, pattern, 60, 60, 0, 0, 0);
    netback_push(nb);
}

Test(netfront, receives_by_waiting, .init = start)
{
    struct net *net = up();

    fake.run = give_one;
    for (unsigned i = 1; i <= 1000; i++) {
        struct buf *b = net_recv(net);

        cr_assert(b);
        buf_free(b);
        cr_assert_eq(fake.waits, i);
    }
    down(net);
}

Test(netfront, skips_extra_infos_nobody_asked_for, .init = start)
{
    struct net *net = up();
    struct buf *b;
    uint16_t id = rx_next_id(nb);

    lie_rx(nb, (struct netif_rx_response){
                   id, 0, NETRXF_extra_info | NETRXF_more_data, 100});
    for (uint8_t type = 1; type <= 4; type++)
        lie_extra(nb, type, type < 4 ? XEN_NETIF_EXTRA_FLAG_MORE : 0);
    netback_push(nb);
    cr_assert_null(net_poll(net), "data is to come");
    lie_rx(nb, (struct netif_rx_response){rx_next_id(nb), 0, 0, 50});
    netback_push(nb);
    cr_assert(b = net_poll(net));
    cr_assert_eq(buf_total(b), 150);
    buf_free(b);

    id = rx_next_id(nb);
    lie_rx(nb, (struct netif_rx_response){id, 0, NETRXF_extra_info, 100});
    netback_push(nb);
    cr_assert_null(net_poll(net), "the extra info is to come");
    lie_extra(nb, XEN_NETIF_EXTRA_TYPE_GSO, 0);
    netback_push(nb);
    cr_assert(b = net_poll(net));
    cr_assert_eq(buf_total(b), 100);
    buf_free(b);

    cr_assert_null(net_poll(net));
    cr_assert_eq(net_counts(net)->rx_extras, 5);
    cr_assert_eq(netback_slots(nb), 256, "the slots used up are posted again");
    down(net);
}

Test(netfront, drops_a_packet_that_lost_a_piece_and_goes_on, .init = start)
{
    struct net *net = up();
    struct buf *b;

    for (size_t len = 100; len <= 300; len += 100)
        netback_give(nb, pattern, len, 100, 0, 0, NETIF_RSP_ERROR);
    for (int16_t status = -2; status <= 0; status++)
        lie_rx(nb,
               (struct netif_rx_response){rx_next_id(nb), 0xffff, 0, status});
    lie_rx(nb, (struct netif_rx_response){rx_next_id(nb), 0, NETRXF_more_data,
                                          NETIF_RSP_ERROR});
    lie_rx(nb, (struct netif_rx_response){rx_next_id(nb), 0, 0, 100});
    netback_give(nb, pattern, 777, 777, 0, 0, 0);
    netback_push(nb);
    cr_assert(b = net_poll(net));
    check(b, pattern, 777);
    buf_free(b);
    cr_assert_null(net_poll(net));
    cr_assert_eq(net_counts(net)->rx_errors, 7);
    cr_assert_eq(net_counts(net)->rx_packets, 1);
    down(net);
}

Test(netfront, keeps_receiving_when_all_buffers_are_held, .init = start)
{
    fake_pages_free = 4 * 100;

    struct net *net = up();
    struct buf *held = NULL, *b;
    unsigned n = 0;

    cr_assert_eq(buf_limit(), 100);
    cr_assert_eq(netback_slots(nb), 75, "a quarter stays for senders");
    for (int round = 0; round < 100; round++) {
        give_one();
        if ((b = net_poll(net))) { /* an owner who never lets go */
            b->next = held;
            held = b;
            n++;
        }
    }
    cr_assert_eq(n, 100 - 19);
    cr_assert_eq(netback_slots(nb), 19);
    cr_assert_eq(net_counts(net)->rx_dry, 19);

    netback_give(nb, pattern, 1900, 100, 0, 0, 0);
    netback_push(nb);
    cr_assert_null(net_poll(net), "even the largest packet");
    cr_assert_eq(netback_slots(nb), 19);

    buf_free(held);
    give_one();
    cr_assert(b = net_poll(net));
    buf_free(b);
    cr_assert_null(net_poll(net));
    cr_assert_eq(netback_slots(nb), 75);
    down(net);
}

Test(netfront, finds_pages_that_another_device_has_sent, .init = start)
{
    fake_pages_free = 4 * 100;

    struct net *net = up(), *other = net_open(1);
    unsigned sent = 0;
    struct buf *b;

    cr_assert_geq(netback_slots(&back[1]), 19);
    while ((b = buf_alloc())) {
        b->len = 60;
        cr_assert_eq(net_send(other, b), 0);
    }
    for (;; sent++) { /* use up our own, too: all goes out there */
        give_one();
        if (!(b = net_poll(net)))
            break;
        cr_assert_eq(net_send(other, b), 0);
    }
    cr_assert_eq(netback_slots(nb), 19);
    cr_assert_gt(sent, 0);

    net_flush(other); /* it is sent, and nobody looks at other any more */
    while (netback_take(&back[1], &frame))
        netback_answer(&back[1], &frame, NETIF_RSP_OKAY);
    netback_push(&back[1]);
    give_one();
    cr_assert(b = net_poll(net));
    buf_free(b);

    for (int i = 0; i < 2; i++) { /* and no more once that one is closed */
        struct buf *held = NULL;

        if (i == 0)
            net_close(other);
        while ((b = buf_alloc()) || (give_one(), b = net_poll(net))) {
            b->next = held;
            held = b;
        }
        buf_free(held);
        cr_assert_null(net_poll(net));
    }
    other = net_open(1);
    net_close(net);
    for (int i = 0; i < 100; i++)
        cr_assert_null(net_poll(other));
    down(other);
}

Test(netfront, shares_the_pool_among_devices, .init = start)
{
    fake_pages_free = 4 * 400;

    struct net *first = net_open(1), *net = up();
    struct buf *b;

    cr_assert_eq(netback_slots(&back[1]), 256);
    cr_assert_lt(netback_slots(nb), 100);
    for (int i = 0; i < 300; i++) { /* the first gives way as it works */
        netback_give(&back[1], pattern, 60, 60, 0, 0, 0);
        netback_push(&back[1]);
        cr_assert(b = net_poll(first));
        buf_free(b);
        cr_assert_null(net_poll(first));
        give_one();
        cr_assert(b = net_poll(net));
        buf_free(b);
        cr_assert_null(net_poll(net));
    }
    cr_assert_eq(netback_slots(&back[1]), 150);
    cr_assert_eq(netback_slots(nb), 150);
    net_close(first);
    down(net);
}

Test(netfront, is_armed_for_what_was_asked, .init = start)
{
    struct net *net = up();

    cr_assert_not(net_arm(net, true));
    give_one();
    cr_assert_eq(nb->events_here, 1);
    cr_assert(net_arm(net, true), "there is a frame already");
    buf_free(net_poll(net));

    net_send(net, packet(pattern, 60, 60, 0));
    net_flush(net);
    cr_assert_not(net_arm(net, true));
    consume();
    cr_assert_eq(nb->events_here, 2);
    cr_assert(net_arm(net, true), "a frame was sent already");
    cr_assert_not(net_arm(net, false));
    cr_assert(net_reap(net));
    cr_assert_not(net_arm(net, true));
    down(net);
}

Test(netfront, lets_queued_frames_leave_before_it_closes, .init = start)
{
    struct net *net = up();

    for (int i = 0; i < 100; i++)
        net_send(net, packet(pattern, 60, 60, 0));
    fake.run = consume;
    down(net);
    cr_assert_eq(fake.now, 0);
    cr_assert_eq(nb->held, 256, "all sent; taken back only when it has left");
}

Test(netfront, closes_though_the_backend_sleeps, .init = start)
{
    struct net *net = up();

    net_send(net, packet(pattern, 3000, 1000, 0));
    down(net);
    cr_assert_eq(fake.now, 1000000000);
}

/* The lies.  When one is told, three frames of one slot are on their way and
 * none is answered. */
static struct netif_rx_response whole(void)
{
    return (struct netif_rx_response){rx_next_id(nb), 0, 0, 100};
}

static void tx_ahead(void)
{
    nb->tx.rsp_prod_pvt += 4;
}
static void tx_backwards(void)
{
    nb->tx.rsp_prod_pvt--;
}
static void tx_never_sent(void)
{
    lie_tx(nb, (struct netif_tx_response){200, NETIF_RSP_OKAY});
}
static void tx_twice(void)
{
    lie_tx(nb, (struct netif_tx_response){frame.ids[0], NETIF_RSP_OKAY});
    lie_tx(nb, (struct netif_tx_response){frame.ids[0], NETIF_RSP_OKAY});
}
static void tx_unknown(void)
{
    lie_tx(nb, (struct netif_tx_response){0xffff, NETIF_RSP_OKAY});
}
static void tx_null(void)
{
    lie_tx(nb, (struct netif_tx_response){frame.ids[0], NETIF_RSP_NULL});
}
static void tx_mapped(void)
{
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    fake.busy = true;
}
static void rx_ahead(void)
{
    nb->rx.rsp_prod_pvt += 257;
}
static void rx_backwards(void)
{
    nb->rx.rsp_prod_pvt--;
}
static void rx_wrong_id(void)
{
    struct netif_rx_response rsp = whole();

    rsp.id++;
    lie_rx(nb, rsp);
}
static void rx_unknown_id(void)
{
    struct netif_rx_response rsp = whole();

    rsp.id = (uint16_t)(rsp.id + 256);
    lie_rx(nb, rsp);
}
static void rx_too_long(void)
{
    struct netif_rx_response rsp = whole();

    rsp.status = 4097;
    lie_rx(nb, rsp);
}
static void rx_beyond(void)
{
    struct netif_rx_response rsp = whole();

    rsp.offset = 4096 - 99;
    lie_rx(nb, rsp);
}
static void rx_far_beyond(void)
{
    struct netif_rx_response rsp = whole();

    rsp.offset = 0xffff;
    rsp.status = 0x7fff;
    lie_rx(nb, rsp);
}
static void rx_endless(void)
{
    for (int i = 0; i < 19; i++) {
        struct netif_rx_response rsp = whole();

        rsp.flags = NETRXF_more_data;
        lie_rx(nb, rsp);
    }
}
static void rx_endless_errors(void)
{
    for (int i = 0; i < 19; i++) {
        struct netif_rx_response rsp = whole();

        rsp.flags = NETRXF_more_data;
        rsp.status = NETIF_RSP_ERROR;
        lie_rx(nb, rsp);
    }
}
static void rx_endless_extras(void)
{
    struct netif_rx_response rsp = whole();

    rsp.flags = NETRXF_extra_info;
    lie_rx(nb, rsp);
    for (int i = 0; i < 5; i++)
        lie_extra(nb, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE);
}
static void extra_of_type(uint8_t type)
{
    struct netif_rx_response rsp = whole();

    rsp.flags = NETRXF_extra_info;
    lie_rx(nb, rsp);
    lie_extra(nb, type, 0);
}
static void rx_extra_none(void)
{
    extra_of_type(XEN_NETIF_EXTRA_TYPE_NONE);
}
static void rx_extra_unknown(void)
{
    extra_of_type(XEN_NETIF_EXTRA_TYPE_MAX);
}
static void rx_extra_late(void)
{
    struct netif_rx_response rsp = whole();

    rsp.flags = NETRXF_more_data;
    lie_rx(nb, rsp);
    rsp = whole();
    rsp.flags = NETRXF_extra_info;
    lie_rx(nb, rsp);
}
static void rx_mapped(void)
{
    lie_rx(nb, whole());
    fake.busy = true;
}

static const struct lie {
    void (*tell)(void);
    const char *found;
    unsigned lost;
} lies[] = {
    {tx_ahead, "transmit responses ahead of requests", 0},
    {tx_backwards, "transmit responses ahead of requests", 0},
    {tx_never_sent, "transmit id not in flight", 0},
    {tx_twice, "transmit id not in flight", 0},
    {tx_unknown, "transmit id not in flight", 0},
    {tx_null, "unasked null response", 0},
    {tx_mapped, "sent page still mapped", 1},
    {rx_ahead, "receive responses ahead of requests", 0},
    {rx_backwards, "receive responses ahead of requests", 0},
    {rx_wrong_id, "receive id out of order", 0},
    {rx_unknown_id, "receive id out of order", 0},
    {rx_too_long, "received data beyond its page", 0},
    {rx_beyond, "received data beyond its page", 0},
    {rx_far_beyond, "received data beyond its page", 0},
    {rx_endless, "received packet of too many slots", 0},
    {rx_endless_errors, "received packet of too many slots", 0},
    {rx_endless_extras, "too many extra infos", 0},
    {rx_extra_none, "unknown extra info", 0},
    {rx_extra_unknown, "unknown extra info", 0},
    {rx_extra_late, "extra info inside a packet", 0},
    {rx_mapped, "received page still mapped", 1},
};

static const struct lie *lie;

static void tell(void)
{
    lie->tell();
    netback_push(nb);
    nb->events_here++;
}

Test(netfront, a_lie_breaks_the_device_once_and_nothing_else, .init = start)
{
    for (lie = lies; lie < lies + sizeof(lies) / sizeof(lies[0]); lie++) {
        unsigned lost = fake.lost;
        struct net *net;

        fake.run = NULL;
        nb->fails = 0;
        net = up();
        for (int i = 0; i < 3; i++)
            net_send(net, packet(pattern, 60, 60, 0));
        net_flush(net);
        while (netback_take(nb, &frame))
            ;
        fake.run = tell;
        cr_assert_null(net_recv(net), "a waiting thread comes back");
        cr_assert_str_eq(nb->wrong, lie->found);
        fake.busy = false;

        cr_assert(net_broken(net));
        cr_assert_eq(net_send(net, packet(pattern, 60, 60, 0)), -EIO);
        cr_assert_eq(net_trysend(net, packet(pattern, 60, 60, 0)), -EIO);
        cr_assert_null(net_poll(net));
        cr_assert_null(net_recv(net));
        cr_assert_not(net_reap(net));
        cr_assert_not(net_arm(net, true));
        net_flush(net);
        cr_assert_eq(nb->fails, 1, "said once");
        cr_assert_eq(fake.waits, (unsigned)(lie - lies) + 1);
        cr_assert_eq(fake.lost, lost + lie->lost);
        down(net);
    }
}

Test(netfront, a_sender_that_waits_hears_of_a_lie, .init = start)
{
    struct net *net = up();
    int err;

    lie = &lies[0];
    fake.run = tell;
    nb->tx.rsp_prod_pvt += 300;
    do
        err = net_send(net, packet(pattern, 60, 60, 0));
    while (!err);
    cr_assert_eq(err, -EIO);
    down(net);
}

Test(netfront, never_uses_a_page_again_that_is_still_mapped, .init = start)
{
    struct net *net = up();

    net_send(net, packet(pattern, 3000, 1000, 0));
    fake.busy = true; /* nothing comes back at close */
    net_close(net);
    fake.busy = false;
    cr_assert_eq(fake.lost, 256 + 3);
    cr_assert_eq(buf_quarantined(), 256 + 3);
    cr_assert(!nb->open && fake.claimed == fake.lost && buf_in_use() == 0);
    down(up()); /* the fake asserts that no reference is claimed twice */
}

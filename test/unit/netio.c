/* netio.c: frames out and in, against a back-end that follows Xen's headers. */

#include "test/unit/net.h"

#define FRAMES 20000

/* What comes out of the front-end goes back in, in other pieces. */

static void echo(size_t n, uint16_t off)
{
    netback_take(nb, &frame);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    cr_assert(netback_give(nb, frame.data, frame.len, n, off, 0, 0));
    netback_push(nb);
}

Test(netio, frames_come_back_unchanged, .init = start)
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

Test(netio, sends_the_largest_packet_there_can_be, .init = start)
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

Test(netio, refuses_packets_no_backend_could_take, .init = start)
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
    cr_assert_eq(net_counts(net)->tx_too_long, 2);
    cr_assert_eq(net_counts(net)->tx_invalid, 3);
    b = packet(pattern, 30, 10, 4086);
    cr_assert_eq(net_trysend(net, b), 0, "up to the last byte");

    net_flush(net);
    for (; netback_take(nb, &frame); queued++)
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_eq(queued, 1);
    down(net);
}

Test(netio, uses_every_slot, .init = start)
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

Test(netio, queues_all_of_a_packet_or_nothing, .init = start)
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

Test(netio, tells_of_free_slots_though_receiving_found_them, .init = start)
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

Test(netio, waits_for_slots_but_is_not_woken_for_each, .init = start)
{
    struct net *net = up();

    fake.run = consume;
    for (int i = 0; i < 2560; i++)
        cr_assert_eq(net_send(net, packet(pattern, 1500, 800, 0)), 0);
    cr_assert_gt(net_counts(net)->tx_full, 0);
    cr_assert_eq(nb->peer.events_here, fake.waits);
    cr_assert_lt(fake.waits, 2 * 2 * 2560 / 128);
    cr_assert_eq(net_counts(net)->wakes, fake.waits);
    down(net);
}

Test(netio, is_not_woken_by_sent_frames_it_does_not_wait_for, .init = start)
{
    struct net *net = up();

    cr_assert_not(net_arm(net, false));
    for (int i = 0; i < 100; i++) {
        net_send(net, packet(pattern, 60, 60, 0));
        net_flush(net);
        consume();
    }
    cr_assert_leq(nb->peer.events_here, 1,
                  "the first is how Xen starts a ring");
    down(net);
}

Test(netio, tells_the_backend_once_per_batch, .init = start)
{
    struct net *net = up();
    unsigned before, got = 0;
    uint64_t kicks;

    grow(net, nb);
    before = nb->peer.events_there;
    kicks = net_counts(net)->kicks;
    netback_push(nb);
    for (int i = 0; i < 50; i++)
        net_send(net, packet(pattern, 60, 60, 0));
    cr_assert_not(netback_take(nb, &frame), "nothing to be seen before");
    cr_assert_eq(nb->peer.events_there, before);
    net_flush(net);
    cr_assert_eq(nb->peer.events_there, before + 1);
    net_flush(net);
    cr_assert_eq(nb->peer.events_there, before + 1);
    cr_assert_eq(net_counts(net)->kicks, kicks + 1);

    for (int i = 0; i < 64; i++)
        netback_give(nb, pattern, 60, 60, 0, 0, 0);
    netback_push(nb);
    for (struct buf *b; (b = net_poll(net)); got++)
        buf_free(b);
    cr_assert_eq(got, 64);
    cr_assert_eq(net_counts(net)->kicks, kicks + 2);
    cr_assert_eq(nb->peer.events_there, before + 1, "it has pages enough");
    cr_assert_eq(netback_slots(nb), 256);
    down(net);
}

Test(netio, posts_again_when_a_quarter_is_used_up, .init = start)
{
    struct net *net = up();
    uint64_t kicks = net_counts(net)->kicks;

    for (unsigned used = 1; used < 8; used++) {
        give_one();
        buf_free(net_poll(net));
        cr_assert_null(net_poll(net));
        cr_assert_eq(netback_slots(nb), 32 - used);
    }
    cr_assert_eq(net_counts(net)->kicks, kicks, "not for a few");
    give_one();
    buf_free(net_poll(net));
    cr_assert_eq(netback_slots(nb), 32);
    cr_assert_eq(net_counts(net)->kicks, kicks + 1);
    down(net);
}

Test(netio, posts_again_while_a_long_burst_lasts, .init = start)
{
    struct net *net = up();
    uint64_t kicks;

    grow(net, nb);
    kicks = net_counts(net)->kicks;
    while (netback_give(nb, pattern, 60, 60, 0, 0, 0))
        ;
    netback_push(nb);
    for (int i = 0; i < 128; i++)
        buf_free(net_poll(net));
    cr_assert_eq(netback_slots(nb), 128);
    cr_assert_eq(net_counts(net)->kicks, kicks + 2);
    down(net);
}

Test(netio, marks_checksums_both_ways, .init = start)
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

Test(netio, puts_a_packet_in_one_page_for_a_backend_without_sg, .init = start)
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
    cr_assert_eq(net_counts(net)->tx_copied, 4096);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    cr_assert_eq(net_send(net, packet(pattern, 4097, 500, 0)), -EMSGSIZE);
    netback_push(nb);
    for (int i = 0; i < 256; i++) /* which takes one slot, the last one, too */
        cr_assert_eq(net_trysend(net, packet(pattern, 1000, 500, 0)), 0);
    down(net);
}

Test(netio, counts_frames_the_backend_could_not_send, .init = start)
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

Test(netio, waits_for_the_rest_of_a_packet, .init = start)
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

Test(netio, receives_by_waiting, .init = start)
{
    struct net *net = up();

    fake.run = give_one;
    for (unsigned i = 1; i <= 1000; i++) {
        struct buf *b = net_recv(net);

        cr_assert(b);
        buf_free(b);
        cr_assert_eq(fake.waits, i);
        cr_assert_eq(net_counts(net)->wakes, i);
    }
    cr_assert_leq(netback_slots(nb), 32, "one at a time needs no more");
    down(net);
}

Test(netio, skips_extra_infos_nobody_asked_for, .init = start)
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
    lie_extra(nb, XEN_NETIF_EXTRA_TYPE_HASH, 0);
    netback_push(nb);
    cr_assert(b = net_poll(net));
    cr_assert_eq(buf_total(b), 100);
    buf_free(b);

    cr_assert_null(net_poll(net));
    cr_assert_eq(net_counts(net)->rx_extras, 4, "one of five was GSO");
    cr_assert_gt(netback_slots(nb), 24, "the slots used up are posted again");
    down(net);
}

Test(netio, drops_a_packet_that_lost_a_piece_and_goes_on, .init = start)
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

Test(netio, is_armed_for_what_was_asked, .init = start)
{
    struct net *net = up();

    cr_assert_not(net_arm(net, true));
    give_one();
    cr_assert_eq(nb->peer.events_here, 1);
    cr_assert(net_arm(net, true), "there is a frame already");
    buf_free(net_poll(net));

    net_send(net, packet(pattern, 60, 60, 0));
    net_flush(net);
    cr_assert_not(net_arm(net, true));
    consume();
    cr_assert_eq(nb->peer.events_here, 2);
    cr_assert(net_arm(net, true), "a frame was sent already");
    cr_assert_not(net_arm(net, false));
    cr_assert(net_reap(net));
    cr_assert_not(net_arm(net, true));
    down(net);
}

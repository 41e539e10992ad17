/* netruns.c: pieces of several pages, a slot for each of them. */

#include "test/unit/net.h"

/* A buffer with len bytes of pattern at off in a run of pages. */
static struct buf *run(size_t off, size_t len)
{
    struct buf *b = buf_alloc_run();

    cr_assert(b);
    b->off = (uint16_t)off;
    b->len = (uint16_t)len;
    memcpy(b->page + off, pattern, len);
    return b;
}

static void take(struct net *net, unsigned slots, size_t len)
{
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.slots, slots);
    cr_assert_eq(frame.len, len);
    cr_assert_arr_eq(frame.data, pattern, len);
    cr_assert_not(netback_take(nb, &frame), "one packet");
}

static void answer(unsigned slot)
{
    lie_tx(nb, (struct netif_tx_response){.id = frame.ids[slot],
                                          .status = NETIF_RSP_OKAY});
    netback_push(nb);
}

Test(netruns, have_a_slot_for_each_page_they_touch, .init = start)
{
    static const struct {
        size_t off, len;
        unsigned slots;
    } cases[] = {
        {0, 4096, 1},    {0, 4097, 2},     {4095, 2, 2},     {4095, 1, 1},
        {4096, 4096, 1}, {5000, 100, 1},   {8191, 4098, 3},  {1, 65535, 16},
        {0, 65535, 16},  {61440, 4096, 1}, {100, 63000, 16}, {20000, 30000, 9},
    };
    struct net *net = up();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(net_send(net, run(cases[i].off, cases[i].len)), 0);
        take(net, cases[i].slots, cases[i].len);
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
        netback_push(nb);
        cr_assert(net_reap(net));
        cr_assert_eq(buf_in_use(), 32, "what is posted");
    }
    down(net);
}

Test(netruns, are_freed_once_when_their_last_page_is_back, .init = start)
{
    struct net *net = up();
    struct buf *b, *lent;

    srand(1);
    for (int round = 0; round < 100; round++) {
        unsigned left = 6;

        b = run(4000, 20000);
        lent = buf_lend(b);
        lent->off = 4000;
        lent->len = 20000;
        cr_assert_eq(net_send(net, round % 2 ? lent : b), 0);
        buf_free(round % 2 ? b : lent);
        take(net, 6, 20000);
        while (left > 0) {
            const unsigned i = (unsigned)rand() % left;

            answer(i);
            frame.ids[i] = frame.ids[--left];
            cr_assert(net_reap(net));
            cr_assert_eq(buf_in_use(), 32 + (left ? BUF_RUN : 0));
        }
    }
    b = run(0, 100);
    cr_assert_eq(b->refs, 1);
    buf_free(b);
    down(net);
}

Test(netruns, may_be_any_pieces_of_a_packet, .init = start)
{
    struct net *net = up();
    struct buf *b = packet(pattern, 5000, 2500, 10);

    b->next->next = run(4090, 9000);
    memcpy(b->next->next->page + 4090, pattern + 5000, 9000);
    b->next->next->next = packet(pattern + 14000, 700, 700, 3000);
    cr_assert_eq(net_send(net, b), 0);
    take(net, 2 + 4 + 1, 14700);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert(net_reap(net));
    cr_assert_eq(buf_in_use(), 32);
    down(net);
}

Test(netruns, have_the_extra_info_behind_their_first_slot, .init = start)
{
    struct net *net;
    struct buf *b;

    nb->own_mtu = "1500";
    nb->gso4 = "1";
    net = up();
    b = run(4000, 61000);
    b->gso_size = 1460;
    b->flags = BUF_CSUM_BLANK;
    cr_assert_eq(net_send(net, b), 0);
    take(net, 16, 61000);
    cr_assert_eq(frame.gso_size, 1460);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    b = run(0, 3000);
    b->gso_size = 1460;
    cr_assert_eq(net_send(net, b), 0);
    take(net, 1, 3000);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert(net_reap(net));
    cr_assert_eq(buf_in_use(), 32);
    down(net);
}

Test(netruns, must_lie_in_their_pages, .init = start)
{
    struct net *net = up();
    struct buf *b = run(0, 100), *lent = buf_lend(b);

    lent->off = 2000;
    lent->len = 63537;
    cr_assert_eq(net_send(net, lent), -EINVAL);
    lent = buf_lend(b);
    lent->off = 65535;
    lent->len = 2;
    cr_assert_eq(net_send(net, lent), -EINVAL);
    lent = buf_lend(b);
    cr_assert_eq(net_send(net, lent), -EINVAL, "no data");
    lent = buf_lend(b);
    lent->off = 65535;
    lent->len = 1;
    cr_assert_eq(net_send(net, lent), 0);
    buf_free(b);
    b = packet(pattern, 30, 10, 0);
    b->next->len = 4097;
    cr_assert_eq(net_send(net, b), -EINVAL, "one page is one page");
    cr_assert_eq(net_counts(net)->tx_invalid, 4);
    down(net);
}

Test(netruns, count_page_by_page_against_the_limit, .init = start)
{
    struct net *net = up();
    struct buf *b = packet(pattern, 2000, 1000, 0);

    b->next->next = run(1, 61440);
    memcpy(b->next->next->page + 1, pattern + 2000, 61440);
    cr_assert_eq(net_send(net, b), 0);
    take(net, 18, 63440);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    b = packet(pattern, 3000, 1000, 0);
    b->next->next->next = run(1, 61440);
    cr_assert_eq(net_send(net, b), -EMSGSIZE, "19 slots");
    down(net);
}

Test(netruns, need_as_many_free_slots, .init = start)
{
    struct net *net = up();
    struct buf *b;

    for (int i = 0; i < 253; i++)
        cr_assert_eq(net_trysend(net, packet(pattern, 60, 60, 0)), 0);
    b = run(4000, 9000);
    cr_assert_eq(net_trysend(net, b), -EAGAIN, "three slots for four pages");
    check(b, pattern, 9000);
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_eq(net_trysend(net, b), 0);
    down(net);
}

/* All but one of 32 receive slots and of a run's pages come back. */
static void closes_with_one_page_lost(struct net *net)
{
    cr_assert_eq(fake.lost, 1);
    cr_assert_eq(buf_quarantined(), BUF_RUN);
    net_close(net);
    cr_assert(fake.claimed == 1 && fake.shared == 0 && buf_in_use() == 0);
    cr_assert_eq(buf_quarantined(), BUF_RUN, "once");
    net = up();
    cr_assert_eq(net_send(net, packet(pattern, 3000, 1000, 0)), 0);
    net_close(net);
    cr_assert(fake.claimed == 1 && fake.shared == 0 && buf_in_use() == 0);
}

Test(netruns, one_page_still_mapped_keeps_all_of_them_out_of_use, .init = start)
{
    struct net *net = up();

    cr_assert_eq(net_send(net, run(0, 20000)), 0);
    take(net, 5, 20000);
    answer(3);
    cr_assert(net_reap(net));
    fake.busy = true;
    answer(1);
    net_reap(net);
    fake.busy = false;
    cr_assert(net_broken(net));
    cr_assert_str_eq(nb->peer.wrong, "sent page still mapped");
    cr_assert_eq(fake.shared, 32 + 3, "the others are under way");
    closes_with_one_page_lost(net);
}

Test(netruns, the_last_page_may_be_the_one_still_mapped, .init = start)
{
    struct net *net = up();
    struct buf *b = run(0, 9000), *lent = buf_lend(b);

    lent->len = 9000;
    cr_assert_eq(net_send(net, lent), 0);
    take(net, 3, 9000);
    answer(2);
    answer(0);
    cr_assert(net_reap(net));
    fake.busy = true;
    answer(1);
    net_reap(net);
    fake.busy = false;
    cr_assert_eq(buf_quarantined(), BUF_RUN);
    buf_free(b);
    cr_assert_eq(buf_in_use(), 32);
    closes_with_one_page_lost(net);
}

Test(netruns, are_taken_back_though_half_of_them_is_answered, .init = start)
{
    struct net *net = up();

    for (unsigned answered = 0; answered < 5; answered++) {
        cr_assert_eq(net_send(net, run(0, 20000)), 0);
        take(net, 5, 20000);
        for (unsigned i = 0; i < answered; i++)
            answer(i);
        net_reap(net);
        cr_assert_eq(buf_in_use(), 32 + BUF_RUN);
        xenbus_fail(nb->peer.dev, "it went away");
        cr_assert_eq(net_reopen(net), 0);
        cr_assert_eq(buf_in_use(), 32);
    }
    cr_assert_eq(net_counts(net)->tx_lost, 5 + 4 + 3 + 2 + 1);
    down(net);
}

/* Descriptors come by the page, of which there are no more. */
Test(netruns, lose_no_descriptor_with_their_pages, .init = start)
{
    static _Alignas(PAGE_SIZE) uint8_t elsewhere[2 * PAGE_SIZE];
    struct net *net = up();
    struct buf *b;

    fake_pages_free = 0;
    for (unsigned i = 1; i <= 200; i++) {
        cr_assert(b = buf_foreign(elsewhere));
        b->len = 5000;
        cr_assert_eq(net_send(net, b), 0);
        net_flush(net);
        cr_assert(netback_take(nb, &frame));
        fake.busy = true;
        answer(i % 2);
        net_reap(net);
        fake.busy = false;
        cr_assert_eq(fake.lost, i);
        cr_assert_eq(net_reopen(net), 0);
    }
    cr_assert_eq(buf_quarantined(), 0, "they are not the pool's");
    net_close(net);
    cr_assert(fake.claimed == 200 && fake.shared == 0 && buf_in_use() == 0);
}

Test(netruns, may_be_memory_of_someone_else, .init = start)
{
    static _Alignas(PAGE_SIZE) uint8_t elsewhere[20 * PAGE_SIZE];
    struct net *net = up();
    struct buf *b = buf_foreign(elsewhere + 3 * PAGE_SIZE + 4000);

    cr_assert_eq(b->page, elsewhere + 3 * PAGE_SIZE);
    b->off = 4000;
    b->len = 65535;
    memcpy(b->page + b->off, pattern, b->len);
    cr_assert_eq(net_send(net, b), 0);
    take(net, 17, 65535);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert(net_reap(net));
    down(net);
}

Test(netruns, are_moved_together_for_a_backend_of_one_slot, .init = start)
{
    struct net *net;
    struct buf *b, *lent;

    nb->sg = false;
    net = up();
    cr_assert_eq(net_send(net, run(4000, 1000)), 0);
    take(net, 1, 1000);
    b = packet(pattern, 500, 500, 0);
    b->next = run(8000, 1000);
    memcpy(b->next->page + 8000, pattern + 500, 1000);
    cr_assert_eq(net_send(net, b), 0);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    take(net, 1, 1500);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);

    b = run(4000, 1000);
    memset(b->page, 7, 4000);
    lent = buf_lend(b);
    lent->off = 4000;
    lent->len = 1000;
    cr_assert_eq(net_send(net, lent), -EMSGSIZE, "it is not ours alone");
    cr_assert_eq(b->page[0], 7);
    buf_free(b);
    down(net);
}

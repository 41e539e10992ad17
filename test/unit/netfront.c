/* netfront.c: opening, sharing the pool, closing. */

#include "test/unit/net.h"

Test(netfront, opens_as_xenstore_says, .init = start)
{
    struct net *net;

    nb->own_mtu = NULL;
    net = up();
    cr_assert_arr_eq(net_mac(net), "\x00\x16\x3e\x01\x02\x03", 6);
    cr_assert_eq(net_mtu(net), 1500);
    cr_assert_eq(nb->keys, 8);
    cr_assert_eq(net_wake(net), &nb->peer.dev->wake);
    cr_assert_eq(fake.batches, 1, "xenstored is far away");
    cr_assert_eq(netback_slots(nb), 32);
    cr_assert_eq(net_posted(), 32);
    cr_assert_eq(nb->peer.events_there, 1);
    down(net);
    cr_assert_eq(net_posted(), 0);

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

static const unsigned both[] = {0, 1};

static void close_all(struct net *nets[], size_t n)
{
    while (n > 0)
        net_close(nets[--n]);
    cr_assert(fake_clean());
}

Test(netfront, opens_several_at_the_same_time, .init = start)
{
    struct net *nets[2];

    cr_assert_eq(net_open_all(both, nets, 2), 2);
    cr_assert_eq(fake.threads, 1, "the first is opened here");
    cr_assert_eq(net_wake(nets[0]), &back[0].peer.dev->wake);
    cr_assert_eq(net_wake(nets[1]), &back[1].peer.dev->wake);
    close_all(nets, 2);

    fake.no_threads = true; /* then one after the other */
    cr_assert_eq(net_open_all(both, nets, 2), 2);
    close_all(nets, 2);
}

Test(netfront, opens_several_up_to_one_that_is_not_there, .init = start)
{
    struct net *nets[2] = {NULL, NULL};

    back[1].peer.open_err = -ENODEV;
    cr_assert_eq(net_open_all(both, nets, 2), 1);
    cr_assert_eq(errno, ENODEV);
    cr_assert_eq(fake.threads, 0);
    cr_assert_null(nets[1]);
    close_all(nets, 1);

    back[0].peer.open_err = -ENODEV;
    back[1].peer.open_err = 0;
    cr_assert_eq(net_open_all(both, nets, 2), 0);
    cr_assert_eq(errno, ENODEV);
    cr_assert_eq(fake.threads, 0);
    cr_assert_eq(net_open_all(both, nets, 0), 0);
    cr_assert(fake_clean());
}

Test(netfront, opens_several_up_to_one_that_does_not_get_ready, .init = start)
{
    struct net *nets[2];

    back[0].peer.connect_err = -ETIMEDOUT;
    errno = 0;
    cr_assert_eq(net_open_all(both, nets, 2), 0);
    cr_assert_eq(errno, ETIMEDOUT);
    cr_assert_not(back[1].peer.open, "nor is what comes behind it kept");
    cr_assert(fake_clean());

    back[0].peer.connect_err = 0;
    back[1].peer.connect_err = -ENOMEM;
    cr_assert_eq(net_open_all(both, nets, 2), 1);
    cr_assert_eq(errno, ENOMEM);
    close_all(nets, 1);
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
        cr_assert_str_eq(nb->peer.wrong, "no proper mac in xenstore");
        cr_assert(fake_clean());
    }
    fake_start();
    nb->own_mtu = NULL;
    for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
        nb->back_mtu = mtus[i];
        cr_assert_null(net_open(0), "%s", mtus[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(nb->peer.wrong, "no proper mtu in xenstore");
        cr_assert(fake_clean());
    }
}

Test(netfront, gives_everything_back_when_it_cannot_open, .init = start)
{
    struct {
        int *fails, err;
    } const cases[] = {
        {&nb->peer.open_err, ENODEV},
        {&nb->peer.ring_err, ENOMEM},
        {&fake.claim_err, ENOSPC},
        {&nb->peer.connect_err, ETIMEDOUT},
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

        cr_assert_eq(netback_slots(nb), 32);
        down(net);
    }
}

static void burst(struct net *net, unsigned n)
{
    struct buf *b;

    while (n-- > 0)
        cr_assert(netback_give(nb, pattern, 60, 60, 0, 0, 0));
    netback_push(nb);
    while ((b = net_poll(net)))
        buf_free(b);
}

/* So many slots are wanted: a quarter of them may be used up. */
static bool wants(unsigned target)
{
    const unsigned slots = netback_slots(nb);

    return slots > target / 4 * 3 && slots <= target;
}

Test(netfront, posts_more_where_frames_come_faster, .init = start)
{
    struct net *net = up();
    struct buf *b;

    for (int i = 0; i < 1000; i++) {
        give_one();
        cr_assert(b = net_poll(net));
        buf_free(b);
        cr_assert_null(net_poll(net));
    }
    cr_assert(wants(32), "one at a time needs no more");
    burst(net, 15);
    cr_assert(wants(32), "nor does less than half");
    burst(net, 24);
    cr_assert(wants(64));
    burst(net, 31);
    burst(net, 31);
    cr_assert(wants(64), "it was not in one go");
    burst(net, 48);
    cr_assert(wants(128));
    burst(net, 96);
    cr_assert(wants(256));
    burst(net, 192);
    cr_assert(wants(256), "that is all there are");
    xenbus_fail(nb->peer.dev, "it went away");
    cr_assert_eq(net_reopen(net), 0);
    cr_assert_eq(netback_slots(nb), 32, "anew");
    for (int i = 0; i < 40; i++) {
        give_one();
        buf_free(net_poll(net));
    }
    cr_assert(wants(64), "what was used before it grew does not count");
    down(net);
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

Test(netfront, keeps_receiving_when_all_buffers_are_held, .init = start)
{
    fake_pages_free = 4 * 100;

    struct net *net = up();
    struct buf *held = NULL, *b;
    unsigned n = 0;

    grow(net, nb);
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

    struct net *first = net_open(1), *net;
    struct buf *b;

    grow(first, &back[1]);
    cr_assert_eq(netback_slots(&back[1]), 256);
    net = up();
    grow(net, nb);
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
    cr_assert(wants(128));
    net_close(first);
    grow(net, nb);
    cr_assert_eq(netback_slots(nb), 256, "what that one had is free");
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
    cr_assert_eq(nb->peer.held, 32,
                 "all sent; taken back only when it has left");
}

Test(netfront, closes_though_the_backend_sleeps, .init = start)
{
    struct net *net = up();

    net_send(net, packet(pattern, 3000, 1000, 0));
    down(net);
    cr_assert_eq(fake.now, 1000000000);
}

Test(netfront, never_uses_a_page_again_that_is_still_mapped, .init = start)
{
    struct net *net = up();

    net_send(net, packet(pattern, 3000, 1000, 0));
    fake.busy = true; /* nothing comes back at close */
    net_close(net);
    fake.busy = false;
    cr_assert_eq(fake.lost, 32 + 3);
    cr_assert_eq(buf_quarantined(), 32 + 3);
    cr_assert(!nb->peer.open && fake.claimed == fake.lost && buf_in_use() == 0);
    down(up()); /* the fake asserts that no reference is claimed twice */
}

Test(netfront, comes_back_with_nothing_lost, .init = start)
{
    struct net *net = up();
    struct buf *b;

    for (int i = 0; i < 20; i++) {
        for (int n = 0; n < 10; n++)
            net_send(net, packet(pattern, 3000, 1000, 0));
        netback_give(nb, pattern, 1900, 100, 0, 0, 0);
        nb->rx.rsp_prod_pvt -= 7; /* a packet of which not all is there */
        netback_push(nb);
        cr_assert_null(net_poll(net));
        xenbus_fail(nb->peer.dev, "it went away");
        nb->mac = i % 2 ? "00:16:3e:01:02:03" : "00:16:3e:01:02:04";
        cr_assert_eq(net_reopen(net), 0);
        cr_assert_not(net_broken(net));
        cr_assert_eq(net_counts(net)->tx_lost, 31 * (i + 1) - 1);
        cr_assert_eq(net_counts(net)->rx_errors, i + 1);
        cr_assert_eq(net_mac(net)[5], i % 2 ? 3 : 4);
        cr_assert_eq(netback_slots(nb), 32);
        cr_assert_eq(nb->peer.events_there, 1 + 2 * i + 1);
        cr_assert_eq(buf_in_use(), 32);
        give_one();
        cr_assert(b = net_poll(net));
        buf_free(b);
        cr_assert_eq(net_send(net, packet(pattern, 60, 60, 0)), 0);
        net_flush(net);
        cr_assert(netback_take(nb, &frame));
    }
    down(net);
}

Test(netfront, counts_only_unfinished_packets_as_lost, .init = start)
{
    struct net *net = up();

    give_one();
    xenbus_fail(nb->peer.dev, "it went away");
    cr_assert_eq(net_reopen(net), 0);
    cr_assert_eq(net_counts(net)->rx_errors, 0);
    cr_assert_eq(net_counts(net)->tx_lost, 0);
    down(net);
}

Test(netfront, stays_broken_when_it_cannot_come_back, .init = start)
{
    struct {
        int *fails, err;
    } const cases[] = {
        {&nb->peer.open_err, EIO},
        {&nb->peer.ring_err, ENOMEM},
        {&fake.claim_err, ENOSPC},
        {&nb->peer.connect_err, ETIMEDOUT},
    };
    struct net *net = up();

    xenbus_fail(nb->peer.dev, "it went away");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        *cases[i].fails = -cases[i].err;
        cr_assert_eq(net_reopen(net), -cases[i].err);
        cr_assert(fake_clean());
        cr_assert(net_broken(net));
        cr_assert_null(net_poll(net));
        cr_assert_eq(net_send(net, packet(pattern, 60, 60, 0)), -EIO);
        net_flush(net);
        cr_assert_not(net_reap(net));
        cr_assert_not(net_arm(net, true));
        *cases[i].fails = 0;
    }
    cr_assert_eq(net_reopen(net), 0);
    xenbus_fail(nb->peer.dev, "it went away again");
    nb->peer.open_err = -EIO;
    cr_assert_eq(net_reopen(net), -EIO);
    down(net);
}

static struct net *reopened;

static void look(void)
{
    fake.leaving = NULL;
    cr_assert(net_broken(reopened));
    cr_assert_null(net_poll(reopened));
    cr_assert_eq(net_send(reopened, packet(pattern, 60, 60, 0)), -EIO);
}

Test(netfront, is_broken_from_the_moment_it_is_reopened, .init = start)
{
    reopened = up();
    fake.leaving = look;
    cr_assert_eq(net_reopen(reopened), 0);
    cr_assert_null(fake.leaving);
    down(reopened);
}

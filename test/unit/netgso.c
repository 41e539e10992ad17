/* netgso.c: large segments, to be cut by the back-end or not yet cut by it. */

#include "test/unit/net.h"

static void cuts(void)
{
    start();
    nb->own_mtu = "1500";
    nb->csum6 = nb->gso4 = nb->gso6 = "1";
}

static struct buf *large(size_t len, uint16_t size)
{
    struct buf *b = packet(pattern, len, 4000, 10);

    b->gso_size = size;
    b->flags = BUF_CSUM_BLANK;
    return b;
}

static void sent(struct net *net, uint8_t type)
{
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.gso_size, 1460);
    cr_assert_eq(frame.gso_type, type);
    cr_assert_eq(frame.slots, 17);
    cr_assert_eq(frame.len, 65535);
    cr_assert_arr_eq(frame.data, pattern, 65535);
    cr_assert(frame.flags & NETTXF_csum_blank);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_not(netback_take(nb, &frame), "one packet");
}

Test(netgso, sends_a_large_segment_with_the_size_of_its_parts, .init = cuts)
{
    struct net *net = up();
    struct buf *b = large(65535, 1460);

    cr_assert_eq(net_send(net, b), 0);
    sent(net, XEN_NETIF_GSO_TYPE_TCPV4);
    b = large(65535, 1460);
    b->flags |= BUF_GSO_V6;
    cr_assert_eq(net_send(net, b), 0);
    sent(net, XEN_NETIF_GSO_TYPE_TCPV6);
    cr_assert_eq(net_counts(net)->tx_gso, 2);
    cr_assert_eq(net_counts(net)->tx_packets, 2);
    cr_assert(net_reap(net));
    down(net);
}

Test(netgso, asks_for_what_it_can_take, .init = cuts)
{
    struct net *net = up();

    cr_assert_eq(nb->keys, 8);
    cr_assert(net_gso(net, false) && net_gso(net, true));
    down(net);
}

static void cuts_only(bool v4, bool v6)
{
    struct net *net = up();
    struct buf *b = large(9000, 1460);

    cr_assert_eq(net_gso(net, false), v4);
    cr_assert_eq(net_gso(net, true), v6);
    cr_assert_eq(net_send(net, b), v4 ? 0 : -EMSGSIZE);
    b = large(9000, 1460);
    b->flags |= BUF_GSO_V6;
    cr_assert_eq(net_send(net, b), v6 ? 0 : -EMSGSIZE);
    down(net);
}

Test(netgso, knows_which_backends_cut, .init = cuts)
{
    nb->gso4 = NULL;
    cuts_only(false, true);
    nb->gso4 = "1", nb->gso6 = "0";
    cuts_only(true, false);
    nb->gso6 = "1", nb->csum6 = NULL;
    cuts_only(true, false);
    nb->no_csum4 = "1", nb->csum6 = "1";
    cuts_only(false, true);
    nb->no_csum4 = NULL, nb->sg = false;
    cuts_only(false, false);
}

Test(netgso, refuses_parts_above_the_mtu, .init = cuts)
{
    struct net *net = up();

    cr_assert_eq(net_send(net, large(9000, 1461)), -EMSGSIZE);
    cr_assert_eq(net_send(net, large(9000, 1460)), 0);
    cr_assert_eq(net_send(net, large(65536, 1460)), -EMSGSIZE);
    cr_assert_eq(net_send(net, large(9000, 0)), -EMSGSIZE, "not to be cut");
    cr_assert_eq(net_counts(net)->tx_too_long, 3);
    cr_assert_eq(net_counts(net)->tx_gso, 1);
    down(net);
}

Test(netgso, needs_a_slot_for_the_extra_info, .init = cuts)
{
    struct net *net = up();
    struct buf *b;

    for (int i = 0; i < 253; i++)
        cr_assert_eq(net_trysend(net, packet(pattern, 60, 60, 0)), 0);
    b = large(3 * 4000, 1460);
    cr_assert_eq(net_trysend(net, b), -EAGAIN, "three pieces need four");
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    cr_assert_eq(net_trysend(net, b), 0);
    down(net);
}

static struct buf *receive(struct net *net, uint8_t type)
{
    struct netif_rx_response rsp = {
        rx_next_id(nb), 0,
        NETRXF_extra_info | NETRXF_more_data | NETRXF_csum_blank, 4000};
    struct buf *b;

    lie_rx(nb, rsp);
    lie_gso(nb, type, 1448);
    rsp = (struct netif_rx_response){rx_next_id(nb), 0, 0, 3000};
    lie_rx(nb, rsp);
    netback_push(nb);
    cr_assert(b = net_poll(net));
    return b;
}

Test(netgso, receives_large_segments_and_sends_them_on, .init = cuts)
{
    struct net *net = up();

    for (uint8_t type = XEN_NETIF_GSO_TYPE_TCPV4;
         type <= XEN_NETIF_GSO_TYPE_TCPV6; type++) {
        struct buf *b = receive(net, type);

        cr_assert_eq(buf_total(b), 7000);
        cr_assert_eq(b->gso_size, 1448);
        cr_assert_eq(b->flags & BUF_GSO_V6,
                     type == XEN_NETIF_GSO_TYPE_TCPV6 ? BUF_GSO_V6 : 0);
        cr_assert_eq(b->next->gso_size, 0);
        cr_assert_eq(net_send(net, b), 0);
        net_flush(net);
        cr_assert(netback_take(nb, &frame));
        cr_assert_eq(frame.gso_size, 1448);
        cr_assert_eq(frame.gso_type, type);
        cr_assert(frame.flags & NETTXF_csum_blank);
        netback_answer(nb, &frame, NETIF_RSP_OKAY);
        netback_push(nb);
    }
    cr_assert_eq(net_counts(net)->rx_gso, 2);
    cr_assert_eq(net_counts(net)->rx_extras, 0);
    down(net);
}

Test(netgso, a_large_segment_that_lost_a_piece_is_dropped, .init = cuts)
{
    struct net *net = up();
    struct netif_rx_response rsp = {rx_next_id(nb), 0, NETRXF_extra_info,
                                    NETIF_RSP_ERROR};

    lie_rx(nb, rsp);
    lie_gso(nb, XEN_NETIF_GSO_TYPE_TCPV4, 1448);
    netback_push(nb);
    cr_assert_null(net_poll(net));
    cr_assert_eq(net_counts(net)->rx_errors, 1);
    cr_assert_not(net_broken(net));
    give_one();
    buf_free(net_poll(net));
    cr_assert_eq(net_counts(net)->rx_packets, 1);
    down(net);
}

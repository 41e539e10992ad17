/* netfront.c and netio.c against a back-end that lies. */

#include "test/unit/net.h"

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

static void rx_behind_the_end(void)
{
    struct netif_rx_response rsp = whole();

    rsp.offset = 4096;
    rsp.status = 1;
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

/* A large segment, said to be cut in no sane way. */
static void gso_of(uint8_t type, uint16_t size)
{
    struct netif_rx_response rsp = whole();

    rsp.flags = NETRXF_extra_info;
    lie_rx(nb, rsp);
    lie_gso(nb, type, size);
}

static void rx_gso_none(void)
{
    gso_of(XEN_NETIF_GSO_TYPE_NONE, 1460);
}

static void rx_gso_unknown(void)
{
    gso_of(XEN_NETIF_GSO_TYPE_TCPV6 + 1, 1460);
}

static void rx_gso_empty(void)
{
    gso_of(XEN_NETIF_GSO_TYPE_TCPV4, 0);
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
    {rx_behind_the_end, "received data beyond its page", 0},
    {rx_far_beyond, "received data beyond its page", 0},
    {rx_endless, "received packet of too many slots", 0},
    {rx_endless_errors, "received packet of too many slots", 0},
    {rx_endless_extras, "too many extra infos", 0},
    {rx_extra_none, "unknown extra info", 0},
    {rx_extra_unknown, "unknown extra info", 0},
    {rx_extra_late, "extra info inside a packet", 0},
    {rx_gso_none, "unknown type of large segment", 0},
    {rx_gso_unknown, "unknown type of large segment", 0},
    {rx_gso_empty, "large segment of no segments", 0},
    {rx_mapped, "received page still mapped", 1},
};

static const struct lie *lie;

static void tell(void)
{
    lie->tell();
    netback_push(nb);
    nb->peer.events_here++;
}

Test(netlies, a_lie_breaks_the_device_once_and_nothing_else, .init = start)
{
    for (lie = lies; lie < lies + sizeof(lies) / sizeof(lies[0]); lie++) {
        unsigned lost = fake.lost;
        struct net *net;

        fake.run = NULL;
        nb->peer.fails = 0;
        net = up();
        for (int i = 0; i < 3; i++)
            net_send(net, packet(pattern, 60, 60, 0));
        net_flush(net);
        while (netback_take(nb, &frame))
            ;
        fake.run = tell;
        cr_assert_null(net_recv(net), "a waiting thread comes back");
        cr_assert_str_eq(nb->peer.wrong, lie->found);
        fake.busy = false;

        cr_assert(net_broken(net));
        cr_assert_eq(net_send(net, packet(pattern, 60, 60, 0)), -EIO);
        cr_assert_eq(net_trysend(net, packet(pattern, 60, 60, 0)), -EIO);
        cr_assert_eq(net_counts(net)->malformed, 1);
        cr_assert_eq(net_counts(net)->tx_broken, 2);
        cr_assert_null(net_poll(net));
        cr_assert_null(net_recv(net));
        cr_assert_not(net_reap(net));
        cr_assert_not(net_arm(net, true));
        net_flush(net);
        cr_assert_eq(nb->peer.fails, 1, "said once");
        cr_assert_eq(fake.waits, (unsigned)(lie - lies) + 1);
        cr_assert_eq(fake.lost, lost + lie->lost);
        down(net);
    }
}

Test(netlies, a_sender_that_waits_hears_of_a_lie, .init = start)
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

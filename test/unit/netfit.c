/* netfit.c: frames that fit one back-end, sent to another. */

#include "test/unit/net.h"

/* UDP from 10.0.0.1 to 10.0.0.2 over IPv4, or TCP over IPv6. */
static struct buf *blank_packet(bool v6, size_t len)
{
    uint8_t f[1500] = {[12] = 8,  [14] = 0x45, [17] = (uint8_t)(len - 14),
                       [23] = 17, [26] = 10,   [29] = 1,
                       [30] = 10, [33] = 2};
    struct buf *b;

    if (v6) {
        memset(f, 0, sizeof(f));
        f[12] = 0x86;
        f[13] = 0xdd;
        f[19] = (uint8_t)(len - 54);
        f[20] = 6;
        f[22] = f[38] = 0xfe;
    }
    b = packet(f, len, len, 0);
    b->flags = BUF_CSUM_BLANK;
    return b;
}

/* The flags and the checksum with which a packet left blank arrives. */
static void arrives(struct net *net, bool v6, unsigned flags, unsigned sum)
{
    const size_t at = v6 ? 54 + 16 : 34 + 6;

    cr_assert_eq(net_send(net, blank_packet(v6, 120)), 0);
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.flags, flags);
    cr_assert_eq((unsigned)frame.data[at] << 8 | frame.data[at + 1], sum);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
}

Test(netfit, sums_what_the_backend_would_not, .init = start)
{
    enum { BLANK = NETTXF_csum_blank | NETTXF_data_validated };
    /* 0a00 + 1 + 0a00 + 2 + 11 + 56 and fe00 + fe00 + 6 + 42, inverted */
    const unsigned sum4 = 0xeb95, sum6 = 0x03b6;
    static const struct {
        const char *no_csum4, *csum6;
        bool four, six;
    } cases[] = {
        {NULL, NULL, true, false}, {"0", "0", true, false},
        {NULL, "1", true, true},   {"1", "1", false, true},
        {"1", NULL, false, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net *net;

        nb->no_csum4 = cases[i].no_csum4;
        nb->csum6 = cases[i].csum6;
        net = up();
        cr_assert_eq(net_csum6(net), cases[i].six);
        arrives(net, false, cases[i].four ? BLANK : NETTXF_data_validated,
                cases[i].four ? 0 : sum4);
        arrives(net, true, cases[i].six ? BLANK : NETTXF_data_validated,
                cases[i].six ? 0 : sum6);
        down(net);
    }
}

Test(netfit, leaves_sums_alone_that_were_not_left_blank, .init = start)
{
    struct net *net;
    struct buf *b = blank_packet(false, 120);

    nb->no_csum4 = "1";
    net = up();
    b->flags = 0;
    b->page[40] = 0x12; /* wrong, but its sender's */
    cr_assert_eq(net_send(net, b), 0);
    net_flush(net);
    cr_assert(netback_take(nb, &frame));
    cr_assert_eq(frame.flags, 0);
    cr_assert_eq(frame.data[40], 0x12);
    netback_answer(nb, &frame, NETIF_RSP_OKAY);
    netback_push(nb);
    down(net);
}

Test(netfit, refuses_frames_above_the_mtu_but_for_a_tag, .init = start)
{
    nb->own_mtu = "1500";

    struct net *net = up();

    cr_assert_eq(net_send(net, packet(pattern, 1500 + 14 + 4, 800, 0)), 0);
    cr_assert_eq(net_send(net, packet(pattern, 1500 + 14 + 5, 800, 0)),
                 -EMSGSIZE);
    cr_assert_eq(net_counts(net)->tx_too_long, 1);
    down(net);
}

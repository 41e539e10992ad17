/* gsofit.c: which segments net/gso.c cuts when they have become too large, and
 * how they are acknowledged. */

#include "test/unit/gso.h"

TestSuite(gsofit, .init = start, .fini = end);

enum {
    BUSY = 1,  /* the segment waits in lwIP's ARP queue: it cannot be cut, */
    LATER = 2, /* and the timer shall try again */
    PLAIN = 4, /* the interface cuts nothing */
};

struct fit_case {
    u32_t len, under_way, window;
    unsigned how;
    u32_t left;    /* of its bytes in the first segment */
    u32_t arrived; /* of them */
    bool again;    /* it is sent again: under_way lies behind it */
};

Test(gsofit, cuts_what_is_too_large_for_the_window_or_lets_it_wait)
{
    static const struct fit_case cases[] = {
        {9500, 0, 9500, 0, 9500, 0, false},
        {9500, 0, 9499, 0, 9000, 0, false},
        {9500, 0, 500, 0, 1000, 0, false}, /* a probe */
        /* behind others as much as has room, if that is much of the window */
        {9500, 5000, 14500, 0, 9500, 0, false},
        {9500, 5000, 14499, 0, 9000, 0, false},
        {9500, 5000, 6000, 0, 1000, 0, false},
        {9500, 5000, 5999, 0, 9500, 0, false},
        {9500, 5000, 5000, 0, 9500, 0, false},
        {9500, 5000, 4000, 0, 9500, 0, false},
        {9500, 1, 500, 0, 9500, 0, false},
        {10000, 35000, 40000, 0, 10000, 0, false},
        {10001, 35000, 40000, 0, 5000, 0, false},
        /* the first of all does not wait */
        {9500, 2000, 900, 0, 1000, 0, true},
        /* what has arrived is not sent again */
        {9500, 0, MUCH, 0, 6800, 2700, false},
        {1500, 0, 900, 0, 1000, 500, false},
        {1000, 0, MUCH, 0, 1000, 500, false},
        {9500, 0, MUCH, BUSY | LATER, 9500, 500, false},
        {9500, 0, 9499, BUSY | LATER, 9500, 0, false},
        {9500, 0, 9500, BUSY, 9500, 0, false},
        {9500, 0, MUCH, PLAIN | BUSY | LATER, 9500, 0, false},
        {9500, 0, MUCH, PLAIN, 1000, 0, false},
        {1001, 0, MUCH, PLAIN, 1000, 0, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct fit_case *c = &cases[i];
        struct tcp_seg *seg;

        begin();
        if (c->under_way && !c->again) {
            add(c->under_way);
            send_all();
        }
        seg = add(c->len);
        if (c->again) {
            pcb.unacked = add(c->under_way);
            seg->next = NULL;
        }
        pcb.lastack += c->arrived;
        pcb.cwnd = c->window;
        if (i % 2) {
            pcb.snd_wnd = pcb.cwnd;
            pcb.cwnd = MUCH;
        }
        card.chksum_flags = c->how & PLAIN ? GSO_V6 : GSO_V4;
        if (c->how & BUSY)
            pbuf_ref(seg->p);
        gso_fit(&pcb);
        if (c->how & BUSY)
            pbuf_free(seg->p);
        cr_assert_eq(pcb.unsent->len, c->left, "case %zu: %u", i,
                     pcb.unsent->len);
        cr_assert_eq(pcb.rtime, c->how & LATER ? 0 : -1, "case %zu", i);
        for (seg = pcb.unsent->next; seg && c->how & PLAIN; seg = seg->next)
            cr_assert_leq(seg->len, 1000, "case %zu", i);
        end();
    }
}

static void queue_large(void)
{
    begin();
    card.chksum_flags = GSO_V4;
    card.mtu = 1500;
    add(2500);
    add(800);
    add(1000);
    send_all();
    add(1001);
    add(3000);
}

Test(gsofit, cuts_for_another_interface_and_for_a_narrower_path)
{
    queue_large();
    gso_refit(&pcb);
    HAS(pcb.unacked, 2500, 800, 1000);
    HAS(pcb.unsent, 1001, 3000);
    card.chksum_flags = 0;
    gso_refit(&pcb);
    HAS(pcb.unacked, 1000, 1000, 500, 800, 1000);
    HAS(pcb.unsent, 1000, 1, 1000, 1000, 1000);
    end();
    queue_large();
    card.chksum_flags = 0;
    card.mtu = 740;
    gso_refit(&pcb);
    cr_assert_eq(pcb.mss, 700);
    HAS(pcb.unacked, 700, 700, 700, 400, 700, 100, 700, 300);
    HAS(pcb.unsent, 700, 301, 700, 700, 700, 700, 200);
    end();
    queue_large(); /* and when all is sent again */
    card.chksum_flags = 0;
    card.mtu = 740;
    pcb.flags = TF_NODELAY;
    cr_assert_eq(tcp_rexmit_rto_prepare(&pcb), ERR_OK);
    __wrap_tcp_rexmit_rto_commit(&pcb);
    cr_assert_eq(packets, 15);
    cr_assert_eq(longest_packet, 740);
    cr_assert_null(pcb.unsent);
}

Test(gsofit, splits_as_lwip_does)
{
    struct tcp_seg *seg;

    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 5), ERR_VAL);
    add(3000);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 0), ERR_VAL);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 3000), ERR_OK);
    HAS(pcb.unsent, 3000);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 2999), ERR_OK);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 1), ERR_OK);
    HAS(pcb.unsent, 1, 2998, 1);
    end();
    begin();
    seg = add(2000);
    pcb.lastack += 500; /* has arrived */
    pbuf_ref(seg->p);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 2000), ERR_MEM);
    pbuf_free(seg->p);
    cr_assert_eq(__wrap_tcp_split_unsent_seg(&pcb, 1000), ERR_OK);
    HAS(pcb.unsent, 1000, 500);
}

Test(gsofit, says_to_which_size_a_packet_is_to_be_cut)
{
    card.hints = NULL;
    cr_assert_eq(gso_size(&card, 1500, false), 0);
    cr_assert_eq(gso_size(&card, 1501, false), 1460);
    cr_assert_eq(gso_size(&card, 1501, true), 1440);
    card.hints = &pcb.netif_hints;
    cr_assert_eq(gso_size(&card, 1500, false), 0);
    cr_assert_eq(gso_size(&card, 1501, false), 1000);
    pcb.mss = 1450;
    cr_assert_eq(gso_size(&card, 1501, false), 1450);
    cr_assert_eq(gso_size(&card, 1501, true), 1440);
}

static u32_t window_after(u32_t cwnd, u32_t ssthresh, unsigned flags, u16_t n)
{
    pcb.cwnd = cwnd;
    pcb.ssthresh = ssthresh;
    pcb.flags = (tcpflags_t)flags;
    gso_acknowledged(&pcb, n);
    return pcb.cwnd;
}

Test(gsofit, opens_the_window_in_slow_start_by_all_that_has_arrived)
{
    cr_assert_eq(window_after(5000, MUCH, 0, 9000), 5000 + 7000);
    cr_assert_eq(window_after(5000, MUCH, 0, 2001), 5001);
    cr_assert_eq(window_after(5000, MUCH, 0, 2000), 5000);
    cr_assert_eq(window_after(5000, MUCH, 0, 1500), 5000);
    cr_assert_eq(window_after(5000, 9000, 0, 9000), 9000);
    cr_assert_eq(window_after(5000, 5000, 0, 9000), 5000);
    cr_assert_eq(window_after(5000, 4000, 0, 9000), 5000);
    cr_assert_eq(window_after(5000, MUCH, TF_RTO, 9000), 5000);
}

/* A segment of n bytes comes for c; lwIP then delays its acknowledgement. */
static bool receive(struct tcp_pcb *c, u16_t n)
{
    const struct pbuf p = {.tot_len = n};

    gso_received(c, &p);
    if (n)
        tcp_set_flags(c, TF_ACK_DELAY);
    return gso_due();
}

Test(gsofit, acknowledges_two_segments_or_a_large_one_after_a_turn)
{
    static struct tcp_pcb b;

    b = pcb;
    b.remote_port = 7;
    pcb.next = &b;
    tcp_active_pcbs = &pcb;
    cr_assert_not(receive(&b, 1000), "the first");
    gso_acknowledge();
    cr_assert_eq(packets, 0);
    cr_assert_not(receive(&b, 0), "no data");
    cr_assert(receive(&b, 1), "the second");
    cr_assert(receive(&b, 1000));
    cr_assert(receive(&pcb, 1001), "it stands for two");
    gso_acknowledge();
    cr_assert_eq(packets, 2);
    cr_assert_not(gso_due());
    cr_assert_not((b.flags | pcb.flags) & TF_ACK_DELAY);

    cr_assert_not(receive(&pcb, 1000));
    cr_assert(receive(&b, 1001));
    gso_acknowledge();
    cr_assert_eq(packets, 3, "the other one's first waits");
    cr_assert(pcb.flags & TF_ACK_DELAY);

    cr_assert(receive(&pcb, 1000));
    tcp_clear_flags(&pcb, TF_ACK_DELAY);
    gso_acknowledge();
    cr_assert_eq(packets, 3, "the reader has done it");

    cr_assert(receive(&pcb, 1001));
    cr_assert(receive(&b, 1001));
    tcp_active_pcbs = &b; /* that one is gone */
    gso_acknowledge();
    cr_assert_eq(packets, 4);
    cr_assert_not(gso_due());
    b.state = SYN_RCVD;
    cr_assert_not(receive(&b, 2000));
    tcp_active_pcbs = NULL;
    pcb.next = NULL;
}

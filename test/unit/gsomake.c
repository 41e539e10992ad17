/* gsomake.c: which segments net/gso.c makes, and for what windows. */

#include <stdlib.h>

#include "test/unit/gso.h"

TestSuite(gsomake, .init = start, .fini = end);

struct size_case {
    u32_t mss, wnd_max, cwnd, ssthresh, under_way, flags, size;
};

Test(gsomake, makes_segments_of_a_quarter_of_the_window_in_whole_mss)
{
    static const struct size_case cases[] = {
        /* below two of them as lwIP */
        {1000, MUCH, 7999, 0, 0, 0, 1000},
        {1000, MUCH, 8000, 0, 0, 0, 2000},
        {1000, MUCH, 11999, 0, 0, 0, 2000},
        {1000, MUCH, 12000, 0, 0, 0, 3000},
        {1000, 12000, MUCH, 0, 0, 0, 3000},
        /* in slow start the window will have grown */
        {1000, MUCH, 8000, 8000, 4000, 0, 2000},
        {1000, MUCH, 8000, 8001, 4000, 0, 3000},
        {1000, MUCH, 8000, 8001, 3999, 0, 2000},
        {1000, 11999, 8000, 8001, 4000, 0, 2000},
        /* 16 pages less 512 bytes are 512 * 127, and one less than 255 * 255 */
        {1000, MUCH, MUCH, 0, 0, 0, 65000},
        {127, MUCH, MUCH, 0, 0, 0, 512 * 127},
        {255, MUCH, MUCH, 0, 0, 0, 254 * 255},
        /* in trouble */
        {1000, MUCH, MUCH, 0, 0, TF_RTO, 1000},
        {1000, MUCH, MUCH, 0, 0, TF_INFR, 1000},
        {1000, MUCH, MUCH, 0, 0, TF_ACK_DELAY, 65000},
        /* half of the largest window, if there ever was one */
        {1000, 0, MUCH, 0, 0, 0, 1000},
        {1000, 1, MUCH, 0, 0, 0, 1000},
        {1000, 2, MUCH, 0, 0, 0, 1},
        {1000, 1999, MUCH, 0, 0, 0, 999},
        {1000, 2002, MUCH, 0, 0, 0, 1000},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct size_case *c = &cases[i];

        begin();
        pcb.mss = (u16_t)c->mss;
        pcb.snd_wnd_max = c->wnd_max;
        pcb.cwnd = c->cwnd;
        pcb.ssthresh = c->ssthresh;
        pcb.snd_lbb += c->under_way;
        pcb.flags = (tcpflags_t)c->flags;
        cr_assert_eq(gso_send(&pcb, stream, STREAM, true, false), c->size,
                     "case %zu: %u", i, pcb.unsent->len);
        HAS(pcb.unsent, (u16_t)c->size);
        end();
    }
}

/* Pieces of the only segment, with its header's; 0: it is for gso_write(). */
static unsigned pieces_of(u32_t n, bool more)
{
    const size_t done = gso_send(&pcb, stream, n, false, more);
    unsigned pieces = 0;

    cr_assert(done == 0 || done == n);
    if (done) {
        HAS(pcb.unsent, (u16_t)n);
        cr_assert_eq(!(TCPH_FLAGS(pcb.unsent->tcphdr) & TCP_PSH), more);
        pieces = pbuf_clen(pcb.unsent->p);
    } else {
        cr_assert_null(pcb.unsent);
    }
    free_queue(&pcb.unsent);
    pcb.snd_queuelen = 0;
    return pieces;
}

Test(gsomake, sends_a_little_in_one_piece_if_it_is_alone_and_much_in_pages)
{
    pcb.mss = 8960;
    cr_assert_eq(pieces_of(1, false), 1);
    cr_assert_eq(pieces_of(2047, false), 1);
    cr_assert_eq(pieces_of(2048, false), 2);
    cr_assert_eq(pieces_of(2047, true), 0, "others follow");
    cr_assert_eq(pieces_of(2048, true), 2);
    pcb.mss = 1000;
    cr_assert_eq(pieces_of(1000, false), 1);
    cr_assert_eq(pieces_of(1001, false), 0, "a segment holds less");
    pcb.snd_buf = 999;
    cr_assert_eq(pieces_of(1000, false), 0, "too much is queued");
    pcb.snd_buf = STREAM;
    add(500);
    send_all();
    cr_assert_eq(pieces_of(1000, false), 0, "Nagle's algorithm");
    pcb.flags |= TF_NODELAY;
    cr_assert_eq(pieces_of(1000, false), 1);
    cr_assert_eq(pieces_of(1000, true), 0);
}

Test(gsomake, begins_another_segment_when_the_last_is_full)
{
    pcb.cwnd = 12000;
    pcb.ssthresh = 0;
    add(2999);
    cr_assert_eq(gso_send(&pcb, stream, 10000, true, false), 1);
    HAS(pcb.unsent, 3000);
    cr_assert_eq(gso_send(&pcb, stream, 10000, true, false), 3000);
    HAS(pcb.unsent, 3000, 3000);
    add(4000); /* made for a larger window */
    cr_assert_eq(gso_send(&pcb, stream, 2000, true, false), 2000);
    HAS(pcb.unsent, 3000, 3000, 4000, 2000);
    pcb.snd_queuelen = TCP_SND_QUEUELEN - 1;
    cr_assert_eq(gso_send(&pcb, stream, 2048, false, false), 0);
    cr_assert_eq(gso_send(&pcb, stream, 2048, true, false), 0);
    HAS(pcb.unsent, 3000, 3000, 4000, 2000);
}

static unsigned seed;

static unsigned below(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* What is queued is the stream so far. */
static void check_stream(void)
{
    static uint8_t copy[65536];
    u32_t at = 0;

    for (const struct tcp_seg *seg = pcb.unsent; seg; seg = seg->next) {
        cr_assert_eq(lwip_ntohl(seg->tcphdr->seqno), FIRST + at);
        cr_assert_eq(pbuf_copy_partial(seg->p, copy, seg->len,
                                       (u16_t)(seg->p->tot_len - seg->len)),
                     seg->len);
        cr_assert_arr_eq(copy, stream + at, seg->len);
        at += seg->len;
    }
    cr_assert_eq(at, queued);
    cr_assert_eq(pcb.snd_lbb, FIRST + queued);
    cr_assert_eq(pcb.snd_buf, STREAM - queued);
}

/* n more bytes as net/stream.c hands them over: whether any were queued. */
static bool queue(u32_t n, bool stays, bool more)
{
    const u32_t wnd_max = pcb.snd_wnd_max;
    const u16_t mss = pcb.mss;
    const struct tcp_seg *last = tcpseg_last(&pcb);
    const unsigned before = last ? TCPH_FLAGS(last->tcphdr) : 0;
    u32_t m = (u32_t)gso_send(&pcb, stream + queued, n, stays, more);
    bool push;

    cr_assert_leq(m, n);
    if (!m) {
        m = n < 4096 ? n : 4096;
        more |= m < n;
        if (gso_write(&pcb, stream + queued, (u16_t)m,
                      TCP_WRITE_FLAG_COPY | (more ? TCP_WRITE_FLAG_MORE : 0)) !=
            ERR_OK)
            m = 0;
    }
    cr_assert_eq(pcb.mss, mss);
    cr_assert_eq(pcb.snd_wnd_max, wnd_max);
    queued += m;
    push = m == n && !more;
    if (last == tcpseg_last(&pcb))
        push |= before & TCP_PSH;
    last = tcpseg_last(&pcb);
    cr_assert_eq(push, last && TCPH_FLAGS(last->tcphdr) & TCP_PSH);
    return m;
}

/* Windows, the MSS's share of them, and memory are what they happen to be. */
static void run(void)
{
    begin();
    pcb.mss = (u16_t)(below(2) ? 1460 : 88 + below(8000));
    for (int i = 0; i < 40; i++) {
        const u32_t n = 1 + below(below(2) ? 20000 : 300);
        const bool scarce = below(4) == 0;

        if (queued + n > STREAM)
            break;
        pcb.snd_wnd_max = below(8) ? below(below(2) ? 200000 : 3000) : 0;
        pcb.cwnd = pcb.mss * (1 + below(100));
        pcb.ssthresh = below(2) ? 0 : MUCH;
        pcb.flags = below(2) ? TF_NODELAY : 0;
        if (scarce)
            budget_init(slab_in_use() + below(3000));
        fake_pages_free = below(8) ? 100000 : below(4);
        if (!queue(n, below(2), below(2)))
            cr_assert(scarce);
        budget_init(MEMORY);
        check_stream();
    }
    end();
}

Test(gsomake, queues_the_stream_whatever_windows_and_memory_are_like)
{
    for (unsigned i = 1; i <= 200; i++) {
        seed = i;
        run();
    }
}

/* n bytes behind a segment that may be too large by now. */
static void write_behind(u16_t last, u16_t mss, u32_t wnd_max, u16_t n)
{
    begin();
    if (last)
        add(last);
    pcb.mss = mss;
    pcb.snd_wnd_max = wnd_max;
    pcb.cwnd = 0;
    cr_assert_eq(gso_write(&pcb, stream, n, TCP_WRITE_FLAG_COPY), ERR_OK);
    cr_assert_eq(pcb.snd_wnd_max, wnd_max);
    cr_assert_eq(pcb.mss, mss);
}

Test(gsomake, writes_behind_what_is_queued_even_if_that_is_too_large)
{
    write_behind(600, 500, 1000, 100);
    HAS(pcb.unsent, 600, 100);
    end();
    write_behind(600, 500, 1199, 100);
    HAS(pcb.unsent, 600, 100);
    end();
    write_behind(600, 500, 1, 700);
    HAS(pcb.unsent, 600, 600, 100);
    end();
    write_behind(1000, 1460, 1500, 300);
    HAS(pcb.unsent, 1000, 300);
    end();
    write_behind(600, 1000, 1600, 300);
    HAS(pcb.unsent, 800, 100);
    end();
    write_behind(0, 1000, 0, 1000);
    HAS(pcb.unsent, 1000);
}

#include <criterion/criterion.h>
#include <string.h>
#include "kernel/page.h"
#include "lib/random.h"
#include "net/budget.h"
#include "net/frame.h"
#include "test/fake/page.h"
#include "test/fake/said.h"
#include "xen/netfront.h"

static struct net_counts counts;

uint32_t random_u32(void)
{
    return 4;
}

static void start(void)
{
    fake_pages_free = 256;
    budget_init(100000);
    cr_assert_eq(frame_init(), 0);
    cr_assert_eq(buf_limit(), 64);
}

static void finish(void)
{
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(slab_in_use(), 0);
    cr_assert_eq(frame_pages(), 0);
}

TestSuite(frame, .init = start, .fini = finish);

/* A received frame of n bytes, counting up. */
static struct buf *frame(size_t n, size_t per_page)
{
    struct buf *first = NULL, **at = &first;

    for (size_t i = 0; i < n;) {
        struct buf *b = *at = buf_alloc();

        b->off = 100;
        for (; i < n && b->len < per_page; i++)
            b->page[b->off + b->len++] = (uint8_t)(i * 7);
        at = &b->next;
    }
    return first;
}

static void check(const struct pbuf *p, size_t n)
{
    cr_assert_eq(p->tot_len, n);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(pbuf_get_at(p, (u16_t)i), (uint8_t)(i * 7));
}

Test(frame, copies_short_frames_and_frees_their_page)
{
    struct pbuf *p = frame_received(frame(512, 4000), &counts);

    check(p, 512);
    cr_assert_eq(counts.rx_copied, 512);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(frame_pages(), 0);
    pbuf_free(p);
}

Test(frame, fills_up_frames_that_are_too_short)
{
    struct pbuf *p = frame_received(frame(15, 4000), &counts);

    cr_assert_eq(p->tot_len, 60);
    cr_assert_eq(pbuf_get_at(p, 14), (uint8_t)(14 * 7));
    for (u16_t i = 15; i < 60; i++)
        cr_assert_eq(pbuf_get_at(p, i), 0);
    pbuf_free(p);
}

Test(frame, passes_long_frames_as_they_are)
{
    struct pbuf *one = frame_received(frame(513, 4000), &counts);
    struct pbuf *many = frame_received(frame(9014, 3000), &counts);

    check(one, 513);
    check(many, 9014);
    cr_assert_eq(counts.rx_copied, 0);
    cr_assert_eq(buf_in_use(), 5);
    cr_assert_eq(frame_pages(), 5);
    cr_assert_lt(slab_in_use(), 1, "no heap for them");
    pbuf_free(one);
    cr_assert_eq(buf_in_use(), 4);
    pbuf_free(many);
}

Test(frame, keeps_half_of_the_pages_for_the_interface)
{
    struct pbuf *p[40];
    unsigned n = 0;

    for (; n < 40; n++)
        check(p[n] = frame_received(frame(600, 4000), &counts), 600);
    cr_assert_eq(frame_pages(), 32);
    cr_assert_eq(counts.rx_full, 8);
    cr_assert_eq(counts.rx_copied, 8 * 600);
    cr_assert_eq(buf_in_use(), 32);
    while (n--)
        pbuf_free(p[n]);
}

Test(frame, takes_all_pages_of_a_frame_or_none)
{
    struct pbuf *p[11], *last;

    for (int i = 0; i < 10; i++)
        p[i] = frame_received(frame(9000, 3000), &counts);
    check(last = frame_received(frame(9000, 3000), &counts), 9000);
    cr_assert_eq(frame_pages(), 30);
    cr_assert_eq(counts.rx_full, 1);
    p[10] = frame_received(frame(6000, 3000), &counts);
    cr_assert_eq(frame_pages(), 32);
    for (int i = 0; i < 11; i++)
        pbuf_free(p[i]);
    pbuf_free(last);
}

Test(frame, lets_acknowledgements_in_when_memory_is_low)
{
    void *hog = budget_malloc(80000);
    struct pbuf *held[32], *ack;

    for (int i = 0; i < 32; i++)
        held[i] = frame_received(frame(600, 4000), &counts);
    cr_assert_null(frame_received(frame(600, 4000), &counts));
    cr_assert_null(frame_received(frame(129, 4000), &counts));
    cr_assert_eq(counts.rx_no_memory, 2);
    cr_assert_eq(fake_lines, 1, "told once");
    check(ack = frame_received(frame(128, 4000), &counts), 128);
    pbuf_free(ack);
    pbuf_free(held[0]);
    check(ack = frame_received(frame(129, 4000), &counts), 129);
    cr_assert_eq(frame_pages(), 32, "the page instead");
    pbuf_free(ack);
    for (int i = 1; i < 32; i++)
        pbuf_free(held[i]);
    budget_free(hog);
}

/* Frames to send */

static struct pbuf *packet(uint8_t protocol, unsigned payload, unsigned cut)
{
    const unsigned head = protocol == 6 ? 20 : 8;
    const unsigned n = 14 + 20 + head + payload;
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)cut, PBUF_RAM);
    struct pbuf *rest = pbuf_alloc(PBUF_RAW, (u16_t)(n - cut), PBUF_RAM);
    uint8_t bytes[34] = {[12] = 8,
                         [14] = 0x45,
                         [16] = (uint8_t)((n - 14) >> 8),
                         (uint8_t)(n - 14),
                         [23] = protocol,
                         [26] = 10,
                         0,
                         0,
                         2,
                         200,
                         150,
                         100,
                         250};

    pbuf_cat(p, rest);
    for (u16_t i = 0; i < n; i++)
        pbuf_put_at(p, i, i < 34 ? bytes[i] : (uint8_t)(i * 7));
    return p;
}

static void check_sum(const struct buf *b, unsigned at, unsigned protocol,
                      unsigned length)
{
    const uint8_t *f = b->page + b->off;
    unsigned sum = protocol + length;

    for (unsigned i = 26; i < 34; i += 2)
        sum += (unsigned)f[i] << 8 | f[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    cr_assert_eq((unsigned)f[at] << 8 | f[at + 1], sum);
    cr_assert_eq(b->flags, BUF_CSUM_BLANK);
}

Test(frame, leaves_tcp_and_udp_checksums_to_the_back_end)
{
    struct pbuf *p = packet(6, 100, 54);
    struct buf *b = frame_to_send(p, true, 0, &counts);

    cr_assert_eq(b->len, 154);
    check_sum(b, 50, 6, 120);
    buf_free(b);
    pbuf_free(p);

    p = packet(17, 1000, 14);
    b = frame_to_send(p, true, 0, &counts);
    check_sum(b, 40, 17, 1008);
    buf_free(b);
    pbuf_free(p);
}

Test(frame, leaves_other_packets_and_fragments_alone)
{
    struct pbuf *p = packet(1, 100, 54);
    struct buf *b = frame_to_send(p, true, 0, &counts);

    cr_assert_eq(b->flags, 0);
    for (unsigned i = 34; i < b->len; i++)
        cr_assert_eq(b->page[i], (uint8_t)(i * 7));
    buf_free(b);
    pbuf_free(p);

    p = packet(17, 100, 42);
    pbuf_put_at(p, 20, 0x20); /* more fragments */
    b = frame_to_send(p, true, 0, &counts);
    cr_assert_eq(b->flags, 0);
    b->flags = BUF_CSUM_OK;
    cr_assert(!frame_trusted(b));
    buf_free(b);
    pbuf_free(p);
}

Test(frame, trusts_only_marked_whole_datagrams)
{
    struct pbuf *p = packet(17, 100, 42);
    struct buf *b = frame_to_send(p, true, 0, &counts);

    cr_assert(frame_trusted(b), "blank: it never left this machine");
    b->flags = 0;
    cr_assert(!frame_trusted(b));
    b->flags = BUF_CSUM_OK;
    cr_assert(frame_trusted(b));
    b->page[b->off + 12] = 0x86; /* not IPv4 */
    cr_assert(!frame_trusted(b));
    b->page[b->off + 12] = 8;
    b->len = 33;
    cr_assert(!frame_trusted(b));
    buf_free(b);
    pbuf_free(p);
}

Test(frame, fills_pages_and_chains_them)
{
    struct pbuf *p = packet(6, 8946, 3000);
    struct buf *b = frame_to_send(p, true, 0, &counts);
    unsigned at = 34;

    cr_assert_eq(b->len, PAGE_SIZE);
    cr_assert_eq(b->next->len, PAGE_SIZE);
    cr_assert_eq(b->next->next->len, 9000 - 2 * PAGE_SIZE);
    cr_assert_eq(counts.tx_copied, 9000);
    cr_assert_null(b->next->next->next);
    check_sum(b, 50, 6, 8966);
    for (struct buf *i = b; i; i = i->next)
        for (unsigned k = i == b ? 34 : 0; k < i->len; k++, at++)
            if (at != 50 && at != 51)
                cr_assert_eq(i->page[k], (uint8_t)(at * 7));
    buf_free(b);
    pbuf_free(p);
}

Test(frame, counts_what_finds_no_buffer)
{
    struct pbuf *p = packet(6, 8946, 3000);
    struct buf *all[63];

    for (int i = 0; i < 63; i++)
        all[i] = buf_alloc();
    cr_assert_null(frame_to_send(p, true, 0, &counts));
    cr_assert_eq(counts.tx_no_memory, 1);
    cr_assert_eq(buf_in_use(), 63);
    for (int i = 0; i < 63; i++)
        buf_free(all[i]);
    pbuf_free(p);
}

Test(frame, does_not_read_beyond_a_short_frame)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, 36, PBUF_RAM);
    struct buf *b;

    memset(p->payload, 0, 36);
    pbuf_put_at(p, 12, 8);
    pbuf_put_at(p, 14, 0x4f);
    pbuf_put_at(p, 23, 6);
    b = frame_to_send(p, true, 0, &counts);
    cr_assert_eq(b->flags, 0);
    buf_free(b);
    pbuf_free(p);
}

/* payload.c: what TCP sends, in runs of pages or in single ones, and the frames
 * that go out from there. */

#include <criterion/criterion.h>
#include <string.h>

#include "kernel/page.h"
#include "lib/random.h"
#include "net/budget.h"
#include "net/frame.h"
#include "net/payload.h"
#include "test/fake/constant.h"
#include "test/fake/page.h"
#include "xen/netfront.h"

#define RUN (BUF_RUN * PAGE_SIZE)

static struct net_counts counts;
static uint8_t data[RUN];

uint32_t random_u32(void)
{
    return 4;
}

static void start(void)
{
    fake_pages_free = 4 * 3 * 4 * BUF_RUN; /* four runs for what is sent */
    budget_init(100000);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
}

static void finish(void)
{
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(slab_in_use(), 0);
}

TestSuite(payload, .init = start, .fini = finish);

static void check(const struct pbuf *p, size_t at, size_t n)
{
    cr_assert_eq(p->len, n);
    cr_assert_eq(p->tot_len, n);
    cr_assert(payload_stays(p));
    cr_assert_arr_eq((const uint8_t *)p->payload, data + at, n);
}

Test(payload, copies_much_into_one_run_and_less_into_a_page)
{
    struct pbuf *p = payload_copy(data, 65535);

    check(p, 0, 65535);
    cr_assert_eq(buf_in_use(), BUF_RUN);
    pbuf_free(p);
    p = payload_copy(data, RUN / 2);
    check(p, 0, RUN / 2);
    cr_assert_eq(buf_in_use(), BUF_RUN);
    pbuf_free(p);
    p = payload_copy(data, RUN / 2 - 1);
    check(p, 0, PAGE_SIZE);
    cr_assert_eq(buf_in_use(), 1);
    pbuf_free(p);
    check(p = payload_copy(data, 100), 0, 100);
    pbuf_free(p);
}

/* So many times what payload_copy() gives for n bytes, and its number. */
static size_t copy_all(struct pbuf *p[], size_t n)
{
    size_t got = 0;

    while ((p[got] = payload_copy(data, n)))
        got++;
    return got;
}

Test(payload, takes_its_share_of_the_pool_counted_in_pages)
{
    struct pbuf *p[4 * BUF_RUN + 1];
    const size_t share = buf_limit() / 3;
    size_t n = copy_all(p, RUN - 1);

    cr_assert_eq(share, 4 * BUF_RUN);
    cr_assert_eq(n, 4);
    for (size_t i = 0; i < n; i++)
        check(p[i], 0, RUN - 1);
    cr_assert_eq(buf_in_use(), share);
    cr_assert_null(payload_copy(data, 1));
    pbuf_free(p[--n]);
    check(p[n++] = payload_copy(data, 1), 0, 1);
    check(p[n++] = payload_copy(data, RUN - 1), 0, PAGE_SIZE);
    while (n > 0)
        pbuf_free(p[--n]);
    n = copy_all(p, 1);
    cr_assert_eq(n, share);
    while (n > 0)
        pbuf_free(p[--n]);
}

Test(payload, goes_into_pages_where_there_is_no_run)
{
    struct pbuf *p;
    struct buf *b = buf_alloc();

    buf_free(b);
    fake_pages_free = BUF_RUN - 1;
    check(p = payload_copy(data, RUN - 1), 0, PAGE_SIZE);
    pbuf_free(p);
}

Test(payload, goes_into_what_is_left_of_a_run)
{
    struct buf *all = NULL, *b;
    struct pbuf *p;

    buf_free(buf_alloc_run());
    while (buf_in_use() <= buf_limit() - BUF_RUN) {
        b = buf_alloc();
        b->next = all;
        all = b;
    }
    check(p = payload_copy(data, RUN - 1), 0, RUN - PAGE_SIZE);
    pbuf_free(p);
    buf_free(all);
}

Test(payload, is_extended_to_the_end_of_its_run)
{
    struct pbuf *p = payload_copy(data, 40000);

    while (p->len < 61000) {
        cr_assert_eq(payload_extend(p, data + p->len, 7000), 7000);
        p->len = p->tot_len = (u16_t)(p->len + 7000);
    }
    cr_assert_eq(payload_extend(p, data + 61000, 7000), RUN - 61000);
    p->len = p->tot_len = 65535;
    check(p, 0, 65535);
    cr_assert_eq(payload_extend(p, data, 7), 1, "one byte is left");
    pbuf_free(p);

    p = payload_copy(data, 40000);
    pbuf_remove_header(p, 1000);
    cr_assert_eq(payload_extend(p, data, 30000), RUN - 40000);
    pbuf_free(p);
    p = payload_copy(data, 4000);
    cr_assert_eq(payload_extend(p, data + 4000, 100), 96, "of a page");
    pbuf_free(p);
}

Test(payload, is_not_extended_where_someone_else_uses_the_run)
{
    struct pbuf *p = payload_copy(data, 40000), *tail;
    struct buf *b = payload_lend(p);

    cr_assert_eq(payload_extend(p, data, 1), 0, "it is under way");
    buf_free(b);
    cr_assert_eq(payload_extend(p, data, 1), 1);
    tail = payload_tail(p, 39000);
    cr_assert_eq(payload_extend(p, data, 1), 0);
    cr_assert_eq(payload_extend(tail, data, 1), 0);
    pbuf_free(p);
    cr_assert_eq(payload_extend(tail, data, 1), 0, "only lent");
    pbuf_free(tail);
}

Test(payload, has_a_tail_in_the_same_run_wherever_it_is_cut)
{
    static const u16_t cuts[] = {1, 4095, 4096, 4097, 39999};

    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct pbuf *p = payload_copy(data, 40000), *tail, *end;
        struct buf *b;

        tail = payload_tail(p, cuts[i]);
        check(tail, cuts[i], 40000u - cuts[i]);
        end = payload_tail(tail, tail->len - 1u);
        check(end, 39999, 1);
        pbuf_free(p);
        pbuf_free(tail);
        check(end, 39999, 1);
        b = payload_lend(end);
        cr_assert(b->off == 39999 && b->len == 1);
        cr_assert_eq(b->page[b->off], data[39999]);
        pbuf_free(end);
        cr_assert_eq(buf_in_use(), BUF_RUN);
        buf_free(b);
        cr_assert_eq(buf_in_use(), 0);
    }
}

/* Or a peer that acknowledges halves could have it all. */
Test(payload, counts_the_run_as_long_as_a_part_of_it_is_there)
{
    struct pbuf *tail[5];
    size_t n = 0;

    for (struct pbuf *p; (p = payload_copy(data, 40000)) && p->len == 40000;) {
        tail[n++] = payload_tail(p, 39000);
        pbuf_free(p);
    }
    cr_assert_eq(n, 4);
    cr_assert_eq(buf_in_use(), 4 * BUF_RUN);
    while (n > 0)
        pbuf_free(tail[--n]);
    tail[0] = payload_copy(data, 40000);
    check(tail[0], 0, 40000);
    pbuf_free(tail[0]);
}

/* A frame of head bytes and then p. */
static struct buf *send_behind(size_t head, struct pbuf *p)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)head, PBUF_RAM);
    struct buf *b;

    memset(frame->payload, 0, head);
    pbuf_cat(frame, p);
    counts.tx_copied = 0;
    b = frame_to_send(frame, true, 0, &counts);
    pbuf_free(frame);
    return b;
}

Test(payload, goes_out_as_one_piece_however_many_pages_it_has)
{
    struct buf *b = send_behind(54, payload_copy(data, 63712));

    cr_assert_eq(b->len, 54);
    cr_assert_eq(counts.tx_copied, 54);
    b = b->next;
    cr_assert(b && !b->next && b->off == 0 && b->len == 63712);
    cr_assert_neq(b->owner, b, "lent");
    cr_assert_arr_eq(b->page, data, 63712);
    buf_free(b);
    cr_assert_eq(buf_in_use(), 1);
}

Test(payload, goes_out_from_the_ramdisk_as_one_piece)
{
    const size_t n = FAKE_CONSTANT_SIZE < 60000 ? FAKE_CONSTANT_SIZE : 60000;
    uint8_t *at = fake_constant + 777;
    struct buf *b;

    memcpy(at, data, n - 777);
    b = send_behind(54, payload_refer(at, n - 777));
    cr_assert_eq(counts.tx_copied, 54);
    cr_assert(b->next && !b->next->next);
    cr_assert_eq(b->next->page + b->next->off, at);
    cr_assert_lt(b->next->off, PAGE_SIZE);
    cr_assert_eq(b->next->len, n - 777);
    buf_free(b);
}

/* A chain of copies of n bytes each. */
static struct pbuf *chain(size_t n, unsigned pieces)
{
    struct pbuf *first = payload_copy(data, n);

    while (--pieces > 0)
        pbuf_cat(first, payload_copy(data, n));
    return first;
}

Test(payload, is_copied_where_its_pages_are_more_than_slots)
{
    struct pbuf *p = payload_copy(data, 61440);
    struct buf *b;

    pbuf_cat(p, chain(1100, 2));
    b = send_behind(54, p);
    cr_assert_eq(counts.tx_copied, 54, "18 slots");
    buf_free(b);

    p = payload_copy(data, 61440);
    pbuf_cat(p, chain(1100, 3));
    b = send_behind(54, p);
    cr_assert_eq(counts.tx_copied, 54 + 61440 + 3300);
    cr_assert_eq(buf_total(b), 54 + 61440 + 3300);
    for (const struct buf *i = b; i; i = i->next)
        cr_assert(i->owner == i && i->off == 0 &&
                  i->len == (i->next ? PAGE_SIZE : i->len));
    buf_free(b);
}

Test(payload, of_a_few_bytes_is_copied)
{
    struct pbuf *p = payload_copy(data, IN_PLACE_MIN - 1);
    struct buf *b;

    pbuf_cat(p, payload_copy(data, IN_PLACE_MIN));
    b = send_behind(54, p);
    cr_assert_eq(counts.tx_copied, 54 + IN_PLACE_MIN - 1);
    cr_assert(b->next && !b->next->next);
    cr_assert_neq(b->next->owner, b->next);
    buf_free(b);
}

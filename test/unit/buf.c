/* buf.c: the packet pool. */

#include <criterion/criterion.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "test/fake/page.h"
#include "test/fake/scarce.h"

/* All that the pool gives, as one chain. */
static struct buf *take_all(size_t *n)
{
    struct buf *all = NULL, *b;

    for (*n = 0; (b = buf_alloc()); ++*n) {
        b->next = all;
        all = b;
    }
    return all;
}

Test(buf, comes_empty_and_unmarked_even_after_use)
{
    for (int i = 0; i < 2; i++) {
        struct buf *b = buf_alloc();

        cr_assert(b && b->page);
        cr_assert_eq((uintptr_t)b->page % PAGE_SIZE, 0);
        cr_assert(!b->next && !b->off && !b->len && !b->flags);
        b->off = b->len = 100;
        b->flags = BUF_CSUM_OK;
        buf_free(b);
    }
}

Test(buf, shows_nothing_of_a_pages_past)
{
    struct buf *b = buf_alloc();

    for (size_t i = 0; i < PAGE_SIZE; i++)
        cr_assert_eq(b->page[i], 0);
    buf_free(b);
}

Test(buf, takes_no_more_than_its_share_of_memory)
{
    size_t n;

    fake_pages_free = 1000;
    struct buf *all = take_all(&n);

    cr_assert_eq(n, 250);
    cr_assert_eq(buf_limit(), 250);
    cr_assert_eq(buf_in_use(), 250);
    cr_assert_geq(fake_pages_free, 740, "descriptors take a few more");
    buf_free(all);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(buf_idle(0), 1000 - fake_pages_free);
}

Test(buf, uses_its_pages_again_instead_of_new_ones)
{
    size_t n, m, left;

    buf_free(take_all(&n));
    left = fake_pages_free;
    for (int i = 0; i < 100; i++)
        buf_free(take_all(&m));
    cr_assert_eq(m, n);
    cr_assert_eq(fake_pages_free, left);
}

Test(buf, grows_only_as_far_as_it_is_used)
{
    size_t before = fake_pages_free;

    for (int i = 0; i < 1000; i++)
        buf_free(buf_alloc());
    cr_assert_eq(fake_pages_free, before - 2, "a page, and its descriptor's");
}

Test(buf, what_waits_to_be_received_into_is_idle)
{
    const size_t before = fake_pages_free;
    size_t n;
    struct buf *all = take_all(&n);

    cr_assert_eq(buf_idle(n), before - fake_pages_free);
    cr_assert_eq(buf_idle(0), 0);
    buf_free(all);
}

Test(buf, survives_memory_running_out_under_it)
{
    struct buf *b;

    cr_assert_eq(buf_limit(), 1024);
    fake_pages_free = 0;
    cr_assert_null(buf_alloc(), "no page for descriptors");
    fake_pages_free = 1;
    cr_assert_null(buf_alloc(), "no page for data");
    fake_pages_free = 1;
    cr_assert(b = buf_alloc(), "the descriptors were kept");
    cr_assert_null(buf_alloc());
    cr_assert_eq(buf_in_use(), 1);
    buf_free(b);
    cr_assert(b = buf_alloc());
    buf_free(b);
}

Test(buf, loses_no_descriptor_when_it_fails)
{
    struct buf *b = buf_alloc();

    fake_pages_free = 0;
    for (int i = 0; i < 500; i++)
        cr_assert_null(buf_alloc());
    fake_pages_free = 1;
    buf_free(b);
    b = buf_alloc();
    cr_assert(b->next = buf_alloc());
    cr_assert_eq(fake_pages_free, 0);
    buf_free(b);
}

Test(buf, frees_a_chain_and_nothing_at_all)
{
    struct buf *b = buf_alloc();

    b->next = buf_alloc();
    b->next->next = buf_alloc();
    b->len = 1000, b->next->len = 4096, b->next->next->len = 1;
    cr_assert_eq(buf_total(b), 5097);
    cr_assert_eq(buf_total(NULL), 0);
    cr_assert_eq(buf_in_use(), 3);
    buf_free(b);
    buf_free(NULL);
    cr_assert_eq(buf_in_use(), 0);
}

/* Else the heap could not grow when memory is free, or took what others keep.
 */
Test(buf, what_is_lent_takes_no_page_that_the_heap_leaves_to_others)
{
    struct buf *lent = NULL, *all, *b;
    size_t n;

    lent = buf_foreign(""); /* before the limit is known */
    cr_assert_eq(fake_pages_kept, 0);
    all = take_all(&n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_not_null(b = buf_lend(all));
        b->next = lent;
        lent = b;
        cr_assert_geq(fake_pages_kept, 0);
    }
    buf_free(lent);
    buf_free(all);
}

/* A page for the packet, or one for its descriptor. */
Test(buf, grows_whichever_page_is_missing_first)
{
    const size_t limit = buf_limit(), before = fake_pages_free;
    const size_t kept = (size_t)fake_pages_kept;
    size_t failures = 0, taken, n;
    struct buf *all = NULL, *b;

    for (size_t used = 0; used < limit; used++) {
        for (scarce_arm(n = 0); !(b = buf_alloc()); scarce_arm(++n)) {
            cr_assert(scarce_failed());
            cr_assert_eq(buf_in_use(), used);
            taken = before - fake_pages_free;
            cr_assert_eq(fake_pages_kept, (ptrdiff_t)(kept - taken));
        }
        failures += n;
        b->next = all;
        all = b;
    }
    cr_assert_null(buf_alloc());
    cr_assert_eq(fake_pages_kept, 0, "so many does the heap leave, no more");
    buf_free(all);
    cr_assert_eq(buf_idle(0), before - fake_pages_free);
    cr_assert_eq(failures, buf_idle(0), "each page once");
}

static uint8_t *held[3]; /* pages a back-end would not let go */

Test(buf, never_gives_a_quarantined_page_again)
{
    size_t n, m;

    buf_free(take_all(&n));
    for (int i = 0; i < 3; i++) {
        struct buf *b = buf_alloc();

        held[i] = b->page;
        buf_quarantine(b);
        buf_free(b);
    }
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(buf_quarantined(), 3);
    cr_assert_eq(buf_limit(), n - 3);

    struct buf *all = take_all(&m);

    cr_assert_eq(m, n - 3);
    for (const struct buf *b = all; b; b = b->next)
        for (int i = 0; i < 3; i++)
            cr_assert_neq(b->page, held[i]);
    buf_free(all);
}

Test(buf, lends_a_page_until_the_last_of_its_buffers_is_freed)
{
    struct buf *b = buf_alloc(), *first, *second;
    uint8_t *page = b->page;

    first = buf_lend(b);
    second = buf_lend(first);
    cr_assert(first && second && first != b && second != first);
    cr_assert(first->page == page && second->page == page);
    cr_assert(!first->next && !first->off && !first->len && !first->flags);
    cr_assert_eq(buf_in_use(), 1, "it is one page");
    buf_free(b);
    buf_free(second);
    cr_assert_eq(buf_in_use(), 1);
    b = buf_alloc();
    cr_assert_neq(b->page, page, "still lent");
    buf_free(first);
    cr_assert_eq(buf_in_use(), 1);
    buf_free(b);
    cr_assert_eq(buf_in_use(), 0);
    b = buf_alloc();
    cr_assert_eq(b->refs, 1);
    buf_free(b);
}

Test(buf, lends_as_often_as_anyone_asks)
{
    struct buf *b = buf_alloc();

    fake_pages_free = 0;
    for (int i = 0; i < 1000; i++)
        buf_free(buf_lend(b));
    cr_assert(b->next = buf_lend(b), "with the descriptors that there are");
    buf_free(b);
}

Test(buf, takes_memory_that_is_not_its_own_for_a_while)
{
    static _Alignas(PAGE_SIZE) uint8_t elsewhere[PAGE_SIZE];
    struct buf *b = buf_foreign(elsewhere + 17), *lent = buf_lend(b);

    cr_assert(b->page == elsewhere && lent->page == elsewhere);
    cr_assert_eq(buf_in_use(), 0);
    buf_free(b);
    buf_free(lent);
    b = buf_foreign(elsewhere);
    buf_quarantine(b);
    buf_free(b);
    cr_assert_eq(buf_quarantined(), 0, "nobody will write there anyway");
}

Test(buf, never_uses_a_lent_page_again_that_a_backend_keeps)
{
    struct buf *b = buf_alloc(), *one = buf_lend(b), *two = buf_lend(b);
    const uint8_t *page = b->page;
    size_t n, limit = buf_limit();

    buf_quarantine(one);
    buf_quarantine(two);
    buf_free(one);
    buf_free(two);
    cr_assert_eq(buf_quarantined(), 1, "a page counts once");
    cr_assert_eq(buf_limit(), limit - 1);
    buf_free(b);
    cr_assert_eq(buf_in_use(), 0);
    b = take_all(&n);
    cr_assert_eq(n, limit - 1);
    for (struct buf *at = b; at; at = at->next)
        cr_assert_neq(at->page, page);
    buf_free(b);
}

/* All the runs that the pool gives, as one chain. */
static struct buf *take_runs(size_t *n)
{
    struct buf *all = NULL, *b;

    for (*n = 0; (b = buf_alloc_run()); ++*n) {
        b->next = all;
        all = b;
    }
    return all;
}

Test(buf, gives_runs_of_adjacent_pages_and_uses_them_again)
{
    struct buf *b = buf_alloc_run(), *single = buf_alloc();
    uint8_t *page = b->page;

    cr_assert_eq(b->pages, BUF_RUN);
    cr_assert_eq(single->pages, 1);
    for (size_t i = 0; i < BUF_RUN * PAGE_SIZE; i++)
        cr_assert_eq(page[i], 0, "of the past of byte %zu", i);
    cr_assert(!b->next && !b->off && !b->len && !b->flags);
    cr_assert_eq(buf_in_use(), BUF_RUN + 1);
    b->off = b->len = 100;
    buf_free(b);
    cr_assert_eq(buf_in_use(), 1);
    b = buf_alloc();
    cr_assert(b->page < page || b->page >= page + BUF_RUN * PAGE_SIZE,
              "there are other pages");
    buf_free(b);
    b = buf_alloc_run();
    cr_assert(b->page == page && !b->off && !b->len && b->refs == 1);
    buf_free(b);
    buf_free(single);
    cr_assert_eq(buf_idle(0), BUF_RUN + 2 + 1, "and the descriptors'");
}

Test(buf, counts_runs_by_their_pages)
{
    const size_t limit = buf_limit(), before = fake_pages_free;
    struct buf *runs, *rest;
    size_t n, m;

    rest = buf_alloc();
    runs = take_runs(&n);
    cr_assert_eq(n, (limit - 1) / BUF_RUN);
    cr_assert_eq(buf_in_use(), n * BUF_RUN + 1);
    cr_assert_leq(buf_idle(0), 1, "what is in use is not");
    buf_free(rest);
    rest = take_all(&m);
    cr_assert_eq(m, limit - n * BUF_RUN);
    cr_assert_null(buf_alloc_run());
    buf_free(rest);
    buf_free(runs);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(buf_idle(0), before - fake_pages_free);
}

/* Adjacent in memory, so that a page which were given twice is found. */
Test(buf, takes_pages_of_idle_runs_where_there_are_no_others)
{
    const size_t limit = buf_limit();
    struct buf *b;
    size_t n;

    buf_free(take_runs(&n));
    b = take_all(&n);
    cr_assert_eq(n, limit, "each page once");
    for (struct buf *at = b; at; at = at->next) {
        cr_assert_eq(at->pages, 1);
        cr_assert_eq(at->page[0] + at->page[PAGE_SIZE - 1], 0);
        at->page[0] = at->page[PAGE_SIZE - 1] = 1;
    }
    cr_assert_null(buf_alloc_run());
    buf_free(b);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_null(buf_alloc_run(), "they stay broken");
}

Test(buf, gives_what_is_left_of_a_run)
{
    size_t n;
    struct buf *run, *all;

    fake_pages_free = 4 * BUF_RUN;
    buf_free(buf_alloc_run());
    cr_assert_eq(buf_limit(), BUF_RUN);
    all = buf_alloc();
    cr_assert_eq(all->pages, 1);
    run = buf_alloc_run();
    cr_assert_eq(run->pages, BUF_RUN - 1);
    cr_assert_eq(buf_in_use(), BUF_RUN);
    cr_assert(all->page == run->page + (BUF_RUN - 1) * PAGE_SIZE);
    cr_assert_null(buf_alloc(), "a run that is in use is whole");
    buf_free(run);
    all->next = take_all(&n);
    cr_assert_eq(n, BUF_RUN - 1);
    buf_free(all);
}

Test(buf, does_not_give_two_pages_where_one_is_wanted)
{
    struct buf *all = NULL, *b;

    fake_pages_free = 4 * BUF_RUN;
    buf_free(buf_alloc_run());
    while (buf_in_use() < BUF_RUN - 2) {
        b = buf_alloc();
        b->next = all;
        all = b;
    }
    b = buf_alloc_run();
    cr_assert_eq(b->pages, 2);
    buf_free(b);
    b = buf_alloc();
    cr_assert_eq(b->pages, 1);
    b->next = all;
    all = buf_alloc_run();
    cr_assert_eq(all->pages, 1, "that is left of it");
    all->next = b;
    buf_free(all);
    cr_assert_eq(buf_in_use(), 0);
}

Test(buf, refuses_a_run_where_there_is_none_and_loses_nothing)
{
    struct buf *b = buf_alloc();

    fake_pages_free = BUF_RUN - 1;
    for (int i = 0; i < 500; i++)
        cr_assert_null(buf_alloc_run());
    cr_assert_eq(fake_pages_free, BUF_RUN - 1);
    cr_assert_eq(buf_in_use(), 1);
    b->next = buf_alloc();
    cr_assert(b->next, "a page is another matter");
    buf_free(b);
}

Test(buf, keeps_a_run_as_a_whole_out_of_use)
{
    const size_t limit = buf_limit();
    struct buf *b = buf_alloc_run(), *lent = buf_lend(b);
    static uint8_t *page;
    size_t n;

    page = b->page;
    cr_assert(lent->page == page && lent->pages == BUF_RUN);
    buf_quarantine(lent);
    cr_assert_eq(buf_quarantined(), BUF_RUN);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(buf_limit(), limit - BUF_RUN);
    buf_free(b);
    buf_free(lent);
    b = take_runs(&n);
    cr_assert_eq(n, limit / BUF_RUN - 1);
    for (struct buf *at = b; at; at = at->next)
        cr_assert_neq(at->page, page);
    buf_free(b);
    buf_free(take_all(&n));
    cr_assert_eq(n, limit - BUF_RUN);
}

Test(buf, knows_which_pages_its_data_touches)
{
    struct buf b = {.off = 0, .len = 1};

    cr_assert_eq(buf_touches(&b), 1);
    b.len = PAGE_SIZE;
    cr_assert_eq(buf_touches(&b), 1);
    b.off = 1;
    cr_assert_eq(buf_touches(&b), 2);
    b.off = 2 * PAGE_SIZE - 1;
    b.len = 2;
    cr_assert_eq(buf_touches(&b), 2);
    b.off = 5 * PAGE_SIZE;
    b.len = 1;
    cr_assert_eq(buf_touches(&b), 1);
}

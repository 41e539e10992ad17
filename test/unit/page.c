#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "lib/heap.h"

#define PAGES 200

static _Alignas(4096) uint8_t memory[(PAGES + 1) * PAGE_SIZE]; /* one: map */

/* Which pages can be touched: page 0 is the map's. */
static bool mapped[PAGES + 1];

void mm_populate(void *from, size_t n)
{
    for (size_t i = (size_t)((uint8_t *)from - memory) / PAGE_SIZE; n--; i++) {
        cr_assert_not(mapped[i], "page %zu is mapped twice", i);
        mapped[i] = true;
    }
}

static void init_with(size_t pages)
{
    memset(memory, 0xa5, sizeof(memory));
    memset(mapped, 0, sizeof(mapped));
    memset(mapped, 1, pages);
    page_init(&(struct memory){memory, memory + pages * PAGE_SIZE,
                               memory + sizeof(memory)});
}

static void init(void)
{
    init_with(PAGES + 1);
}

static size_t count_mapped(void)
{
    size_t n = 0;

    for (size_t i = 0; i < PAGES + 1; i++)
        n += mapped[i];
    return n;
}

static bool is_mapped(const void *p)
{
    return mapped[((const uint8_t *)p - memory) / (ptrdiff_t)PAGE_SIZE];
}

static uint8_t *nth(size_t n)
{
    return memory + (n + 1) * PAGE_SIZE;
}

TestSuite(page, .init = init);
TestSuite(lazy);
TestSuite(heap, .init = init);

Test(page, gives_every_page_once_from_the_top_down)
{
    cr_assert_eq(page_count_free(), PAGES);
    for (size_t i = PAGES; i-- > 0;)
        cr_assert_eq(page_alloc(), nth(i));
    cr_assert_null(page_alloc());
    cr_assert_eq(page_count_free(), 0);
}

Test(page, a_freed_page_is_given_again_highest_first)
{
    for (int i = 0; i < PAGES; i++)
        page_alloc();
    page_free(nth(3));
    page_free(nth(130));
    page_free(nth(64));
    cr_assert_eq(page_count_free(), 3);
    cr_assert_eq(page_alloc(), nth(130));
    cr_assert_eq(page_alloc(), nth(64));
    cr_assert_eq(page_alloc(), nth(3));
    cr_assert_null(page_alloc());
}

Test(page, a_run_is_the_highest_that_fits)
{
    cr_assert_eq(page_alloc_run(5), nth(PAGES - 5));
    cr_assert_eq(page_alloc(), nth(PAGES - 6));
    page_free_run(nth(PAGES - 5), 5);
    cr_assert_eq(page_alloc_run(6), nth(PAGES - 12), "5 free pages are not 6");
    cr_assert_eq(page_alloc_run(5), nth(PAGES - 5));
    cr_assert_null(page_alloc_run(PAGES));
    cr_assert_eq(page_count_free(), PAGES - 12);
    cr_assert_eq(page_alloc_run(PAGES - 12), nth(0), "all there are");
    cr_assert_null(page_alloc_run(1));
}

Test(page, survives_a_long_random_life)
{
    static uint8_t *held[PAGES];
    static size_t len[PAGES];
    size_t n = 0, pages = 0;

    srand(1);
    for (int i = 0; i < 20000; i++) {
        size_t want = 1 + (size_t)rand() % 7;
        uint8_t *p = rand() % 2 ? page_alloc_run(want) : NULL;

        if (p) {
            for (size_t j = 0; j < want * PAGE_SIZE; j += PAGE_SIZE)
                p[j] = (uint8_t)i;
            p[1] = (uint8_t)i;
            held[n] = p, len[n++] = want, pages += want;
        } else if (n) {
            size_t k = (size_t)rand() % n;

            for (size_t j = 0; j < len[k] * PAGE_SIZE; j += PAGE_SIZE)
                cr_assert_eq(held[k][j], held[k][1], "given to two");
            page_free_run(held[k], len[k]);
            pages -= len[k];
            held[k] = held[--n], len[k] = len[n];
        }
        cr_assert_eq(page_count_free(), PAGES - pages);
    }
}

static bool is_blank(const uint8_t *p)
{
    for (size_t i = 0; i < PAGE_SIZE; i++)
        if (p[i])
            return false;
    return true;
}

/* Xen's builder gives clean pages: memory[] is not, which tells who wipes. */
Test(page, what_another_domain_sees_holds_nothing_we_wrote)
{
    uint8_t *p = page_alloc_blank(1), *low;

    cr_assert_eq(p[0], 0xa5, "nobody had it: wiping it is a waste");
    page_free(p);
    cr_assert_eq(page_alloc_blank(1), p);
    cr_assert(is_blank(p));
    page_free_run(page_alloc_run(7), 7);
    for (int i = 0; i < 7; i++)
        cr_assert(is_blank(page_alloc_blank(1)), "a page of the run");
    cr_assert_eq(*(uint8_t *)page_alloc_blank(1), 0xa5);

    p = page_alloc();
    page_free(p);
    p = page_alloc_blank(3);
    cr_assert(is_blank(p + 2 * PAGE_SIZE), "of a run only what was given");
    cr_assert_eq(p[0] + p[PAGE_SIZE], 2 * 0xa5);

    low = heap_grow(3 * PAGE_SIZE);
    heap_grow(-3 * (ptrdiff_t)PAGE_SIZE);
    while (page_count_free() > 3)
        page_alloc();
    for (int i = 3; i-- > 0;) {
        cr_assert_eq(p = page_alloc_blank(1), low + (size_t)i * PAGE_SIZE);
        cr_assert(is_blank(p), "the heap had it");
    }
    cr_assert_null(page_alloc_blank(1));
}

Test(page, freeing_twice_is_a_bug, .signal = SIGABRT)
{
    void *p = page_alloc();

    page_free(p);
    page_free(p);
}

Test(lazy, the_map_itself_is_mapped_first)
{
    init_with(0);
    cr_assert_eq(count_mapped(), 1);
    cr_assert(mapped[0]);
}

Test(lazy, pages_are_mapped_when_they_are_given)
{
    init_with(20);
    cr_assert_eq(count_mapped(), 20);
    for (size_t i = 0; i < PAGES; i++) {
        cr_assert(is_mapped(page_alloc()));
        cr_assert_leq(count_mapped(), 20 + i + 32, "some, not all");
    }
    cr_assert_null(page_alloc());
    cr_assert_eq(count_mapped(), PAGES + 1);
}

Test(lazy, so_are_runs_and_the_heap)
{
    uint8_t *p;

    init_with(20);
    p = page_alloc_run(50);
    for (size_t i = 0; i < 50; i++)
        cr_assert(is_mapped(p + i * PAGE_SIZE));
    cr_assert_eq(heap_grow(60 * PAGE_SIZE - 1), nth(0));
    for (size_t i = 0; i < 60; i++)
        cr_assert(is_mapped(nth(i)));
    cr_assert_leq(count_mapped(), 50 + 60 + 2 * 32);
    cr_assert_neq(heap_grow((PAGES - 110) * (ptrdiff_t)PAGE_SIZE), (void *)-1);
    cr_assert_eq(count_mapped(), PAGES + 1);
    cr_assert_null(page_alloc());
}

Test(lazy, a_run_that_fits_only_below_is_mapped_already)
{
    init_with(PAGES + 1 - 20);
    page_free(page_alloc());
    cr_assert_eq(page_alloc_run(150), nth(PAGES - 150));
    for (size_t i = PAGES - 150; i < PAGES; i++)
        cr_assert(is_mapped(nth(i)));
}

Test(heap, grows_from_the_bottom_until_it_meets_the_pages)
{
    cr_assert_eq(heap_size(), 0);
    cr_assert_eq(heap_grow(0), nth(0));
    cr_assert_eq(heap_grow(100), nth(0));
    cr_assert_eq(heap_grow(0), nth(0) + 100);
    cr_assert_eq(heap_size(), 100);
    cr_assert_eq(page_count_free(), PAGES - 1);
    cr_assert_eq(page_alloc_run(150), nth(50));

    errno = 0;
    cr_assert_eq(heap_grow(50 * PAGE_SIZE), (void *)-1, "one byte too many");
    cr_assert_eq(errno, ENOMEM);
    cr_assert_eq(heap_grow(0), nth(0) + 100, "nothing has moved");
    cr_assert_neq(heap_grow(50 * PAGE_SIZE - 100), (void *)-1);
    cr_assert_null(page_alloc());
    cr_assert_eq(page_count_free(), 0);
}

Test(heap, gives_back_what_it_no_longer_needs)
{
    heap_grow(150 * PAGE_SIZE);
    cr_assert_null(page_alloc_run(100));
    heap_grow(-100 * (ptrdiff_t)PAGE_SIZE);
    cr_assert_eq(page_alloc_run(100), nth(100));
    cr_assert_eq(heap_grow(-51 * (ptrdiff_t)PAGE_SIZE), (void *)-1);
    cr_assert_eq(heap_grow(-50 * (ptrdiff_t)PAGE_SIZE), nth(50));
    cr_assert_eq(heap_grow(0), nth(0));
}

Test(heap, refuses_more_than_there_is)
{
    cr_assert_eq(heap_grow((PAGES + 1) * PAGE_SIZE), (void *)-1);
    cr_assert_eq(heap_grow(PTRDIFF_MAX / 2), (void *)-1);
}

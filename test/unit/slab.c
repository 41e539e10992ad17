/* slab.c: small pieces of memory, over the page allocator itself. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "kernel/slab.h"
#include "lib/heap.h"
#include "lib/util.h"
#include "test/fake/scarce.h"

#define PAGES 200

static _Alignas(4096) uint8_t memory[(PAGES + 1) * PAGE_SIZE]; /* one: map */

void mm_populate(void *from, size_t pages)
{
    cr_assert_fail("%zu pages at %p are mapped already", pages, from);
}

static void start(size_t limit)
{
    page_init(&(struct memory){memory, memory + sizeof(memory),
                               memory + sizeof(memory)});
    slab_init(limit);
}

static void init(void)
{
    start(SIZE_MAX / 4); /* more than there is */
}

static void init_half(void)
{
    start(PAGES / 2 * PAGE_SIZE);
}

TestSuite(slab, .init = init);

static size_t pages_in_use(void)
{
    return PAGES - page_count_free();
}

Test(slab, gives_pieces_that_are_large_enough_aligned_and_apart)
{
    static const size_t sizes[] = {0,    1,    24,   32,   33,   320,  1344,
                                   2032, 2033, 4064, 4065, 9000, 40000};
    uint8_t *p[ARRAY_LEN(sizes)][3];

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (uint8_t j = 0; j < 3; j++) {
            const size_t before = slab_in_use();

            p[i][j] = slab_alloc(sizes[i]);
            cr_assert_not_null(p[i][j]);
            cr_assert_eq((uintptr_t)p[i][j] % 16, 0);
            cr_assert_geq(slab_in_use(), before + sizes[i]);
            memset(p[i][j], (int)(3 * i + j + 1), sizes[i]);
        }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < 3; j++) {
            for (size_t k = 0; k < sizes[i]; k++)
                cr_assert_eq(p[i][j][k], 3 * i + j + 1);
            slab_free(p[i][j]);
        }
    cr_assert_eq(slab_in_use(), 0);
    cr_assert_leq(pages_in_use(), 10, "at most one of each kind");
    cr_assert_eq(slab_idle(), pages_in_use());
}

Test(slab, fills_a_page_with_pieces_of_one_size)
{
    void *p[(PAGE_SIZE - 32) / 48];

    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        p[i] = slab_alloc(48);
    cr_assert_eq(pages_in_use(), 1);
    slab_free(slab_alloc(48));
    cr_assert_eq(pages_in_use(), 2);
    cr_assert_eq(slab_idle(), 1);
    slab_free(p[0]);
    for (size_t i = 1; i < ARRAY_LEN(p); i++)
        slab_free(p[i]);
    cr_assert_eq(pages_in_use(), 1, "one is kept");
    slab_free(slab_alloc(48));
    cr_assert_eq(pages_in_use(), 1);
}

Test(slab, gives_the_same_piece_never_twice_whatever_the_order)
{
    enum { HELD = 500 };
    struct {
        uint8_t *p;
        size_t n;
    } held[HELD] = {{0}};
    const size_t before = pages_in_use();

    srand(1);
    for (unsigned turn = 0; turn < 100000; turn++) {
        const size_t i = (size_t)rand() % HELD;

        if (held[i].p) {
            for (size_t k = 0; k < held[i].n; k++)
                cr_assert_eq(held[i].p[k], (uint8_t)i);
            slab_free(held[i].p);
            held[i].p = NULL;
        } else {
            held[i].n = (size_t)rand() % (rand() % 8 ? 600 : 5000);
            held[i].p = slab_alloc(held[i].n);
            if (held[i].p)
                memset(held[i].p, (int)i, held[i].n);
        }
    }
    for (size_t i = 0; i < HELD; i++)
        if (held[i].p)
            slab_free(held[i].p);
    cr_assert_leq(pages_in_use() - before, 10);
}

Test(slab, says_when_there_are_no_pages)
{
    void *p;

    cr_assert_null(slab_alloc(PAGES * PAGE_SIZE));
    cr_assert_null(slab_alloc(SIZE_MAX));
    while (page_alloc())
        ;
    cr_assert_null(slab_alloc(1));
    page_free(memory + PAGE_SIZE);
    p = slab_alloc(1);
    cr_assert_not_null(p);
    cr_assert_null(slab_alloc(5000));
}

Test(slab, has_the_pages_it_keeps_whatever_the_heap_takes, .init = init_half)
{
    void *p[50];

    while (heap_grow(PAGE_SIZE) != (void *)-1)
        ;
    cr_assert_eq(page_count_free(), 50);
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        cr_assert_not_null(p[i] = slab_alloc(4000));
    cr_assert_null(slab_alloc(4000));
    cr_assert_eq(heap_grow(PAGE_SIZE), (void *)-1);
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        slab_free(p[i]);
    cr_assert_eq(heap_grow(PAGE_SIZE), (void *)-1, "still its own");
}

Test(slab, leaves_the_heap_what_it_has_taken_beyond_them, .init = init_half)
{
    void *p[60];

    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        p[i] = slab_alloc(4000);
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        slab_free(p[i]);
    cr_assert_neq(heap_grow(150 * PAGE_SIZE), (void *)-1);
    cr_assert_eq(heap_grow(1), (void *)-1);
}

Test(slab, stops_at_its_limit, .init = init_half)
{
    const size_t limit = PAGES / 2 * PAGE_SIZE;
    void *p[PAGES], *small = slab_alloc(1);
    size_t n = 0;

    cr_assert_null(slab_alloc(limit + 1));
    cr_assert_null(slab_alloc(SIZE_MAX));
    while ((p[n] = slab_alloc(4000)))
        n++;
    cr_assert_eq(n, PAGES / 2 - 1);
    while (slab_alloc(2032))
        ;
    cr_assert_leq(slab_in_use(), limit);
    cr_assert_gt(slab_in_use(), limit - 2032);
    slab_free(small);
    slab_free(p[0]);
    cr_assert_not_null(slab_alloc(2032), "it recovers");
}

SCARCE(void *, page_alloc, (void), (), NULL)
SCARCE(void *, page_alloc_run, (size_t n), (n), NULL)

/* More than one page of small pieces, and some whole pages. */
static void use(void)
{
    static const size_t sizes[] = {32, 240, 2032, 4000, 9000};
    uint8_t *p[ARRAY_LEN(sizes)][150];

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < (sizes[i] < 2032 ? 150 : 3); j++) {
            p[i][j] = slab_alloc(sizes[i]);
            errno = ENOMEM;
            if (scarce_fine(p[i][j] ? 0 : -1))
                memset(p[i][j], (int)(i + j), sizes[i]);
        }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < (sizes[i] < 2032 ? 150 : 3); j++) {
            if (!p[i][j])
                continue;
            for (size_t k = 0; k < sizes[i]; k++)
                cr_assert_eq(p[i][j][k], (uint8_t)(i + j));
            slab_free(p[i][j]);
        }
}

#define HEAP ((PAGES - 50) * (ptrdiff_t)PAGE_SIZE)

/* What it has left are the pages it keeps for the next piece, and the heap may
 * take what is neither these nor kept for it. */
static void settle(void)
{
    const size_t idle = slab_idle();
    void *heap = heap_grow(HEAP);

    cr_assert_leq(idle, 3, "one of each small size");
    cr_assert_eq(pages_in_use(), PAGES - 50 + idle);
    cr_assert_neq(heap, (void *)-1);
    cr_assert_eq(heap_grow(1), (void *)-1);
    cr_assert_neq(heap_grow(-HEAP), (void *)-1);
}

Test(slab, lives_with_any_page_that_is_missing, .init = init_half)
{
    cr_assert_geq(scarce_each(use, settle), 8);
}

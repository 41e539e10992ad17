/* page.c: which pages are free: one bit a page, in the first pages of the
 * memory it looks after. */

#include "kernel/page.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/x86_64/mm.h"
#include "lib/util.h"

#define BITS      64
#define BATCH_MAX 32 /* pages that are mapped together: at first fewer */

static struct {
    uint8_t *base;  /* page 0 of the map */
    uint64_t *free; /* bit set: free */
    size_t pages;
    size_t floor; /* pages below it belong to the heap */
    size_t count; /* free ones at or above floor, or taken by nobody below */
    size_t top;   /* no page at or above it is free */
    size_t low, high;              /* between them nothing is mapped yet */
    size_t past_below, past_above; /* no page between them was ever given */
    size_t batch; /* pages to be mapped together, a power of two */
    size_t kept;  /* free ones that the heap must leave */
} page;

static bool is_free(size_t i)
{
    return page.free[i / BITS] >> i % BITS & 1;
}

static void set_free(size_t i, bool free)
{
    uint64_t bit = 1ul << i % BITS;

    if (free)
        page.free[i / BITS] |= bit;
    else
        page.free[i / BITS] &= ~bit;
}

/* What lies from one page to another shall be mapped; pages come from above,
 * the heap from below, so all that is mapped already lies outside. */
static void populate(size_t from, size_t to)
{
    mm_populate(page.base + from * PAGE_SIZE, to - from);
    if (page.batch < BATCH_MAX)
        page.batch *= 2;
}

static void use_above(size_t first)
{
    if (first < page.past_above)
        page.past_above = first;
    if (first >= page.high || page.low == page.high)
        return;
    first = first / page.batch * page.batch;
    if (first < page.low)
        first = page.low;
    populate(first, page.high);
    page.high = first;
}

static void use_below(size_t end)
{
    if (end > page.past_below)
        page.past_below = end;
    if (end <= page.low || page.low == page.high)
        return;
    end = round_up(end, page.batch);
    if (end > page.high)
        end = page.high;
    populate(page.low, end);
    page.low = end;
}

void page_init(const struct memory *m)
{
    uint8_t *start = m->free, *mapped = m->mapped;
    size_t pages = (size_t)((uint8_t *)m->end - start) / PAGE_SIZE;
    size_t map =
        round_up((pages + BITS - 1) / BITS * sizeof(uint64_t), PAGE_SIZE);

    page.free = (uint64_t *)(void *)start;
    page.base = start + map;
    page.pages = page.count = page.top = page.high = pages - map / PAGE_SIZE;
    page.past_above = page.pages;
    page.floor = page.kept = page.past_below = 0;
    page.batch = BATCH_MAX / 2;
    if (mapped < page.base) {
        mm_populate(mapped, (size_t)(page.base - mapped) / PAGE_SIZE);
        mapped = page.base;
    }
    page.low = (size_t)(mapped - page.base) / PAGE_SIZE;
    memset(page.free, 0, map);
    memset(page.free, 0xff, page.pages / BITS * sizeof(uint64_t));
    for (size_t i = page.pages / BITS * BITS; i < page.pages; i++)
        set_free(i, true);
}

void *page_base(void)
{
    return page.base;
}

/* The highest free page below top, or page.pages. */
static size_t find(void)
{
    for (size_t i = page.top; i > page.floor;) {
        uint64_t word = page.free[(i - 1) / BITS];
        unsigned below = (unsigned)((i - 1) % BITS) + 1; /* bits to look at */

        if (below < BITS)
            word &= (1ul << below) - 1;
        i = (i - 1) / BITS * BITS;
        if (word) {
            i += BITS - 1 - (size_t)__builtin_clzl(word);
            return i >= page.floor ? i : page.pages;
        }
    }
    return page.pages;
}

void *page_alloc(void)
{
    size_t i = find();

    if (i == page.pages)
        return NULL;
    set_free(i, false);
    page.top = i;
    page.count--;
    use_above(i);
    return page.base + i * PAGE_SIZE;
}

void *page_alloc_run(size_t n)
{
    size_t run = 0;

    if (n > page.count)
        return NULL;
    for (size_t i = page.top; i > page.floor; i--) {
        run = is_free(i - 1) ? run + 1 : 0;
        if (run < n)
            continue;
        for (size_t j = i - 1; j < i - 1 + n; j++)
            set_free(j, false);
        page.count -= n;
        use_above(i - 1);
        return page.base + (i - 1) * PAGE_SIZE;
    }
    return NULL;
}

void *page_alloc_blank(size_t n)
{
    const uint8_t *above = page.base + page.past_above * PAGE_SIZE;
    const uint8_t *below = page.base + page.past_below * PAGE_SIZE;
    uint8_t *const first = n == 1 ? page_alloc() : page_alloc_run(n);

    for (uint8_t *p = first; first && n--; p += PAGE_SIZE)
        if (p >= above || p < below)
            memset(p, 0, PAGE_SIZE);
    return first;
}

void page_free_run(void *p, size_t n)
{
    size_t first = (size_t)((uint8_t *)p - page.base) / PAGE_SIZE;

    assert((uintptr_t)p % PAGE_SIZE == 0 && first + n <= page.pages);
    for (size_t i = first; i < first + n; i++) {
        assert(!is_free(i) && i >= page.floor);
        set_free(i, true);
    }
    page.count += n;
    if (page.top < first + n)
        page.top = first + n;
}

void page_free(void *p)
{
    page_free_run(p, 1);
}

size_t page_count_free(void)
{
    return page.count;
}

void page_keep(ptrdiff_t n)
{
    page.kept += (size_t)n;
}

int page_set_floor(void *address)
{
    size_t floor =
        round_up((uintptr_t)address - (uintptr_t)page.base, PAGE_SIZE) /
        PAGE_SIZE;

    if (floor > page.pages ||
        (floor > page.floor && page.count < floor - page.floor + page.kept))
        return -ENOMEM;
    for (size_t i = page.floor; i < floor; i++)
        if (!is_free(i))
            return -ENOMEM;
    page.count += page.floor;
    page.count -= floor;
    page.floor = floor;
    use_below(floor);
    return 0;
}

/* budget.c: the memory that lwIP may take: see budget.h. */

#include "net/budget.h"

#include <string.h>

#include "kernel/page.h"
#include "kernel/slab.h"
#include "lib/util.h"

#define WINDOW_MIN 32768u
#define WINDOW_MAX (1u << 20)

static size_t limit;
uint32_t budget_window;

void budget_init(size_t bytes)
{
    uint32_t window = WINDOW_MIN;

    while (window < WINDOW_MAX && window <= bytes / 6 / 2)
        window *= 2;
    budget_window = window - WINDOW_MIN;
    limit = bytes;
    slab_keep(bytes / 2);
}

/* What can be had of it, now that the program has its share. */
static size_t ceiling(void)
{
    const size_t most = slab_in_use() + page_count_free() * PAGE_SIZE;

    return most < limit ? most : limit;
}

size_t budget_used(void)
{
    return slab_in_use();
}

bool budget_low(void)
{
    const size_t most = ceiling();

    return slab_in_use() > most - most / 4;
}

/* Shares come from the first quarter of what there is before it is low, so any
 * number of them leaves the rest. */
size_t budget_share(void)
{
    const size_t most = ceiling(), quarter = (most - most / 4) / 4;
    const size_t used = slab_in_use();

    return used < quarter ? (quarter - used) / 2 : 0;
}

void *budget_malloc(size_t n)
{
    return n > limit || slab_in_use() > limit - n ? NULL : slab_alloc(n);
}

void *budget_calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    p = budget_malloc(bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void budget_free(void *p)
{
    if (p)
        slab_free(p);
}

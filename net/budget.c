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

COLD void budget_init(size_t bytes)
{
    uint32_t window = WINDOW_MIN;

    while (window < WINDOW_MAX && window <= bytes / 6 / 2)
        window *= 2;
    budget_window = window - WINDOW_MIN;
    limit = bytes;
    slab_init(bytes);
}

static inline size_t free_bytes(void)
{
    return page_count_free() * PAGE_SIZE;
}

/* What can be had is the limit, or less now that the program has its share. */
bool budget_low(void)
{
    const size_t used = slab_in_use();

    return used > limit - limit / 4 || used > 3 * free_bytes();
}

/* Shares come from the first quarter of what there is before it is low, so any
 * number of them leaves the rest. */
size_t budget_share(void)
{
    const size_t used = slab_in_use();
    const size_t there = used + free_bytes();
    const size_t most = there < limit ? there : limit;
    const size_t quarter = (most - most / 4) / 4;

    return used < quarter ? (quarter - used) / 2 : 0;
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

/* budget.c: the memory that lwIP may take: see budget.h. */

#include "net/budget.h"

#include <string.h>

#include "kernel/page.h"
#include "kernel/slab.h"
#include "lib/util.h"

#define WINDOW_MIN 32768u
#define WINDOW_MAX (1u << 20)

static size_t limit, used;
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
    const size_t most = used + page_count_free() * PAGE_SIZE;

    return most < limit ? most : limit;
}

size_t budget_used(void)
{
    return used;
}

bool budget_low(void)
{
    const size_t most = ceiling();

    return used > most - most / 4;
}

/* Shares come from the first quarter of what there is before it is low, so any
 * number of them leaves the rest. */
size_t budget_share(void)
{
    const size_t most = ceiling(), quarter = (most - most / 4) / 4;

    return used < quarter ? (quarter - used) / 2 : 0;
}

void *budget_malloc(size_t n)
{
    void *p;

    if (n > limit || used > limit - n)
        return NULL;
    p = slab_alloc(n);
    if (p)
        used += slab_size(p);
    return p;
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
    if (!p)
        return;
    used -= slab_size(p);
    slab_free(p);
}

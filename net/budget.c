/* budget.c: the memory that lwIP may take: see budget.h. */

#include "net/budget.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static size_t limit, used;

void budget_init(size_t bytes)
{
    limit = bytes;
}

size_t budget_used(void)
{
    return used;
}

bool budget_low(void)
{
    return used > limit - limit / 4;
}

/* Shares come from the first quarter of what there is before it is low, so any
 * number of them leaves the rest. */
size_t budget_share(void)
{
    size_t quarter = (limit - limit / 4) / 4;

    return used < quarter ? (quarter - used) / 2 : 0;
}

void *budget_malloc(size_t n)
{
    void *p;

    if (n > limit || used > limit - n)
        return NULL;
    p = malloc(n);
    if (p)
        used += malloc_usable_size(p);
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
    if (p)
        used -= malloc_usable_size(p);
    free(p);
}

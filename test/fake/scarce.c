/* scarce.c: see scarce.h. */

#include "test/fake/scarce.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t mallocs_left = SIZE_MAX;
static size_t left = SIZE_MAX; /* until one fails */
static bool failed;
static long live; /* pieces */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void __wrap_free(void *p);

bool scarce_now(void)
{
    if (left == SIZE_MAX || left--)
        return false;
    left = SIZE_MAX;
    failed = true;
    return true;
}

static bool malloc_fails(void)
{
    if (mallocs_left == 0 || scarce_now()) {
        errno = ENOMEM;
        return true;
    }
    mallocs_left -= mallocs_left != SIZE_MAX;
    return false;
}

static void *counted(void *p)
{
    live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return malloc_fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return malloc_fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t n)
{
    if (malloc_fails())
        return NULL;
    live -= old != NULL;
    return counted(__real_realloc(old, n));
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return malloc_fails() ? NULL : counted(__real_aligned_alloc(align, n));
}

void __wrap_free(void *p)
{
    live -= p != NULL;
    __real_free(p);
}

bool scarce_failed(void)
{
    return failed;
}

bool scarce_fine(long result)
{
    if (result >= 0)
        return true;
    cr_assert(failed, "%s, and nothing was wanting", strerror(errno));
    cr_assert(errno == ENOMEM || errno == ENOBUFS || errno == ENOSPC, "%s",
              strerror(errno));
    return false;
}

void scarce_arm(size_t n)
{
    failed = false;
    left = n;
}

static void run(void (*scenario)(void), void (*settle)(void), size_t n)
{
    scarce_arm(n);
    scenario();
    left = SIZE_MAX;
    settle();
}

size_t scarce_each(void (*scenario)(void), void (*settle)(void))
{
    size_t n = 0;
    long before;

    run(scenario, settle, SIZE_MAX);
    before = live;
    for (run(scenario, settle, n); failed; run(scenario, settle, ++n))
        cr_assert_eq(live, before, "allocation %zu: %ld pieces", n,
                     live - before);
    return n;
}

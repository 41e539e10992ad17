/* page.c: the page allocator for tests: pages full of someone's secrets. */

#include "test/fake/page.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"

size_t fake_pages_free = 4096;
ptrdiff_t fake_pages_kept;

void *page_alloc_run(size_t n)
{
    void *page;

    if (fake_pages_free < n ||
        !(page = aligned_alloc(PAGE_SIZE, n * PAGE_SIZE)))
        return NULL;
    fake_pages_free -= n;
    return memset(page, 0xa5, n * PAGE_SIZE);
}

void *page_alloc(void)
{
    return page_alloc_run(1);
}

void *page_alloc_blank(size_t n)
{
    void *page = page_alloc_run(n);

    return page ? memset(page, 0, n * PAGE_SIZE) : NULL;
}

void page_free_run(void *page, size_t n)
{
    fake_pages_free += n;
    free(page);
}

void page_free(void *page)
{
    page_free_run(page, 1);
}

void page_keep(ptrdiff_t n)
{
    fake_pages_kept += n;
}

size_t page_count_free(void)
{
    return fake_pages_free;
}

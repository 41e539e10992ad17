/* page.h: the page allocator.  Pages come from the top of memory down. */
#pragma once

#include <stddef.h>

#define PAGE_SIZE 4096ul

/* Pages between start and end are free; called once, at boot. */
void page_init(void *start, void *end);

void *page_alloc(void);         /* one page, not zeroed; NULL: none left */
void *page_alloc_run(size_t n); /* n adjacent pages, or NULL */
void page_free(void *page);
void page_free_run(void *page, size_t n);
size_t page_count_free(void);

/* The lowest page in use above the heap's end, and the heap's claim to
 * everything below brk: see lib/heap.c. */
int page_claim_below(void *brk); /* 0, or -ENOMEM: a page there is in use */

/*
 * page.h: the page allocator.
 *
 * Pages come from the top of memory down; the heap grows from the bottom up
 * by raising the floor.  Memory is used up where the two meet.
 */
#pragma once

#include <stddef.h>
#include "lib/util.h"

/* This memory is free, but for the allocator's own map, which takes the first
 * pages of it; what is not mapped will be before it is given out.  Called once,
 * at boot. */
struct memory;
void page_init(const struct memory *m);

void *page_alloc(void);           /* one page, not zeroed; NULL: none left */
void *page_alloc_run(size_t n);   /* n adjacent pages, or NULL */
void *page_alloc_blank(size_t n); /* n that hold nothing we ever wrote, for
                                     another domain to see */
void page_free(void *page);
void page_free_run(void *page, size_t n);
size_t page_count_free(void);

/* n more free pages (or fewer: n < 0) that the heap must leave to others, for
 * what has to work when malloc() has used up the rest.  Whoever takes one of
 * them by page_alloc() keeps one less. */
void page_keep(ptrdiff_t n);

/* The lowest address there is, and the one below which the heap lies: 0, or
 * -ENOMEM when a page below it is in use or kept for others. */
void *page_base(void);
int page_set_floor(void *address);

/*
 * slab.h: small pieces of memory from pages of their own.
 *
 * For what must not compete with the program's malloc(): a page holds pieces
 * of one size, is taken when the first of them is wanted and given back with
 * the last; one page of each size stays.
 */
#pragma once

#include <stddef.h>

/* All pieces may take up so many bytes; whatever the heap does, it leaves pages
 * for half of them.  Called once. */
void slab_init(size_t limit);

void *slab_alloc(size_t n); /* aligned to 16 bytes; NULL: no pages left, or
                               beyond the limit */
void slab_free(void *piece);

size_t slab_in_use(void); /* bytes that the pieces take up */
size_t slab_idle(void);   /* pages that hold no piece, but may soon */

/* heap.h: the memory behind newlib's malloc. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Move the heap's end by n bytes, which may be negative: its old end, or
 * (void *)-1 with ENOMEM.  malloc() alone calls this. */
void *heap_grow(ptrdiff_t n);

size_t heap_size(void); /* bytes that malloc() has taken so */

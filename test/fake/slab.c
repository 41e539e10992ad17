/* slab.c: each piece by itself, so that the sanitizers watch its ends. */

#include "kernel/slab.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

void slab_keep(size_t bytes)
{
    (void)bytes;
}

void *slab_alloc(size_t n)
{
    return malloc(n);
}

void slab_free(void *piece)
{
    free(piece);
}

size_t slab_size(const void *piece)
{
    return malloc_usable_size((void *)(uintptr_t)piece);
}

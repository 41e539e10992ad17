/* slab.c: each piece by itself, so that the sanitizers watch its ends. */

#include "kernel/slab.h"

#include <malloc.h>
#include <stdlib.h>

static size_t in_use, most;

void slab_init(size_t limit)
{
    most = limit;
}

void *slab_alloc(size_t n)
{
    void *piece = n > most || in_use > most - n ? NULL : malloc(n);

    if (piece)
        in_use += malloc_usable_size(piece);
    return piece;
}

void slab_free(void *piece)
{
    in_use -= malloc_usable_size(piece);
    free(piece);
}

size_t slab_in_use(void)
{
    return in_use;
}

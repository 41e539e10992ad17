/* heap.c: the memory behind newlib's malloc, from the lowest page up. */

#include "lib/heap.h"

#include <errno.h>

#include "kernel/page.h"

static char *end; /* NULL: nobody has called malloc() */

size_t heap_size(void)
{
    return end ? (size_t)(end - (char *)page_base()) : 0;
}

void *heap_grow(ptrdiff_t n)
{
    char *old;

    if (!end)
        end = page_base();
    old = end;
    if ((n < 0 && old - (char *)page_base() < -n) || page_set_floor(old + n)) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end = old + n;
    return old;
}

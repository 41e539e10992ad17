/* heap.c: the memory behind newlib's malloc, from the lowest page up. */

#include "lib/heap.h"

#include <errno.h>

#include "kernel/page.h"

void *heap_grow(ptrdiff_t n)
{
    static char *end;
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

/* grow.h: arrays that become longer. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

/* Make room in the array *at, which has room for *room elements of a size, for
 * as many as are needed, and some more.  False: no memory; it is as it was. */
static inline bool grow(void **at, size_t *room, size_t needed, size_t size)
{
    size_t more = *room ? 2 * *room : 64;
    void *larger;

    if (needed <= *room)
        return true;
    if (more < needed)
        more = needed;
    larger = realloc(*at, more * size);
    if (!larger)
        return false;
    *at = larger;
    *room = more;
    return true;
}

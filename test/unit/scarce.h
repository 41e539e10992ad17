/* scarce.h: what tests of scarce memory share where there are packets. */
#pragma once

#include <criterion/criterion.h>

#include "kernel/buf.h"
#include "test/fake/scarce.h"

SCARCE(struct buf *, buf_alloc, (void), (), NULL)

/* The pool keeps the pages it has had: let it have had n. */
static inline void fill_pool(int n)
{
    struct buf *all = NULL;

    while (n-- > 0) {
        struct buf *b = buf_alloc();

        cr_assert(b);
        b->next = all;
        all = b;
    }
    buf_free(all);
}

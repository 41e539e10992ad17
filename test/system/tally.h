/* tally.h: what memory an in-guest test has left. */
#pragma once

#include <stddef.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "xen/netfront.h"

/* The pool keeps what it once had: let that not look like a leak. */
static inline void tally_fill_pool(void)
{
    struct buf *all = NULL, *b;

    while ((b = buf_alloc())) {
        b->next = all;
        all = b;
    }
    buf_free(all);
}

/* Free bytes: pages, and buffers that hold nothing.  The heap keeps what it
 * once had, too: compare after it has had all it needs. */
static inline size_t tally_free(void)
{
    const size_t held = buf_in_use() - net_posted();

    return (page_count_free() + buf_limit() - held) * PAGE_SIZE;
}

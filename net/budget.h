/*
 * budget.h: the memory that lwIP and the sockets' queues may take.
 *
 * Whatever peers do, the rest of memory stays the program's; whatever the
 * program does, half of the limit stays ours.  The last quarter is for what
 * makes memory free again: see budget_low().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/slab.h"

void budget_init(size_t limit); /* bytes */

/* What TCP's windows have beyond 32 KB: a sixth of the limit is for one.
 * lwIP's preprocessor takes part in this, so it is no function. */
extern uint32_t budget_window;

/* Three quarters of what can be had are in use: take no more data, in or out,
 * only the acknowledgements that let go of what is held. */
bool budget_low(void);

/* How much one of many may hold who may never give it back: the less is left
 * the less it is; 0 when only the least should be taken. */
size_t budget_share(void);

/* As malloc() and friends; NULL beyond the limit. */
static inline void *budget_malloc(size_t n)
{
    return slab_alloc(n);
}

void *budget_calloc(size_t n, size_t size);

static inline void budget_free(void *p)
{
    if (p)
        slab_free(p);
}

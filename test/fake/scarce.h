/*
 * scarce.h: memory that fails once, and everywhere in turn.
 *
 * A scenario is run with all it asks for, then without its first allocation,
 * then without its second, and so on until a run ends before its turn has come.
 * malloc() and its relatives come through here by SCARCE_FLAGS; so does what a
 * test adds by SCARCE().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

extern size_t mallocs_left; /* malloc() and its relatives fail at 0, for good */

/* Run scenario as above, and after each run settle(), in which nothing fails:
 * it ends what is under way.  Then what has been allocated is as much as after
 * the first run.  Returns how many allocations have failed, one at a time. */
size_t scarce_each(void (*scenario)(void), void (*settle)(void));

/* For what happens once in a process: the n-th from now fails. */
void scarce_arm(size_t n);

bool scarce_now(void); /* for allocators: this one fails */

/* One has failed in this run: from here on calls may fail. */
bool scarce_failed(void);

/* Was a call's result a success?  If not, errno must say that memory was
 * wanted, and wanted it must have been. */
bool scarce_fine(long result);

/* Make an allocator fail in its turn, too; it is linked with --wrap. */
#define SCARCE(type, name, params, args, failure)                              \
    type __real_##name params;                                                 \
    type __wrap_##name params;                                                 \
    type __wrap_##name params                                                  \
    {                                                                          \
        return scarce_now() ? (failure) : __real_##name args;                  \
    }

/*
 * mm.h: page tables, ours and Xen's to check.
 *
 * A PV guest's page tables are read-only to it and name machine frames; every
 * change is a hypercall.  The builder has mapped the image and what belongs
 * to it; mm_init() makes nothing of it both writable and executable.  The rest
 * of RAM is mapped when it is first used: that costs some 400 instructions a
 * page, most of them Xen's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The memory nobody uses yet: from free to end; from mapped on it is not
 * mapped, and mm_populate() does that. */
struct memory {
    void *free, *mapped, *end;
};
struct memory mm_init(void);
void mm_populate(void *from, size_t pages);

/* Take a page of ours out of the address space, and put it back: 0 or -errno.
 * For guard pages. */
int mm_unmap(void *page);
int mm_map(void *page);

/* Map a machine frame that Xen gave us, writable, where no RAM is; NULL when
 * the MM_WINDOW pages for this are used up. */
#define MM_WINDOW 64
void *mm_map_frame(uint64_t mfn);

/* Exchange the machine frames behind two pages of RAM; what was in them goes
 * with the frames.  For a page that another domain keeps mapped. */
void mm_exchange(const void *a, const void *b);

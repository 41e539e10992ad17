/*
 * mm.h: page tables, ours and Xen's to check.
 *
 * A PV guest's page tables are read-only to it and name machine frames; every
 * change is a hypercall.  The builder has mapped the image and what belongs
 * to it; mm_init() maps the rest of RAM and makes nothing both writable and
 * executable.
 */
#pragma once

#include <stdint.h>

/* Gives the memory nobody uses yet: from *start to *end. */
void mm_init(void **start, void **end);

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

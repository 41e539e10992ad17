/* page.h: how many pages there are, and how many are out. */
#pragma once

#include <stddef.h>

extern size_t fake_pages_free;    /* page_alloc() fails at 0 */
extern ptrdiff_t fake_pages_kept; /* by page_keep() */

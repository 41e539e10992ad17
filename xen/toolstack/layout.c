/*
 * layout.c: how much memory a guest needs to start.
 *
 * Xen's domain builder puts into a PV guest's memory, from its base on: the
 * image, the ramdisk, the table of machine frames (8 bytes a page), start_info,
 * the xenstore and console rings, page tables and a stack.  It maps all that,
 * at least 512 KB more, and on to a 4 MB boundary, and all of the mapping must
 * be memory (xen/xen.h, "start-of-day memory layout").
 */

#include "xen/toolstack/layout.h"

#include <stdbool.h>

#define PAGE_BYTES     4096ul
#define MEGABYTE       (1ul << 20)
#define MEGABYTE_PAGES (MEGABYTE / PAGE_BYTES)
#define RING_PAGES     3 /* start_info, xenstore, console */
#define STACK_PAGES    1
#define SLACK          (512 * 1024ul)
#define MAP_ALIGN      (4 * MEGABYTE)

static uint64_t pages_of(uint64_t bytes)
{
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

static uint64_t regions(uint64_t from, uint64_t to, unsigned shift)
{
    return ((to - 1) >> shift) - (from >> shift) + 1;
}

/* Page tables that map [from, to): levels 1 to 3 and the root. */
static uint64_t table_pages(uint64_t from, uint64_t to)
{
    return regions(from, to, 21) + regions(from, to, 30) +
           regions(from, to, 39) + 1;
}

/* Where the builder's mapping ends when pages in use, tables left out, end at
 * used_end: tables map themselves, so try until they fit. */
static uint64_t mapping_end(uint64_t base, uint64_t used_end)
{
    uint64_t end = (used_end + SLACK + MAP_ALIGN - 1) & ~(MAP_ALIGN - 1);

    while (used_end + SLACK + table_pages(base, end) * PAGE_BYTES > end)
        end += MAP_ALIGN;
    return end;
}

static bool fits(const struct elf_image *image, uint64_t used, uint64_t pool,
                 uint64_t mb)
{
    uint64_t base = image->virt_base, end = base + mb * MEGABYTE;

    used += pages_of(mb * MEGABYTE_PAGES * sizeof(uint64_t));
    /* The guest maps what the builder left unmapped: with as many tables. */
    return mapping_end(base, base + used * PAGE_BYTES) <= end &&
           used + table_pages(base, end) + pool <= mb * MEGABYTE_PAGES;
}

uint64_t layout_megabytes(const struct elf_image *image, uint64_t ramdisk_bytes,
                          uint32_t pool_pages)
{
    uint64_t used = pages_of(image->end - image->virt_base) +
                    pages_of(ramdisk_bytes) + RING_PAGES + STACK_PAGES;
    uint64_t mb = (used + pool_pages) / MEGABYTE_PAGES;

    while (!fits(image, used, pool_pages, mb))
        mb++;
    return mb;
}

/*
 * address.h: a PV guest's two kinds of address.
 *
 * All of our memory lies in one piece from image_start on, page by page in
 * the order of mfn_list; Xen shares its table from machine frames back to
 * our page numbers, at an address that is part of the ABI (xen/xen.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "xen/abi.h"
#include "xen/start.h"

#define PAGE_SHIFT 12

extern uint8_t image_start[]; /* arch/x86_64/link.lds */

static inline uint64_t virt_to_pfn(const void *p)
{
    return ((uintptr_t)p - (uintptr_t)image_start) >> PAGE_SHIFT;
}

/* p lies in our memory. */
static inline uint64_t virt_to_mfn(const void *p)
{
    const uint64_t *mfn_list =
        (const uint64_t *)(uintptr_t)start_info->mfn_list;

    return mfn_list[virt_to_pfn(p)];
}

/* mfn is one of ours, as those in start_info and in our page tables are. */
static inline void *mfn_to_virt(uint64_t mfn)
{
    const uint64_t *pfns = (const uint64_t *)MACH2PHYS_VIRT_START;

    return image_start + (pfns[mfn] << PAGE_SHIFT);
}

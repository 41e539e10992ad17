/* start.c: what Xen's domain builder leaves for a new guest. */

#include "xen/start.h"

#include "lib/util.h"
#include "xen/hypercall.h"

#define PTE_RW_NX 0x8000000000000063ul /* present, writable, no execute */

const struct start_info *start_info;
struct shared_info *shared_info;

static struct {
    char command_line[MAX_GUEST_CMDLINE + 1];
    _Alignas(PAGE_SIZE) uint8_t shared[PAGE_SIZE]; /* only its address */
} start;

void start_init(const struct start_info *si)
{
    start_info = si;
    memcpy(start.command_line, si->cmd_line, MAX_GUEST_CMDLINE);

    /* Cannot fail but for a bug of ours, and no console is up to say so. */
    mmu_op_map(start.shared, si->shared_info | PTE_RW_NX);
    shared_info = (struct shared_info *)(void *)start.shared;
}

const char *start_command_line(void)
{
    return start.command_line;
}

const void *start_ramdisk(size_t *size)
{
    *size = start_info->mod_len;
    return *size ? (const void *)start_info->mod_start : NULL;
}

bool start_in_ramdisk(const void *at, size_t n)
{
    const size_t from = (uintptr_t)at - start_info->mod_start;

    return from < start_info->mod_len && n <= start_info->mod_len - from;
}

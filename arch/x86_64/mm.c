/* mm.c: page tables: the rest of RAM, and W^X. */

#include "arch/x86_64/mm.h"

#include <string.h>

#include "arch/x86_64/address.h"
#include "kernel/panic.h"
#include "lib/util.h"
#include "xen/hypercall.h"

#define PRESENT 0x1ul
#define WRITE   0x2ul
#define TABLE   0x67ul /* present, writable, user, accessed, dirty */
#define LEAF    0x63ul /* Xen adds user: a PV kernel runs in ring 3 */
#define NX      0x8000000000000000ul
#define FRAME   0x000ffffffffff000ul

#define ENTRIES 512
#define L1_SPAN (ENTRIES * PAGE_SIZE) /* bytes under one level-1 table */
#define BATCH   32

extern uint8_t text_end[], data_start[], boot_stack_guard[]; /* link.lds */

static struct {
    uint8_t *next;   /* the first page nobody uses, while we take some */
    uint8_t *window; /* for mm_map_frame() */
    unsigned window_used;
} mm;

/* Index into the table of a level, 4 being the root. */
static unsigned index_at(uintptr_t va, int level)
{
    return (unsigned)(va >> (PAGE_SHIFT + 9 * (level - 1))) % ENTRIES;
}

static uint64_t *table_of(uint64_t entry)
{
    return mfn_to_virt((entry & FRAME) >> PAGE_SHIFT);
}

/* The entry for va in the table of the level given; NULL when a table above
 * it is missing. */
static uint64_t *entry_at(uintptr_t va, int level)
{
    uint64_t *table = (uint64_t *)start_info->pt_base;

    for (int l = 4; l > level; l--) {
        uint64_t entry = table[index_at(va, l)];

        if (!(entry & PRESENT))
            return NULL;
        table = table_of(entry);
    }
    return &table[index_at(va, level)];
}

static uint64_t machine(const void *p)
{
    return virt_to_mfn(p) << PAGE_SHIFT | (uintptr_t)p % PAGE_SIZE;
}

static void check(int err, const char *what)
{
    if (err)
        panic("mm: %s: error %d", what, err);
}

static void set_entry(const uint64_t *entry, uint64_t value)
{
    struct mmu_update u = {.ptr = machine(entry), .val = value};

    check(mmu_op_update(&u, 1), "cannot set a page table entry");
}

/* Hang a page with the entries filled in into the tree.  Xen accepts a page
 * as a table only while nobody can write to it. */
static void add_table(uintptr_t va, int level, uint64_t *table, uint64_t flags)
{
    uint64_t *above = entry_at(va, level + 1);

    if (!above) {
        uint64_t *between = (uint64_t *)(void *)mm.next;

        mm.next += PAGE_SIZE;
        memset(between, 0, PAGE_SIZE);
        add_table(va, level + 1, between, 0);
        above = entry_at(va, level + 1);
    }
    check(mmu_op_map(table, (machine(table) & FRAME) | PRESENT),
          "cannot make a page table read-only");
    set_entry(above, (machine(table) & FRAME) | TABLE | flags);
}

/* The builder maps whole level-1 tables.  Map what it left out below end, and
 * make everything from data_start on not executable. */
static void map_ram(uintptr_t end, uintptr_t tables_end)
{
    uintptr_t va = (uintptr_t)data_start;

    for (; va < tables_end; va += L1_SPAN) {
        uint64_t *l2 = entry_at(va, 2);

        if (l2 && *l2 & PRESENT) {
            set_entry(l2, *l2 | NX);
            continue;
        }
        uint64_t *table = (uint64_t *)(void *)mm.next;

        mm.next += PAGE_SIZE;
        memset(table, 0, PAGE_SIZE);
        for (unsigned i = 0; i < ENTRIES && va + i * PAGE_SIZE < end; i++)
            table[i] = virt_to_mfn((void *)(va + i * PAGE_SIZE)) << PAGE_SHIFT |
                       LEAF | NX;
        add_table(va, 1, table, NX);
    }
}

/* Text becomes read-only, read-only data not executable either. */
static void protect_image(void)
{
    struct mmu_update batch[BATCH];
    size_t n = 0;

    for (uint8_t *p = image_start; p < data_start; p += PAGE_SIZE) {
        const uint64_t *entry = entry_at((uintptr_t)p, 1);

        batch[n++] = (struct mmu_update){
            .ptr = machine(entry),
            .val = (*entry & ~WRITE) | (p < text_end ? 0 : NX),
        };
        if (n == BATCH || p + PAGE_SIZE == data_start) {
            check(mmu_op_update(batch, n), "cannot protect the image");
            n = 0;
        }
    }
    check(mmu_op_flush(), "cannot flush");
}

/*
 * From xen/xen.h: the image, the ramdisk, mfn_list, start_info, the two ring
 * pages, the page tables and one stack page lie in this order, and at least
 * 512 KB after them are mapped: room for the tables of 256 MB, the first of
 * which map the room for more.
 */
void mm_init(void **start, void **end)
{
    uintptr_t ram_end =
        (uintptr_t)image_start + start_info->nr_pages * PAGE_SIZE;

    mm.next = (uint8_t *)(start_info->pt_base +
                          (start_info->nr_pt_frames + 1) * PAGE_SIZE);
    mm.window = (uint8_t *)ram_end;
    map_ram(ram_end, ram_end + MM_WINDOW * PAGE_SIZE);
    protect_image();
    check(mm_unmap(boot_stack_guard), "cannot unmap the guard page");
    *start = mm.next;
    *end = (void *)ram_end;
}

int mm_unmap(void *page)
{
    return mmu_op_map(page, 0);
}

int mm_map(void *page)
{
    return mmu_op_map(page, (machine(page) & FRAME) | LEAF | NX);
}

void *mm_map_frame(uint64_t mfn)
{
    void *page = mm.window + mm.window_used * PAGE_SIZE;

    if (mm.window_used == MM_WINDOW ||
        mmu_op_map(page, mfn << PAGE_SHIFT | LEAF | NX))
        return NULL;
    mm.window_used++;
    return page;
}

void mm_exchange(const void *a, const void *b)
{
    uint64_t *mfn_list = (uint64_t *)start_info->mfn_list;
    const uint64_t *entry_a = entry_at((uintptr_t)a, 1);
    const uint64_t *entry_b = entry_at((uintptr_t)b, 1);
    uint64_t frame_a = machine(a) & FRAME, frame_b = machine(b) & FRAME;
    const struct mmu_update updates[] = {
        {.ptr = machine(entry_a), .val = frame_b | (*entry_a & ~FRAME)},
        {.ptr = machine(entry_b), .val = frame_a | (*entry_b & ~FRAME)},
        {.ptr = frame_b | MMU_MACHPHYS_UPDATE, .val = virt_to_pfn(a)},
        {.ptr = frame_a | MMU_MACHPHYS_UPDATE, .val = virt_to_pfn(b)},
    };

    check(mmu_op_update(updates, ARRAY_LEN(updates)),
          "cannot exchange two pages");
    check(mmu_op_flush(), "cannot flush");
    mfn_list[virt_to_pfn(a)] = frame_b >> PAGE_SHIFT;
    mfn_list[virt_to_pfn(b)] = frame_a >> PAGE_SHIFT;
}

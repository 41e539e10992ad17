/* mm.c: page tables: W^X, and the rest of RAM when it is first used. */

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
    uint8_t *next;   /* of the pages put aside for tables */
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

/* A page of those put aside for tables, with no entries yet. */
static uint64_t *take_table(void)
{
    uint64_t *table = (uint64_t *)(void *)mm.next;

    mm.next += PAGE_SIZE;
    memset(table, 0, PAGE_SIZE);
    return table;
}

/* Hang a page with the entries filled in into the tree.  Xen accepts a page
 * as a table only while nobody can write to it. */
static void hang(uintptr_t va, int level, uint64_t *table, uint64_t flags)
{
    if (!entry_at(va, level + 1))
        hang(va, level + 1, take_table(), 0);
    check(mmu_op_map(table, (machine(table) & FRAME) | PRESENT | NX),
          "cannot make a page table read-only");
    set_entry(entry_at(va, level + 1),
              (machine(table) & FRAME) | TABLE | flags);
}

/* Updates that go to Xen together. */
struct batch {
    struct mmu_update updates[BATCH];
    size_t n;
};

static void flush(struct batch *b)
{
    if (b->n)
        check(mmu_op_update(b->updates, b->n), "cannot set page table entries");
    b->n = 0;
}

/* at: the entry's machine address. */
static void update(struct batch *b, uint64_t at, uint64_t value)
{
    b->updates[b->n++] = (struct mmu_update){.ptr = at, .val = value};
    if (b->n == BATCH)
        flush(b);
}

/* Entries for n pages in the table that is there. */
static void populate_table(const uint8_t *p, size_t n)
{
    uint64_t at = machine(entry_at((uintptr_t)p, 1));
    struct batch b = {.n = 0};

    for (; n; n--, p += PAGE_SIZE, at += sizeof(at))
        update(&b, at, machine(p) | LEAF | NX);
    flush(&b);
}

/* A new table with n pages in it: Xen looks at all of them in one go, which is
 * cheaper than one by one. */
static void make_table(uintptr_t va, size_t n)
{
    uint64_t *table = take_table();
    const size_t first = index_at(va, 1);

    for (size_t i = 0; i < n; i++)
        table[first + i] = machine((void *)(va + i * PAGE_SIZE)) | LEAF | NX;
    hang(va, 1, table, NX);
}

void mm_populate(void *from, size_t pages)
{
    for (uint8_t *p = from; pages;) {
        size_t n = ENTRIES - index_at((uintptr_t)p, 1);

        if (n > pages)
            n = pages;
        if (entry_at((uintptr_t)p, 1))
            populate_table(p, n);
        else
            make_table((uintptr_t)p, n);
        p += n * PAGE_SIZE;
        pages -= n;
    }
}

/*
 * The builder has mapped whole level-1 tables, all of it writable and
 * executable.  Text becomes read-only, read-only data and all that lies behind
 * not executable: by one bit of each level-2 entry where no text is below it.
 * Returns the end of what is mapped.
 */
static uintptr_t protect(void)
{
    const uintptr_t span = round_up((uintptr_t)text_end, L1_SPAN);
    const uintptr_t from =
        span < (uintptr_t)data_start ? (uintptr_t)data_start : span;
    uintptr_t va = (uintptr_t)image_start;
    struct batch b = {.n = 0};
    uint64_t *entry = NULL, at = 0;

    for (; va < from; va += PAGE_SIZE, entry++, at += sizeof(at)) {
        if (!entry || va % L1_SPAN == 0) {
            entry = entry_at(va, 1);
            at = machine(entry);
        }
        update(&b, at,
               (va < (uintptr_t)data_start ? *entry & ~WRITE : *entry) |
                   (va < (uintptr_t)text_end ? 0 : NX));
    }
    flush(&b);
    for (; (entry = entry_at(va, 2)) && *entry & PRESENT; va += L1_SPAN)
        set_entry(entry, *entry | NX);
    check(mmu_op_flush(), "cannot flush");
    return va;
}

/* Pages for the tables that map what lies from one address to another. */
static size_t tables_for(uintptr_t from, uintptr_t to)
{
    size_t n = 0;

    for (int shift = 21; shift < 48 && from < to; shift += 9)
        n += ((to - 1) >> shift) - (from >> shift) + 1;
    return n;
}

/*
 * From xen/xen.h: the image, the ramdisk, mfn_list, start_info, the two ring
 * pages, the page tables and one stack page lie in this order, and at least
 * 512 KB after them are mapped: room for the tables of 256 MB, the first of
 * which map the room for more.
 */
struct memory mm_init(void)
{
    const uintptr_t end =
        (uintptr_t)image_start + start_info->nr_pages * PAGE_SIZE;
    uintptr_t mapped = protect(), free;

    mm.next = (uint8_t *)(start_info->pt_base +
                          (start_info->nr_pt_frames + 1) * PAGE_SIZE);
    mm.window = (uint8_t *)end;
    free = (uintptr_t)mm.next +
           tables_for(mapped, end + MM_WINDOW * PAGE_SIZE) * PAGE_SIZE;
    if (mapped < free) {
        mm_populate((void *)mapped, (free - mapped) / PAGE_SIZE);
        mapped = free;
    }
    check(mm_unmap(boot_stack_guard), "cannot unmap the guard page");
    return (struct memory){(void *)free, (void *)mapped, (void *)end};
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

    if (mm.window_used == MM_WINDOW)
        return NULL;
    if (!entry_at((uintptr_t)page, 1))
        make_table((uintptr_t)page, 0);
    if (mmu_op_map(page, mfn << PAGE_SHIFT | LEAF | NX))
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

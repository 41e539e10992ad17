/* gnttab.c: letting a back-end at our pages. */

#include "xen/gnttab.h"

#include <assert.h>
#include <errno.h>

#include "arch/x86_64/address.h"
#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "lib/shared.h"
#include "lib/util.h"
#include "xen/hypercall.h"

#define PER_FRAME  (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define FRAMES_MAX 32 /* 16384 references; each frame holds 512 */

/*
 * A reference not in use links to the next free one through its frame field,
 * which nobody else looks at while flags is 0.
 */
static struct {
    grant_entry_v1_t *frame[FRAMES_MAX];
    unsigned frames;
    gref_t free; /* 0: none */
    gref_t next; /* from here on none was ever claimed */
    size_t count;
} gnttab;

static grant_entry_v1_t *entry(gref_t ref)
{
    return &gnttab.frame[ref / PER_FRAME][ref % PER_FRAME];
}

/* Map one more frame of the table. */
static COLD int grow(void)
{
    unsigned long mfn[FRAMES_MAX] = {0};
    unsigned n = gnttab.frames;
    int err;

    if (n == FRAMES_MAX)
        return -ENOSPC;
    if ((err = gnttab_op_setup(mfn, n + 1)))
        return err;
    if (!(gnttab.frame[n] = mm_map_frame(mfn[n])))
        return -ENOSPC;
    gnttab.frames = n + 1;
    gnttab.count += PER_FRAME;
    if (n == 0) {
        gnttab.next = GNTTAB_NR_RESERVED_ENTRIES; /* Xen's own */
        gnttab.count -= GNTTAB_NR_RESERVED_ENTRIES;
    }
    return 0;
}

static COLD gref_t take(void)
{
    const gref_t ref = gnttab.free;

    gnttab.count--;
    if (!ref)
        return gnttab.next++;
    gnttab.free = entry(ref)->frame;
    return ref;
}

COLD int gnttab_claim(gref_t *refs, size_t n)
{
    while (gnttab.count < n)
        if (grow())
            return -ENOSPC;
    for (size_t i = 0; i < n; i++)
        refs[i] = take();
    return 0;
}

COLD void gnttab_release(const gref_t *refs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(entry(refs[i])->flags == 0);
        entry(refs[i])->frame = gnttab.free;
        gnttab.free = refs[i];
        gnttab.count++;
    }
}

void gnttab_share(gref_t ref, uint16_t peer, const void *addr, bool writable)
{
    grant_entry_v1_t *e = entry(ref);

    e->domid = peer;
    e->frame = (uint32_t)virt_to_mfn(addr);
    /* Release: Xen sees the frame before the permission. */
    store_release(&e->flags, (uint16_t)(GTF_permit_access |
                                        (writable ? 0 : GTF_readonly)));
}

int gnttab_unshare(gref_t ref)
{
    grant_entry_v1_t *e = entry(ref);
    uint16_t flags = load_acquire(&e->flags);

    /* Xen sets GTF_reading and GTF_writing while the page is mapped; the
     * permission may go only in one step with a look at them. */
    do {
        if (flags & (GTF_reading | GTF_writing))
            return -EBUSY;
    } while (!swap_if(&e->flags, &flags, 0));
    return 0;
}

COLD size_t gnttab_in_use(void)
{
    return gnttab.frames == 0 ? 0
                              : gnttab.frames * PER_FRAME -
                                    GNTTAB_NR_RESERVED_ENTRIES - gnttab.count;
}

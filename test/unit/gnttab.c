#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "arch/x86_64/address.h"
#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "xen/gnttab.h"

/* Some memory with frames that tell which page they are. */
_Alignas(4096) uint8_t image_start[8 * 4096];
static const uint64_t frames[8] = {70, 71, 72, 73, 74, 75, 76, 77};
static struct start_info info;
const struct start_info *start_info = &info;
struct shared_info *shared_info;

#define FRAMES_MAX 32

static grant_entry_v1_t table[FRAMES_MAX + 1][512];
static unsigned mapped, limit = 8, window = FRAMES_MAX + 1;

long hypercall3(long nr, uint64_t op, uint64_t arg, uint64_t n)
{
    struct gnttab_setup_table *setup = (void *)arg;
    unsigned long *list;

    cr_assert_eq(nr, __HYPERVISOR_grant_table_op);
    cr_assert_eq(op, GNTTABOP_setup_table);
    cr_assert_eq(n, 1);
    if (setup->nr_frames > limit) {
        setup->status = GNTST_general_error;
        return 0;
    }
    list = setup->frame_list.p;
    for (unsigned i = 0; i < setup->nr_frames; i++)
        list[i] = 1000 + i;
    setup->status = GNTST_okay;
    return 0;
}

void *mm_map_frame(uint64_t mfn)
{
    cr_assert_eq(mfn, 1000 + mapped);
    return mapped < window ? table[mapped++] : NULL;
}

static grant_entry_v1_t *entry(gref_t ref)
{
    return &table[ref / 512][ref % 512];
}

static void init(void)
{
    info.mfn_list = (uintptr_t)frames;
}

TestSuite(gnttab, .init = init);

Test(gnttab, claims_each_reference_once_and_none_of_xens)
{
    static gref_t refs[8 * 512];
    static int seen[8 * 512];
    size_t n = 8 * 512 - 8;

    cr_assert_eq(gnttab_in_use(), 0);
    cr_assert_eq(gnttab_claim(refs, n), 0);
    cr_assert_eq(gnttab_in_use(), n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_geq(refs[i], 8);
        cr_assert_lt(refs[i], 8 * 512);
        cr_assert_eq(seen[refs[i]]++, 0);
    }
    cr_assert_eq(gnttab_claim(refs, 1), -ENOSPC);
    gnttab_release(refs + 5, 2);
    cr_assert_eq(gnttab_in_use(), n - 2);
    gref_t again[3];
    cr_assert_eq(gnttab_claim(again, 3), -ENOSPC, "all or none");
    cr_assert_eq(gnttab_claim(again, 2), 0);
    cr_assert((again[0] == refs[5] && again[1] == refs[6]) ||
              (again[0] == refs[6] && again[1] == refs[5]));
}

Test(gnttab, shares_the_page_of_an_address_with_one_peer)
{
    gref_t ref;

    cr_assert_eq(gnttab_claim(&ref, 1), 0);
    cr_assert_geq(ref, 8);
    gnttab_share(ref, 3, image_start + 2 * 4096 + 100, false);
    cr_assert_eq(entry(ref)->frame, 72);
    cr_assert_eq(entry(ref)->domid, 3);
    cr_assert_eq(entry(ref)->flags, GTF_permit_access | GTF_readonly);
    cr_assert_eq(gnttab_unshare(ref), 0);
    cr_assert_eq(entry(ref)->flags, 0);
    gnttab_share(ref, 0, image_start + 5 * 4096, true);
    cr_assert_eq(entry(ref)->frame, 75);
    cr_assert_eq(entry(ref)->flags, GTF_permit_access);
}

Test(gnttab, a_mapped_page_is_not_taken_back)
{
    gref_t ref;

    gnttab_claim(&ref, 1);
    gnttab_share(ref, 0, image_start, true);
    entry(ref)->flags |= GTF_reading | GTF_writing;
    cr_assert_eq(gnttab_unshare(ref), -EBUSY);
    cr_assert(entry(ref)->flags & GTF_permit_access);
    entry(ref)->flags &= (uint16_t)~GTF_writing;
    cr_assert_eq(gnttab_unshare(ref), -EBUSY, "reading is mapped as well");
    entry(ref)->flags &= (uint16_t)~GTF_reading;
    cr_assert_eq(gnttab_unshare(ref), 0);
    cr_assert_eq(gnttab_unshare(ref), 0, "not shared: nothing to do");
}

Test(gnttab, releasing_what_is_shared_is_a_bug, .signal = SIGABRT)
{
    gref_t ref;

    gnttab_claim(&ref, 1);
    gnttab_share(ref, 0, image_start, true);
    gnttab_release(&ref, 1);
}

Test(gnttab, a_refusal_by_xen_is_an_error)
{
    gref_t refs[600];

    limit = 1;
    cr_assert_eq(gnttab_claim(refs, 600), -ENOSPC);
    cr_assert_eq(gnttab_claim(refs, 504), 0, "what there is can be had");
}

Test(gnttab, takes_no_more_frames_than_it_can_count)
{
    static gref_t refs[FRAMES_MAX * 512];
    size_t all = FRAMES_MAX * 512 - 8;

    limit = FRAMES_MAX + 1;
    cr_assert_eq(gnttab_claim(refs, all + 1), -ENOSPC);
    cr_assert_eq(mapped, FRAMES_MAX);
    cr_assert_eq(gnttab_claim(refs, all), 0);
    cr_assert_eq(gnttab_in_use(), all);
}

Test(gnttab, a_frame_that_cannot_be_mapped_is_an_error)
{
    gref_t refs[600];

    window = 1;
    cr_assert_eq(gnttab_claim(refs, 600), -ENOSPC);
    cr_assert_eq(gnttab_claim(refs, 504), 0);
    window = 2;
    cr_assert_eq(gnttab_claim(refs, 512), 0, "and tried again");
}

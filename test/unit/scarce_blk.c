/* scarce_blk.c: the disk front-end, whichever of its allocations fails. */

#include "test/fake/scarce.h"
#include "test/unit/blk.h"

SCARCE(int, gnttab_claim, (gref_t * refs, size_t n), (refs, n), -ENOSPC)

static void settle(void)
{
    cr_assert(fake_clean(), "claimed %u shared %u pages %zu", fake.claimed,
              fake.shared, fake_pages_free);
}

/* At odd addresses all of it goes through pages of the front-end's own: with
 * fewer of them it takes longer, and no less. */
static void use(void)
{
    struct blk *blk = blk_open(DISK_ID);

    if (!scarce_fine(blk ? 0 : -1))
        return;
    memset(disk.disk, 0, sizeof(disk.disk));
    memset(in, 0, sizeof(in));
    cr_assert_eq(blk_write(blk, 8, out + 1, 1000), 0);
    cr_assert_arr_eq(disk.disk + 8 * 512, out + 1, 512000);
    cr_assert_eq(blk_read(blk, 8, in + 1, 1000), 0);
    cr_assert_arr_eq(in + 1, out + 1, 512000);
    cr_assert_eq(blk_flush(blk), 0);
    blk_close(blk);
}

Test(scarce_blk, every_failure_is_told_or_made_up_for, .init = start)
{
    /* The references of 32 requests, and bounce pages for two calls. */
    cr_assert_geq(scarce_each(use, settle), 32 + 2 * 30);
}

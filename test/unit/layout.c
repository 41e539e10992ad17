/* layout.c: what Xen's builder takes, as tried on Xen 4.17. */

#include <criterion/criterion.h>
#include "xen/toolstack/layout.h"

#define MEGABYTE (1ul << 20)

static uint64_t need(uint64_t base, uint64_t bytes, uint32_t pool,
                     uint64_t ramdisk)
{
    struct elf_image image = {.virt_base = base, .end = base + bytes};

    return layout_megabytes(&image, ramdisk, pool);
}

Test(layout, the_mapping_ends_at_a_4_mb_boundary_and_must_be_memory)
{
    cr_assert_eq(need(0x40000000, 60000, 0, 0), 4);
    cr_assert_eq(need(0x40200000, 60000, 0, 0), 2);
    cr_assert_eq(need(0x40300000, 60000, 0, 0), 1);
    cr_assert_eq(need(0x401f0000, 60000, 0, 0), 3);
}

Test(layout, the_builders_slack_belongs_to_the_mapping)
{
    /* 4 pages of rings and stack, 2 of p2m, 5 of tables: 11 and 128 */
    cr_assert_eq(need(0x40000000, 4 * MEGABYTE - 139 * 4096, 0, 0), 4);
    cr_assert_eq(need(0x40000000, 4 * MEGABYTE - 138 * 4096, 0, 0), 8);
}

Test(layout, the_slack_is_free_for_the_pool)
{
    uint64_t used = 16 + 4 + 2 + 5; /* image, rings and stack, p2m, tables */

    cr_assert_eq(need(0x40000000, 65536, (uint32_t)(1024 - used), 0), 4);
    cr_assert_eq(need(0x40000000, 65536, (uint32_t)(1025 - used), 0), 5);
    cr_assert_eq(need(0x40000000, 65537, (uint32_t)(1024 - used), 0), 5);
}

Test(layout, a_ramdisk_takes_its_pages_and_more_table)
{
    uint64_t small = need(0x40000000, 65536, 1000, 0);

    cr_assert_eq(need(0x40000000, 65536, 1000, 20 * MEGABYTE), small + 20);
    /* each 256 MB of memory cost 128 pages of p2m and 128 of page tables */
    cr_assert_eq(need(0x40000000, 65536, 1000, 256 * MEGABYTE), small + 257);
}

Test(layout, memory_above_the_mapping_is_enough_whatever_the_size)
{
    for (uint64_t ramdisk = 0; ramdisk < 64 * MEGABYTE; ramdisk += 333333) {
        uint64_t mb = need(0x401f0000, 300000, 500, ramdisk);

        cr_assert_geq(mb * MEGABYTE, 300000 + 500 * 4096 + ramdisk);
        cr_assert_leq(mb * MEGABYTE,
                      300000 + 500 * 4096 + ramdisk + 5 * MEGABYTE);
    }
}

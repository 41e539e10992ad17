/* blk.h: what the tests of the disk front-end share. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "lib/util.h"
#include "test/fake/blkback.h"
#include "test/fake/page.h"
#include "xen/blkfront.h"

#define ROOM (DISK_SECTORS * 512 + 2 * 4096)

static _Alignas(4096) uint8_t out[ROOM], in[ROOM];

static inline void start(void)
{
    fake_start();
    fake.run = blkback_run;
    for (size_t i = 0; i < ROOM; i++)
        out[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof(disk.disk); i++)
        disk.disk[i] = (uint8_t)(i * 5 + i / 509);
}

static inline struct blk *up(void)
{
    struct blk *blk = blk_open(DISK_ID);

    cr_assert(blk);
    return blk;
}

static inline void down(struct blk *blk)
{
    blk_close(blk);
    cr_assert(fake_clean(), "claimed %u shared %u lost %u pages %zu",
              fake.claimed, fake.shared, fake.lost, fake_pages_free);
}

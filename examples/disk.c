/* disk.c: tries a disk out: writes, flushes and reads back its first sectors,
 * and leaves them as they were.  `-- 51728` in extra= takes xvdb, not xvda. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen/blkfront.h"
#include "xen/clock.h"

#define XVDA   51712
#define SECTOR 512
#define BYTES  (1u << 20)

static _Alignas(4096) uint8_t before[BYTES], pattern[BYTES], after[BYTES];

static void check(const char *what, int err)
{
    if (!err)
        return;
    iprintf("disk: cannot %s: %s\n", what, strerror(-err));
    exit(1);
}

static void say_rate(const char *what, unsigned sectors, uint64_t since)
{
    uint64_t us = (clock_now() - since) / 1000 + 1;
    uint64_t bytes = (uint64_t)sectors * SECTOR;

    iprintf("disk: %s %" PRIu64 " bytes in %" PRIu64 " us, %" PRIu64 " KB/s\n",
            what, bytes, us, bytes * 1000 / us);
}

static struct blk *open_disk(unsigned id)
{
    struct blk *blk = blk_open(id);

    if (!blk && errno == ENODEV)
        iprintf("disk: there is no disk %u: give the guest one by a line like\n"
                "disk = ['format=raw,vdev=xvda,access=rw,target=/path']\n",
                id);
    else if (!blk)
        iprintf("disk: cannot open disk %u: %s\n", id, strerror(errno));
    return blk;
}

/* What was on the disk is back on it when this returns. */
static void try_out(struct blk *blk, unsigned n)
{
    uint64_t start;
    int err;

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    start = clock_now();
    check("write", blk_write(blk, 0, pattern, n));
    say_rate("wrote", n, start);
    if ((err = blk_flush(blk)) == -EOPNOTSUPP)
        puts("disk: it cannot be flushed");
    else
        check("flush", err);
    start = clock_now();
    check("read", blk_read(blk, 0, after, n));
    say_rate("read", n, start);
    check("restore what was there", blk_write(blk, 0, before, n));
    if (err == 0)
        check("flush", blk_flush(blk));
}

int main(int argc, char *argv[])
{
    struct blk *blk = open_disk(argc > 1 ? (unsigned)atoi(argv[1]) : XVDA);
    unsigned n = BYTES / SECTOR;

    if (!blk)
        return 1;
    iprintf("disk: %" PRIu64 " sectors of 512 bytes, in units of %u bytes\n",
            blk_sectors(blk), blk_sector_size(blk));
    if (blk_sectors(blk) < n)
        n = (unsigned)blk_sectors(blk);
    check("read", blk_read(blk, 0, before, n));
    if (blk_readonly(blk)) {
        puts("disk: it is read-only, and can be read");
    } else {
        try_out(blk, n);
        if (memcmp(after, pattern, (size_t)n * SECTOR) != 0) {
            puts("disk: what was read is not what was written");
            return 1;
        }
        puts("disk: what was read is what was written");
    }
    blk_close(blk);
    return 0;
}

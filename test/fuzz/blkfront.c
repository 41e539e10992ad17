/* blkfront.c: a back-end that answers anything, to calls inside calls: each is
 * another thread that runs while the first one waits. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "test/fake/blkback.h"
#include "test/fake/page.h"
#include "xen/blkfront.h"

#define DEPTH 12
#define ROOM  (64 * 4096)
#define TEXT  24

static _Alignas(4096) uint8_t memory[DEPTH + 1][ROOM];
static const uint8_t *at, *end;
static struct blk *blk;
static unsigned depth;
static bool lied; /* then the ring is no longer what an honest one expects */
static size_t hoarded; /* pages that are not free for a while */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int truth)
{
    if (!truth)
        abort();
}

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

/* One call of a thread's; then no one else can reach its memory. */
static void call(void)
{
    uint8_t *own = memory[depth];
    unsigned n = next(), offset = next() * 64u;
    uint64_t sector = next() * 32u;
    int err;

    /* The fake's disk is no larger, whatever xenstore says. */
    if (sector > DISK_SECTORS)
        sector = DISK_SECTORS;
    if (sector + n > DISK_SECTORS)
        n = (unsigned)(DISK_SECTORS - sector);
    switch (next() % 4) {
    case 0:
        err = blk_flush(blk);
        check(disk.flush || err == -EOPNOTSUPP);
        break;
    case 1:
        err = blk_write(blk, sector, own + offset, n);
        check(err || !blk_readonly(blk));
        break;
    default:
        err = blk_read(blk, sector, own + offset, n);
        break;
    }
    check(err == 0 || err == -EIO || err == -EINVAL || err == -EROFS ||
          err == -EOPNOTSUPP);
    check(!fake_reaches(own, own + ROOM));
}

static void lie(void)
{
    unsigned what = next(), which = next();
    struct blkif_response rsp = {.id = which, .operation = next() % 4};

    lied = true;
    blkback_take();
    rsp.status = (int8_t)next();
    if (what & 1 && disk.waiting > 0) {
        rsp.id = disk.taken[which % disk.waiting].id;
        rsp.operation = disk.taken[which % disk.waiting].operation;
    }
    if (what & 2)
        rsp.id |= 1ull << which % 64;
    if (what & 4)
        disk.ring.rsp_prod_pvt += what & 8 ? 1u << which % 32 : which % 3;
    lie_blk(rsp);
}

static void hoard(size_t n)
{
    size_t all = fake_pages_free + hoarded;

    hoarded = n < all ? n : all;
    fake_pages_free = all - hoarded;
}

static void leave(void)
{
    if (!disk.peer.dev->broken)
        xenbus_fail(disk.peer.dev, "the back-end went away");
}

static void world(void)
{
    depth++;
    switch (at < end ? next() % 8 : 8) {
    case 0:
    case 1:
        if (depth < DEPTH)
            call();
        break;
    case 2:
        disk.status = (int8_t)(next() % 4 - 2);
        break;
    case 3:
        lie();
        blkback_push();
        break;
    case 4:
        fake.busy = next() & 1;
        break;
    case 5:
        leave();
        break;
    case 6:
        hoard(next() % 64);
        break;
    case 7:
        blkback_take();
        if (!lied && disk.waiting > 0)
            blkback_answer(next() % disk.waiting);
        blkback_push();
        break;
    default: /* the input's end: nobody waits for ever */
        hoard(0);
        if (lied)
            leave();
        else
            blkback_run();
        break;
    }
    depth--;
}

/* A text of the back-end's in xenstore: a good one, any, or none. */
static const char *text(char any[TEXT], const char *good)
{
    unsigned what = next() % 8;

    for (unsigned i = 0; what == 7 && i < TEXT - 1; i++)
        any[i] = (char)next();
    return what == 7 ? any : what == 6 ? NULL : good;
}

static void open_disk(void)
{
    static char any[4][TEXT];
    unsigned what = next();

    disk.sector_size = text(any[0], what & 1 ? "512" : "4096");
    disk.sectors = text(any[1], "4096");
    disk.info = text(any[2], what & 6 ? "0" : "4");
    disk.flush = text(any[3], "1");
    disk.peer.ring_err = what >> 3 == 1 ? -ENOMEM : 0;
    disk.peer.connect_err = what >> 3 == 2 ? -EIO : 0;
    fake.claims_left = what >> 3 == 3 ? 9 : 0;
    hoard(what >> 3 == 4 ? SIZE_MAX : 0);
    blk = blk_open(DISK_ID);
    hoard(0);
    check(!blk || !blk_broken(blk));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pages = fake_pages_free;

    at = data;
    end = data + size;
    depth = 0;
    lied = false;
    fake_start();
    fake.run = world;
    open_disk();
    while (blk && at < end)
        call();
    hoard(0);
    fake.busy = false;
    if (blk)
        blk_close(blk);
    check(disk.peer.fails <= 1);
    check(fake_clean());
    fake_free_lost();
    check(fake_pages_free == pages);
    return 0;
}

/* copy: copies xvda, read-only, to xvdb by several threads; then xvdb goes
 * away and comes back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/address.h"
#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "test/system/verdict.h"
#include "xen/blkfront.h"
#include "xen/clock.h"

#define XVDA    51712
#define XVDB    51728
#define SECTOR  512u
#define THREADS 5
#define CHUNK   400u /* sectors: more requests than the ring has slots */
#define MS      1000000ull

static struct blk *from, *to;
static unsigned running;
static struct waitq done;

/* Each thread has its own idea of where a buffer begins. */
static struct copier {
    unsigned first, offset;
} copiers[THREADS] = {{0, 0}, {1, 512}, {2, 3584}, {3, 100}, {4, 4095}};

static void copy_chunk(uint64_t at, uint8_t *data)
{
    uint64_t left = blk_sectors(from) - at;
    unsigned n = left < CHUNK ? (unsigned)left : CHUNK;
    unsigned half = n / 16 * 8;

    memset(data, 0xee, CHUNK * SECTOR);
    CHECK(blk_read(from, at, data, n) == 0);
    CHECK(blk_write(to, at, data, half) == 0);
    CHECK(blk_write(to, at + half, data + half * SECTOR, n - half) == 0);
}

static void copy(void *arg)
{
    const struct copier *me = arg;
    uint8_t *memory = malloc(CHUNK * SECTOR + 2 * PAGE_SIZE);
    uint8_t *data = memory + (PAGE_SIZE - (uintptr_t)memory % PAGE_SIZE);

    CHECK(memory);
    for (uint64_t at = me->first * CHUNK; at < blk_sectors(from);
         at += THREADS * CHUNK)
        copy_chunk(at, data + me->offset);
    free(memory);
    running--;
    waitq_wake(&done);
}

static void copy_all(void)
{
    for (int i = 0; i < THREADS; i++)
        CHECK(thread_create("copy", copy, &copiers[i]));
    running = THREADS;
    while (running > 0)
        waitq_wait(&done);
    CHECK(blk_flush(to) == 0);
}

static void check_limits(void)
{
    static uint8_t data[4096];
    uint64_t end = blk_sectors(to);

    CHECK(blk_readonly(from) && !blk_readonly(to));
    CHECK(blk_write(from, 0, data, 8) == -EROFS);
    CHECK(blk_read(to, end, data, 8) == -EINVAL);
    CHECK(blk_write(to, end - 7, data, 8) == -EINVAL);
    CHECK(blk_read(to, UINT64_MAX - 3, data, 8) == -EINVAL);
    CHECK(blk_read(to, end - 8, data, 8) == 0);
    CHECK(blk_read(to, end, data, 0) == 0);
    CHECK(blk_read(to, 1, data, 7) ==
          (blk_sector_size(to) == SECTOR ? 0 : -EINVAL));
}

/* The frames change places, the addresses stay. */
static void check_exchange(void)
{
    uint8_t *a = page_alloc(), *b = page_alloc();
    uint64_t mfn_a = virt_to_mfn(a), mfn_b = virt_to_mfn(b);

    memset(a, 'a', PAGE_SIZE);
    memset(b, 'b', PAGE_SIZE);
    mm_exchange(a, b);
    CHECK(a[0] == 'b' && a[4095] == 'b' && b[0] == 'a' && b[4095] == 'a');
    CHECK(virt_to_mfn(a) == mfn_b && virt_to_mfn(b) == mfn_a);
    CHECK(mfn_to_virt(mfn_a) == b && mfn_to_virt(mfn_b) == a);
    memset(a, 'c', PAGE_SIZE);
    CHECK(blk_write(to, 0, a, 8) == 0 && blk_read(to, 0, b, 8) == 0);
    CHECK(b[0] == 'c' && b[4095] == 'c');
    page_free(a);
    page_free(b);
}

static void wait_for_end(void)
{
    static uint8_t data[4096];

    while (!blk_broken(to))
        thread_sleep(clock_now() + 50 * MS);
    CHECK(blk_read(to, 0, data, 8) == -EIO);
    CHECK(blk_flush(to) == -EIO);
    blk_close(to);
    printf("closed\n");
    while (!(to = blk_open(XVDB)))
        thread_sleep(clock_now() + 50 * MS);
}

int main(void)
{
    size_t pages;

    CHECK(!blk_open(1) && errno == ENODEV);
    CHECK((from = blk_open(XVDA)) && (to = blk_open(XVDB)));
    CHECK(blk_sectors(from) == blk_sectors(to));
    printf("units of %u and %u\n", blk_sector_size(from), blk_sector_size(to));
    check_exchange();
    copy_all();
    check_limits();
    printf("copied\n");
    wait_for_end();
    copy_all(); /* over what dom0 has written there meanwhile */
    blk_close(to);
    pages = page_count_free();
    CHECK((to = blk_open(XVDB)));
    copy_all();
    blk_close(to);
    CHECK(page_count_free() == pages);
    blk_close(from);
    return pass();
}

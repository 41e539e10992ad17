/* blkfront.c against a back-end that follows Xen's headers. */

#include "test/unit/blk.h"

Test(blkfront, opens_as_xenstore_says, .init = start)
{
    struct blk *blk = up();

    cr_assert_eq(blk_sectors(blk), 4096);
    cr_assert_eq(blk_sector_size(blk), 512);
    cr_assert_not(blk_readonly(blk));
    cr_assert_not(blk_broken(blk));
    cr_assert(disk.keys);
    cr_assert_eq(fake.batches, 1, "xenstored is far away");
    cr_assert_eq(fake.claimed, 32 * 11, "as many as fit into the ring");
    down(blk);

    disk.sectors = "36028797018963960";
    disk.sector_size = "4096";
    disk.info = "6"; /* removable, too */
    blk = up();
    cr_assert_eq(blk_sectors(blk), 36028797018963960);
    cr_assert_eq(blk_sector_size(blk), 4096);
    cr_assert(blk_readonly(blk));
    down(blk);

    disk.sectors = "36028797018963967"; /* just below 2^64 bytes */
    disk.sector_size = "512";
    blk = up();
    cr_assert_eq(blk_sectors(blk), 36028797018963967);
    down(blk);
}

Test(blkfront, refuses_disks_that_make_no_sense, .init = start)
{
    static const char *const sizes[] = {
        NULL, "", "0", "1", "511", "513", "1024", "8192", "4294967808", "512 "};
    static const char *const sectors[] = {
        NULL,
        "",
        "-1",
        "4097", /* no multiple of 4096 bytes */
        "abc",
        "8x",
        "36028797018963968",
        "999999999999999999"};
    static const char *const infos[] = {NULL, "", "x", "0x4"};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        disk.sector_size = sizes[i];
        cr_assert_null(blk_open(DISK_ID), "%s", sizes[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(disk.peer.wrong, "no proper sector-size in xenstore");
        cr_assert(fake_clean());
    }
    disk.sector_size = "4096";
    for (size_t i = 0; i < ARRAY_LEN(sectors); i++) {
        disk.sectors = sectors[i];
        cr_assert_null(blk_open(DISK_ID), "%s", sectors[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(disk.peer.wrong, "no proper sectors in xenstore");
        cr_assert(fake_clean());
    }
    disk.sectors = "0"; /* an empty drive */
    for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
        disk.info = infos[i];
        cr_assert_null(blk_open(DISK_ID), "%s", infos[i]);
        cr_assert_eq(errno, EIO);
        cr_assert_str_eq(disk.peer.wrong, "no proper info in xenstore");
        cr_assert(fake_clean());
    }
}

Test(blkfront, gives_everything_back_when_it_cannot_open, .init = start)
{
    struct {
        int *fails, err;
    } const cases[] = {
        {&disk.peer.open_err, ENODEV},
        {&disk.peer.ring_err, ENOMEM},
        {&fake.claim_err, ENOSPC},
        {&disk.peer.connect_err, ETIMEDOUT},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        *cases[i].fails = -cases[i].err;
        cr_assert_null(blk_open(DISK_ID));
        cr_assert_eq(errno, cases[i].err);
        cr_assert(fake_clean());
        *cases[i].fails = 0;
    }
    fake.claims_left = 20; /* some requests get theirs */
    cr_assert_null(blk_open(DISK_ID));
    cr_assert_eq(errno, ENOSPC);
    cr_assert(fake_clean());
}

static bool no_memory;
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return no_memory ? (errno = ENOMEM, NULL) : __real_calloc(n, size);
}

Test(blkfront, says_when_there_is_no_memory_for_a_disk, .init = start)
{
    no_memory = true;
    cr_assert_null(blk_open(DISK_ID));
    cr_assert_eq(errno, ENOMEM);
    no_memory = false;
    cr_assert(fake_clean());
}

Test(blkfront, wants_one_page_and_works_with_it, .init = start)
{
    struct blk *blk;
    size_t all = fake_pages_free;

    fake_pages_free = 0;
    cr_assert_null(blk_open(DISK_ID));
    cr_assert_eq(errno, ENOMEM);
    cr_assert(fake.claimed == 0 && fake_pages_free == 0);

    fake_pages_free = 1;
    blk = up();
    cr_assert_eq(blk_write(blk, 0, out + 1, 1000), 0);
    cr_assert_arr_eq(disk.disk, out + 1, 512000);
    fake_pages_free += all - 1;
    down(blk);
}

Test(blkfront, what_is_written_is_read_back, .init = start)
{
    static uint8_t mirror[DISK_SECTORS * 512];
    struct blk *blk = up();

    memcpy(mirror, disk.disk, sizeof(mirror));
    disk.shuffle = true;
    srand(2);
    for (int i = 0; i < 600; i++) {
        unsigned n = 1 + (unsigned)rand() % (i % 4 ? 30 : 2000);
        unsigned at = (unsigned)rand() % (DISK_SECTORS - n);
        size_t len = n * 512, gap = (size_t)rand() % 4096;

        if (i % 2)
            gap &= ~511u;
        cr_assert_eq(blk_write(blk, at, out + gap, n), 0);
        memcpy(mirror + at * 512, out + gap, len);
        cr_assert_arr_eq(mirror, disk.disk, sizeof(mirror));

        at = (unsigned)rand() % (DISK_SECTORS - n);
        gap ^= (size_t)rand() % 2 * 512;
        memset(in, 0xcc, ROOM);
        cr_assert_eq(blk_read(blk, at, in + gap, n), 0);
        cr_assert_arr_eq(in + gap, mirror + at * 512, len);
        for (size_t k = 0; k < 600; k++) {
            cr_assert(k >= gap || in[gap - 1 - k] == 0xcc);
            cr_assert_eq(in[gap + len + k], 0xcc);
        }
        cr_assert_eq(fake.shared, 0);
    }
    down(blk);
}

Test(blkfront, grants_whole_pages_in_place_and_nothing_else, .init = start)
{
    static const struct {
        size_t offset;
        unsigned n, pages, in_place;
    } cases[] = {{0, 8, 1, 1},     {0, 7, 1, 0},      {0, 80, 10, 10},
                 {0, 81, 11, 10},  {512, 8, 2, 0},    {512, 15, 2, 1},
                 {3584, 9, 2, 1},  {3584, 10, 3, 1},  {100, 80, 10, 0},
                 {4095, 16, 2, 0}, {1024, 88, 12, 10}};
    struct blk *blk = up();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int writes = 0; writes < 2; writes++) {
            disk.from = writes ? out : in;
            disk.to = disk.from + ROOM;
            disk.in_place = disk.segments = 0;
            cr_assert_eq(
                writes ? blk_write(blk, 8, out + cases[i].offset, cases[i].n)
                       : blk_read(blk, 8, in + cases[i].offset, cases[i].n),
                0);
            cr_assert_eq(disk.segments, cases[i].pages, "case %zu", i);
            cr_assert_eq(disk.in_place, cases[i].in_place, "case %zu", i);
        }
    down(blk);
}

static void look_around(void)
{
    blkback_take();
    for (unsigned i = 0; i < disk.waiting; i++) {
        const struct blkif_request *req = &disk.taken[i];
        const uint8_t *page =
            fake_page(req->seg[0].gref, req->operation == BLKIF_OP_READ);

        for (size_t k = 512; k < PAGE_SIZE; k++)
            cr_assert_eq(page[k], 0, "a stranger's 0x%x", page[k]);
    }
    blkback_run();
}

Test(blkfront, shows_no_old_memory_to_the_backend, .init = start)
{
    struct blk *blk = up();

    fake.run = look_around;
    cr_assert_eq(blk_write(blk, 0, out, 1), 0);
    cr_assert_eq(blk_read(blk, 0, in, 1), 0);
    down(blk);
}

Test(blkfront, keeps_to_the_sectors_of_a_4096_byte_disk, .init = start)
{
    struct blk *blk;

    disk.sector_size = "4096";
    blk = up();
    cr_assert_eq(blk_write(blk, 8, out, 7), -EINVAL);
    cr_assert_eq(blk_write(blk, 7, out, 8), -EINVAL);
    cr_assert_eq(blk_read(blk, 12, in, 16), -EINVAL);
    cr_assert_eq(disk.requests, 0);
    for (size_t gap = 0; gap < 4096; gap += 256) { /* the fake asserts */
        cr_assert_eq(blk_write(blk, 16, out + gap, 160), 0);
        cr_assert_arr_eq(disk.disk + 16 * 512, out + gap, 160 * 512);
        cr_assert_eq(blk_read(blk, 16, in + gap, 160), 0);
        cr_assert_arr_eq(in + gap, out + gap, 160 * 512);
    }
    down(blk);
}

Test(blkfront, refuses_what_lies_beyond_the_end, .init = start)
{
    static const struct {
        uint64_t sector;
        unsigned n;
        int err;
    } cases[] = {
        {4095, 1, 0},
        {4096, 0, 0},
        {4095, 2, -EINVAL},
        {4096, 1, -EINVAL},
        {4097, 0, -EINVAL},
        {1, UINT32_MAX, -EINVAL},
        {UINT64_MAX, 1, -EINVAL},
        {UINT64_MAX - 6, 8, -EINVAL},
        {UINT64_MAX / 512 + 1, 1, -EINVAL},
    };
    struct blk *blk = up();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cr_assert_eq(blk_read(blk, cases[i].sector, in, cases[i].n),
                     cases[i].err, "case %zu", i);
        cr_assert_eq(blk_write(blk, cases[i].sector, out, cases[i].n),
                     cases[i].err, "case %zu", i);
    }
    cr_assert_eq(disk.requests, 2);
    cr_assert_eq(fake.waits, 2);
    down(blk);
}

Test(blkfront, does_not_write_to_a_readonly_disk, .init = start)
{
    struct blk *blk;

    disk.info = "4";
    blk = up();
    cr_assert_eq(blk_write(blk, 0, out, 8), -EROFS);
    cr_assert_eq(disk.requests, 0);
    cr_assert_eq(blk_read(blk, 0, in, 8), 0);
    cr_assert_arr_eq(in, disk.disk, 4096);
    down(blk);
}

Test(blkfront, flushes_where_the_backend_can, .init = start)
{
    static const char *const none[] = {NULL, "0", "", "x"};
    struct blk *blk = up();

    cr_assert_eq(blk_flush(blk), 0);
    cr_assert_eq(disk.flushes, 1);
    disk.status = BLKIF_RSP_EOPNOTSUPP;
    cr_assert_eq(blk_flush(blk), -EOPNOTSUPP);
    disk.status = BLKIF_RSP_ERROR;
    cr_assert_eq(blk_flush(blk), -EIO);
    cr_assert_eq(disk.flushes, 3);
    down(blk);

    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        disk.flush = none[i];
        blk = up();
        cr_assert_eq(blk_flush(blk), -EOPNOTSUPP);
        cr_assert_eq(disk.flushes, 3);
        down(blk);
    }
}

Test(blkfront, survives_errors_of_the_disk_itself, .init = start)
{
    struct blk *blk = up();

    memset(in, 0xcc, 512);
    for (disk.status = -3; disk.status < 0; disk.status++)
        cr_assert_eq(blk_read(blk, 0, in, 1),
                     disk.status == BLKIF_RSP_EOPNOTSUPP ? -EOPNOTSUPP : -EIO);
    disk.status = 1;
    cr_assert_eq(blk_read(blk, 0, in, 1), -EIO);
    cr_assert_eq(in[0], 0xcc, "nothing was read");

    disk.requests = 0;
    disk.status = BLKIF_RSP_ERROR;
    cr_assert_eq(blk_write(blk, 0, out, 4096), -EIO);
    cr_assert_eq(disk.requests, 32, "what follows is not tried");
    cr_assert_not(blk_broken(blk));
    disk.status = BLKIF_RSP_OKAY;
    cr_assert_eq(blk_write(blk, 0, out, 4096), 0);
    cr_assert_arr_eq(disk.disk, out, sizeof(disk.disk));
    down(blk);
}

static unsigned most;

static void serve_one(void)
{
    blkback_take();
    most = disk.waiting > most ? disk.waiting : most;
    if (disk.waiting > 0)
        blkback_answer(0);
    blkback_push();
}

static void fail_differently(void)
{
    blkback_take();
    for (disk.status = -1; disk.waiting > 0; disk.status--)
        blkback_answer(0);
    blkback_push();
}

Test(blkfront, tells_the_first_of_several_errors, .init = start)
{
    struct blk *blk = up();

    fake.run = fail_differently;
    cr_assert_eq(blk_read(blk, 0, in, 100), -EIO);
    down(blk);
}

Test(blkfront, uses_every_slot_and_wakes_seldom, .init = start)
{
    struct blk *blk = up();
    unsigned kicks = disk.peer.events_there;

    cr_assert_eq(blk_flush(blk), 0);
    disk.requests = fake.waits = 0;
    fake.run = serve_one;
    cr_assert_eq(blk_write(blk, 0, out, 4096), 0);
    cr_assert_eq(disk.requests, (512 + 10) / 11);
    cr_assert_eq(disk.segments, 512);
    cr_assert_eq(most, 32);
    cr_assert_lt(fake.waits, 15);
    cr_assert_leq(disk.peer.events_there - kicks, fake.waits);
    down(blk);
}

static size_t least;

static void serve_poor(void)
{
    least = fake_pages_free < least ? fake_pages_free : least;
    blkback_run();
}

Test(blkfront, bounces_through_so_many_pages_and_no_more, .init = start)
{
    struct blk *blk = up();
    size_t all = fake_pages_free + 1;

    least = all;
    fake.run = serve_poor;
    cr_assert_eq(blk_write(blk, 0, out + 1, 4096), 0);
    cr_assert_arr_eq(disk.disk, out + 1, sizeof(disk.disk));
    cr_assert_eq(least, all - 64);
    down(blk);

    for (fake_pages_free = 1; fake_pages_free < 20; fake_pages_free++) {
        blk = up();
        cr_assert_eq(blk_read(blk, 0, in + 1, 1000), 0);
        cr_assert_arr_eq(in + 1, disk.disk, 512000);
        blk_close(blk);
    }
}

/* While one thread waits another may run: here, inside the first one's wait. */
static struct blk *shared;
static unsigned depth;

/* The back-end shows an answer, and before it has asked whether to send an
 * event another thread finds it. */
static void find_it(void)
{
    cr_assert_lt(depth++, 2, "nobody told the first");
    if (depth > 1)
        return;
    blkback_take();
    blkback_answer(0);
    disk.ring.sring->rsp_prod = disk.ring.rsp_prod_pvt;
    cr_assert_eq(blk_read(shared, 0, in, 0), 0);
}

Test(blkfront, takes_the_answers_of_others_and_tells_them, .init = start)
{
    shared = up();
    fake.run = find_it;
    cr_assert_eq(blk_read(shared, 0, in + 100, 8), 0);
    cr_assert_arr_eq(in + 100, disk.disk, 4096);
    cr_assert_eq(disk.peer.events_here, 0);
    down(shared);
}

static void serve_last(void)
{
    blkback_take();
    if (disk.waiting > 0)
        blkback_answer(disk.waiting - 1);
    blkback_push();
}

static void join(void)
{
    fake.run = serve_last;
    cr_assert_eq(blk_write(shared, 0, out, 1), 0);
    cr_assert_eq(disk.requests, 1);
    fake.run = blkback_run;
}

Test(blkfront, is_woken_at_once_beside_a_long_transfer, .init = start)
{
    shared = up();
    fake.run = join;
    cr_assert_eq(blk_read(shared, 2048, in, 2048), 0);
    cr_assert_arr_eq(in, disk.disk + 2048 * 512, 2048 * 512);
    down(shared);
}

static void nest(void)
{
    unsigned me = ++depth;
    uint8_t *data = in + me * 8192 + me * 100;

    if (me > 40) {
        disk.shuffle = true;
        blkback_run();
        return;
    }
    cr_assert_eq(blk_read(shared, me, data, 8), 0);
    cr_assert_arr_eq(data, disk.disk + me * 512, 4096);
}

Test(blkfront, serves_more_threads_than_there_are_slots, .init = start)
{
    shared = up();
    fake.run = nest;
    depth = 0;
    cr_assert_eq(blk_read(shared, 0, in + 500000, 8), 0);
    cr_assert_arr_eq(in + 500000, disk.disk, 4096);
    cr_assert_geq(disk.requests, 41);
    down(shared);
}

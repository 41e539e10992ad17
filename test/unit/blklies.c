/* blkfront.c against a back-end that lies, or goes away. */

#include "test/unit/blk.h"

#define SECOND 1000000000ull

/* When a lie is told one read of three requests is on its way: into a bounce
 * page, in place, and into a bounce page. */
#define LEN 184u

static struct blkif_response first(void)
{
    return (struct blkif_response){disk.taken[0].id, BLKIF_OP_READ,
                                   BLKIF_RSP_OKAY};
}

static void ahead(void)
{
    disk.ring.rsp_prod_pvt += 4;
}
static void far_ahead(void)
{
    disk.ring.rsp_prod_pvt += 33;
}
static void backwards(void)
{
    disk.ring.rsp_prod_pvt--;
}
static void never_asked(void)
{
    struct blkif_response rsp = first();

    rsp.id = 31;
    lie_blk(rsp);
}
static void unknown(void)
{
    struct blkif_response rsp = first();

    rsp.id = 32;
    lie_blk(rsp);
}
static void truncated(void)
{
    struct blkif_response rsp = first();

    rsp.id |= 1ull << 32;
    lie_blk(rsp);
}
static void huge(void)
{
    struct blkif_response rsp = first();

    rsp.id = UINT64_MAX;
    lie_blk(rsp);
}
static void twice(void)
{
    struct blkif_response rsp = first();

    blkback_answer(0);
    lie_blk(rsp);
}
static void other_operation(void)
{
    struct blkif_response rsp = first();

    rsp.operation = BLKIF_OP_WRITE;
    lie_blk(rsp);
}
static void mapped(void)
{
    blkback_answer(0);
    fake.busy = true;
}
static void mapped_in_place(void)
{
    blkback_answer(1);
    fake.busy = true;
}
static void mapped_though_failed(void)
{
    disk.status = BLKIF_RSP_ERROR;
    blkback_answer(0);
    fake.busy = true;
}
static void leaves(void)
{
    xenbus_fail(disk.peer.dev, "the back-end went away");
}
static void leaves_with_all_mapped(void)
{
    fake.busy = true;
    leaves();
}

static const struct lie {
    void (*tell)(void);
    const char *found;
    bool lost; /* all that was not taken back before */
} lies[] = {
    {ahead, "more responses than requests", false},
    {far_ahead, "more responses than requests", false},
    {backwards, "more responses than requests", false},
    {never_asked, "response id not in flight", false},
    {unknown, "response id not in flight", false},
    {truncated, "response id not in flight", false},
    {huge, "response id not in flight", false},
    {twice, "response id not in flight", false},
    {other_operation, "response to another operation", false},
    {mapped, "page of a finished request still mapped", true},
    {mapped_in_place, "page of a finished request still mapped", true},
    {mapped_though_failed, "page of a finished request still mapped", true},
    {leaves, "the back-end went away", false},
    {leaves_with_all_mapped, "the back-end went away", true},
};

static const struct lie *lie;

static void tell(void)
{
    if (disk.peer.wrong)
        return;
    blkback_take();
    lie->tell();
    blkback_push();
    disk.peer.events_here++;
}

Test(blklies, a_lie_breaks_the_device_once_and_nothing_else, .init = start)
{
    for (lie = lies; lie < lies + ARRAY_LEN(lies); lie++) {
        unsigned lost = fake.lost;
        struct blk *blk = up();
        uint64_t since = fake.now;

        disk.status = BLKIF_RSP_OKAY;
        disk.peer.fails = 0;
        fake.run = tell;
        cr_assert_eq(blk_read(blk, 0, in + 512, LEN), -EIO);
        cr_assert_str_eq(disk.peer.wrong, lie->found);
        cr_assert_eq(fake.lost > lost, lie->lost);
        cr_assert_eq(fake.now - since, lie->lost ? SECOND : 0);
        cr_assert_not(fake_reaches(in, in + ROOM), "the caller's own");
        fake.busy = false;

        cr_assert(blk_broken(blk));
        cr_assert_eq(blk_read(blk, 0, in, 1), -EIO);
        cr_assert_eq(blk_write(blk, 0, out, 1), -EIO);
        cr_assert_eq(blk_flush(blk), -EIO);
        cr_assert_eq(disk.peer.fails, 1, "said once");
        down(blk);
        cr_assert_eq(disk.peer.held, 0, "all was taken back before");
    }
    lie = NULL;
    fake.run = blkback_run;
    down(up()); /* the fake asserts that no reference is claimed twice */
}

static struct blk *shared;

static void answer_one_well(void)
{
    blkback_take();
    cr_assert_eq(disk.waiting, 2);
    blkback_answer(0);
    lie_blk((struct blkif_response){disk.taken[0].id, 0xff, BLKIF_RSP_OKAY});
    blkback_push();
}

static void second_thread(void)
{
    blkback_take();
    fake.run = answer_one_well;
    cr_assert_eq(blk_write(shared, 8, out, 8), -EIO);
}

Test(blklies, what_was_answered_before_a_lie_counts, .init = start)
{
    shared = up();
    fake.run = second_thread;
    cr_assert_eq(blk_write(shared, 0, out, 8), 0);
    cr_assert(blk_broken(shared));
    down(shared);
}

static void lets_go_in_time(void)
{
    if (!disk.peer.wrong)
        tell();
    else if (fake.now > SECOND / 2)
        fake.busy = false;
}

Test(blklies, waits_a_little_for_pages_before_they_are_lost, .init = start)
{
    struct blk *blk = up();

    lie = &lies[ARRAY_LEN(lies) - 1];
    fake.run = lets_go_in_time;
    cr_assert_eq(blk_write(blk, 0, out, LEN), -EIO);
    cr_assert_eq(fake.lost, 0);
    down(blk);
}

/* One call's worth of pages is lost and memory is short; it comes later. */
static void memory_comes(void)
{
    if (!disk.peer.wrong)
        tell();
    else if (fake.now > 3 * SECOND)
        fake_pages_free += fake_pages_free == 0;
}

Test(blklies, never_returns_while_its_caller_can_be_overwritten, .init = start)
{
    size_t all = fake_pages_free;
    struct blk *blk = up();

    lie = &lies[ARRAY_LEN(lies) - 1];
    fake.run = memory_comes;
    fake_pages_free = 0;
    memcpy(in, out, ROOM);
    cr_assert_eq(blk_write(blk, 0, out, 24), -EIO);
    cr_assert_eq(fake.lost, 3);
    cr_assert_gt(fake.now, 3 * SECOND);
    cr_assert_not(fake_reaches(out, out + ROOM));
    cr_assert_arr_eq(in, out, ROOM, "and finds it as it was");
    fake_pages_free = all - 4; /* one is blk's */
    fake.busy = false;
    down(blk);
}

static void all_leave(void)
{
    blkback_take();
    leaves_with_all_mapped();
}

static void wait_in_vain(void)
{
    fake.run = all_leave;
    cr_assert_eq(blk_write(shared, 0, out, 1), -EIO);
}

Test(blklies, tells_those_who_wait_for_slots_that_it_is_over, .init = start)
{
    shared = up();
    fake.run = wait_in_vain;
    cr_assert_eq(blk_read(shared, 0, in, 4096), -EIO);
    cr_assert_eq(fake.lost, 32 * 11);
    cr_assert_not(fake_reaches(in, in + ROOM));
    fake.busy = false;
    down(shared);
}

static void read_in_place(void)
{
    fake.run = all_leave;
    cr_assert_eq(blk_read(shared, 0, in, 8), -EIO);
    cr_assert_not(fake_reaches(in, in + PAGE_SIZE));
}

Test(blklies, needs_no_page_that_another_thread_may_not_give_back,
     .init = start)
{
    shared = up();
    fake.run = read_in_place;
    cr_assert_eq(blk_write(shared, 0, out + 1, 4096), -EIO);
    cr_assert_eq(fake.lost, 64 + 1, "all that bounce, and one in place");
    fake.busy = false;
    down(shared);
}

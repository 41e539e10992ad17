#include <criterion/criterion.h>
#include "xen/clock.h"
#include "xen/start.h"

static struct shared_info shared;
struct shared_info *shared_info = &shared;
const struct start_info *start_info;

static uint64_t tsc;
static int torn; /* reads of the TSC during which Xen changes the page */

uint64_t cpu_rdtsc(void)
{
    struct vcpu_time_info *t = &shared.vcpu_info[0].time;

    if (torn) {
        torn--;
        t->version += 2;
        t->system_time += 1000000;
    }
    return tsc;
}

static void set(uint64_t system, uint64_t stamp, uint32_t mul, int8_t shift)
{
    shared.vcpu_info[0].time = (struct vcpu_time_info){
        .version = 2,
        .system_time = system,
        .tsc_timestamp = stamp,
        .tsc_to_system_mul = mul,
        .tsc_shift = shift,
    };
}

Test(clock, counts_from_xens_last_stamp)
{
    set(5000, 100, 0x80000000u, 1); /* half, doubled: a tick is a ns */
    tsc = 100;
    cr_assert_eq(clock_now(), 5000);
    tsc = 1100;
    cr_assert_eq(clock_now(), 6000);
}

Test(clock, scales_fast_and_slow_counters)
{
    set(0, 0, 0x80000000u, -1); /* 4 GHz */
    tsc = 4000000000u;
    cr_assert_eq(clock_now(), 1000000000u);
    set(0, 0, 0xf4240000u, 3); /* 131.072 MHz */
    tsc = 131072000u;
    cr_assert_eq(clock_now(), 1000000000u);
}

Test(clock, does_not_overflow_in_a_long_sleep)
{
    set(0, 0, 0x80000000u, 0); /* 2 GHz, a day without a stamp */
    tsc = 2000000000ull * 86400;
    cr_assert_eq(clock_now(), 86400ull * 1000000000);
}

Test(clock, reads_again_when_xen_wrote_meanwhile)
{
    set(1000000, 0, 0x80000000u, 1);
    tsc = 7;
    torn = 2;
    cr_assert_eq(clock_now(), 3000007, "the last of three versions");
}

Test(clock, wall_time_is_the_birth_of_system_time_and_system_time)
{
    set(250, 0, 0x80000000u, 1);
    tsc = 0;
    shared.wc_version = 4;
    shared.wc_sec = 1700000000;
    shared.wc_nsec = 999999999;
    cr_assert_eq(clock_wall(), 1700000001000000249ull);
    shared.wc_sec_hi = 1; /* beyond 2106 */
    cr_assert_eq(clock_wall(), 1700000001000000249ull + (1000000000ull << 32));
}

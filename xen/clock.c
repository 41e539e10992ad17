/* clock.c: the time, from the page Xen keeps for us. */

#include "xen/clock.h"

#include "arch/x86_64/cpu.h"
#include "lib/shared.h"
#include "lib/util.h"
#include "xen/start.h"

/* Ticks of the TSC as nanoseconds (xen/xen.h, struct vcpu_time_info): shifted
 * left by shift, or right if negative, times mul / 2^32. */
static uint64_t scale(uint64_t ticks, uint32_t mul, int8_t shift)
{
    if (shift >= 0)
        ticks <<= shift;
    else
        ticks >>= -shift;
    return (uint64_t)(((unsigned __int128)ticks * mul) >> 32);
}

uint64_t clock_now(void)
{
    uint32_t version;
    uint64_t now;

    for (;;) { /* odd: Xen is writing; changed: it wrote meanwhile */
        const struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;

        version = load_acquire(&t->version);
        now = load_relaxed(&t->system_time) +
              scale(cpu_rdtsc() - load_relaxed(&t->tsc_timestamp),
                    load_relaxed(&t->tsc_to_system_mul),
                    load_relaxed(&t->tsc_shift));
        read_barrier(); /* the fields are read before the version again */
        if (!(version & 1) && version == load_relaxed(&t->version))
            return now;
    }
}

/* The TSC's frequency does not change under us: no look at the version. */
uint64_t clock_of_ticks(uint64_t ticks)
{
    const struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;

    return scale(ticks, load_relaxed(&t->tsc_to_system_mul),
                 load_relaxed(&t->tsc_shift));
}

COLD uint64_t clock_wall(void)
{
    uint32_t version;
    uint64_t born; /* wall clock when system time was 0; Xen may change it */

    do {
        version = load_acquire(&shared_info->wc_version);
        born = ((uint64_t)load_relaxed(&shared_info->wc_sec_hi) << 32 |
                load_relaxed(&shared_info->wc_sec)) *
                   SECOND +
               load_relaxed(&shared_info->wc_nsec);
        read_barrier(); /* as above */
    } while (version & 1 || version != load_relaxed(&shared_info->wc_version));
    return born + clock_now();
}

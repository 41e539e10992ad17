/* timers.c: lwIP's timers: see timers.h. */

#include "net/timers.h"

#include <stdbool.h>

#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include "kernel/sched.h"
#include "lib/util.h"
#include "xen/clock.h"

#define PASS_MAX 8

static struct {
    uint64_t due[12]; /* 0: not running */
    uint64_t next;    /* the soonest of them */
    unsigned passed;  /* calls since the clock was looked at */
    bool tcp;         /* TCP's is running */
    bool reports;     /* a multicast group may have something to report */
} timers;

u32_t sys_now(void)
{
    return (u32_t)(clock_now() / MILLISECOND);
}

/* Called by lwip_init(); timers_run() starts them. */
void sys_timeouts_init(void)
{
}

/* The next multiple of period: timers in step mean fewer wakes. */
static uint64_t next_tick(uint64_t now, uint64_t period)
{
    return now - now % period + period;
}

/* Does a multicast group still have to be reported? */
static bool reports_due4(void)
{
    const struct netif *netif;

    NETIF_FOREACH(netif)
    {
        const struct igmp_group *g = netif_igmp_data(netif);

        for (; g; g = g->next)
            if (g->timer)
                return true;
    }
    return false;
}

static bool reports_due6(void)
{
    const struct netif *netif;

    NETIF_FOREACH(netif)
    {
        const struct mld_group *g = netif_mld6_data(netif);

        for (; g; g = g->next)
            if (g->timer)
                return true;
    }
    return false;
}

static bool tcp_needed(void)
{
    return tcp_active_pcbs || tcp_tw_pcbs;
}

/* An idle guest sleeps longer without those that have nothing to do. */
static bool timer_needed(lwip_cyclic_timer_handler handler)
{
    if (handler == tcp_tmr)
        return timers.tcp;
    if (handler == igmp_tmr)
        return reports_due4();
    return handler != mld6_tmr || reports_due6();
}

bool timers_changed(void)
{
    return timers.reports || timers.tcp != tcp_needed();
}

void timers_report(void)
{
    timers.reports = true;
}

static void run_all(uint64_t now)
{
    timers.next = NEVER;
    timers.reports = false;
    timers.tcp = tcp_needed();
    for (int i = 0; i < lwip_num_cyclic_timers; i++) {
        const struct lwip_cyclic_timer *t = &lwip_cyclic_timers[i];
        const uint64_t period = t->interval_ms * MILLISECOND;
        uint64_t *at = &timers.due[i];

        if (!timer_needed(t->handler)) {
            *at = 0;
            continue;
        }
        if (*at == 0)
            *at = next_tick(now, period);
        if (*at <= now) {
            t->handler();
            *at = next_tick(now, period);
        }
        if (*at < timers.next)
            timers.next = *at;
    }
}

uint64_t timers_run(bool likely)
{
    uint64_t now;

    if (!likely && !timers_changed() && ++timers.passed < PASS_MAX)
        return timers.next;
    timers.passed = 0;
    now = clock_now();
    if (now >= timers.next || timers_changed())
        run_all(now);
    return timers.next;
}

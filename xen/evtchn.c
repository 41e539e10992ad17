/* evtchn.c: event channels, polled, and sleeping in Xen. */

#include "xen/evtchn.h"

#include <errno.h>

#include "arch/x86_64/trap.h"
#include "kernel/panic.h"
#include "lib/shared.h"
#include "lib/util.h"
#include "xen/hypercall.h"
#include "xen/start.h"

#define PORTS     128 /* a look at all is a look at two words */
#define WORD_BITS (8 * sizeof(xen_ulong_t))

static struct {
    struct waitq *wake[PORTS]; /* by port; NULL: not open */
    uint32_t timer;            /* the port of Xen's timer */
    uint64_t armed;            /* when it fires; NEVER: it is not set */
    uint64_t sends, sleeps;
} evtchn;

static xen_ulong_t *pending(uint32_t port)
{
    return &shared_info->evtchn_pending[port / WORD_BITS];
}

COLD void evtchn_init(void)
{
    evtchn.armed = NEVER;
    if (callback_op_register(CALLBACKTYPE_event, trap_upcall_entry) ||
        vcpu_op_stop_ticks() ||
        evtchn_op_bind_virq(VIRQ_TIMER, &evtchn.timer) || evtchn.timer >= PORTS)
        panic("evtchn: Xen refused a timer and a way to wake us");
}

COLD int evtchn_watch(uint32_t port, struct waitq *wake)
{
    if (port >= PORTS)
        return -ENOSPC;
    evtchn.wake[port] = wake;
    return 0;
}

COLD int evtchn_open(uint16_t peer, struct waitq *wake, uint32_t *port)
{
    int err = evtchn_op_alloc_unbound(peer, port);

    if (err)
        return err;
    if ((err = evtchn_watch(*port, wake)))
        evtchn_op_close(*port);
    return err;
}

COLD void evtchn_close(uint32_t port)
{
    evtchn_op_close(port);
    evtchn.wake[port] = NULL;
}

void evtchn_send(uint32_t port)
{
    evtchn.sends++;
    evtchn_op_send(port);
}

static void event(uint32_t port)
{
    if (port == evtchn.timer)
        evtchn.armed = NEVER; /* it woke the guest, which looks at the time */
    else if (evtchn.wake[port])
        waitq_wake(evtchn.wake[port]);
}

void evtchn_dispatch(void)
{
    for (uint32_t first = 0; first < PORTS; first += WORD_BITS) {
        if (!load_relaxed(pending(first)))
            continue;
        /* Full: what the peer wrote before its event is seen after this. */
        xen_ulong_t events = swap_full(pending(first), 0);

        for (; events; events &= events - 1)
            event(first + (uint32_t)__builtin_ctzl(events));
    }
}

/* The timer is left alone when it fires too soon: a sleep for nothing then
 * costs less than setting it for each sleep. */
static void arm(uint64_t deadline)
{
    if (deadline >= evtchn.armed)
        return;
    evtchn.armed = deadline;
    vcpu_op_set_timer(deadline);
}

/* While these two are set Xen has nothing to add to them when an event comes.
 * So they stay set as long as we run, and it does not have to interrupt us. */
static void ask_for_upcall(struct vcpu_info *v)
{
    store_relaxed(&v->evtchn_upcall_pending, 0);
    store_relaxed(&v->evtchn_pending_sel, 0);
    full_barrier();
}

static bool any_pending(void)
{
    for (uint32_t first = 0; first < PORTS; first += WORD_BITS)
        if (load_relaxed(pending(first)))
            return true;
    return false;
}

void evtchn_wait(uint64_t deadline)
{
    struct vcpu_info *v = &shared_info->vcpu_info[0];

    arm(deadline);
    ask_for_upcall(v);
    if (any_pending())
        return; /* it came before we asked */
    evtchn.sleeps++;
    sched_op_block();
    store_relaxed(&v->evtchn_upcall_mask, 1); /* no upcall: woken for nothing */
}

COLD uint64_t evtchn_sends(void)
{
    return evtchn.sends;
}

COLD uint64_t evtchn_sleeps(void)
{
    return evtchn.sleeps;
}

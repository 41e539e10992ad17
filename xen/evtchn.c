/* evtchn.c: event channels, polled. */

#include "xen/evtchn.h"

#include <errno.h>

#include "lib/shared.h"
#include "xen/hypercall.h"
#include "xen/start.h"

#define PORTS     128 /* what one SCHEDOP_poll can wait for */
#define WORD_BITS (8 * sizeof(xen_ulong_t))

static struct {
    struct waitq *wake[PORTS]; /* by port; NULL: not open */
    evtchn_port_t open[PORTS]; /* the same, as SCHEDOP_poll wants it */
    unsigned n;
    uint64_t sends, sleeps;
} evtchn;

static xen_ulong_t *pending(uint32_t port)
{
    return &shared_info->evtchn_pending[port / WORD_BITS];
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    if (port >= PORTS)
        return -ENOSPC;
    evtchn.wake[port] = wake;
    evtchn.open[evtchn.n++] = port;
    return 0;
}

int evtchn_open(uint16_t peer, struct waitq *wake, uint32_t *port)
{
    int err = evtchn_op_alloc_unbound(peer, port);

    if (err)
        return err;
    if ((err = evtchn_watch(*port, wake)))
        evtchn_op_close(*port);
    return err;
}

void evtchn_close(uint32_t port)
{
    evtchn_op_close(port);
    evtchn.wake[port] = NULL;
    for (unsigned i = 0; i < evtchn.n; i++)
        if (evtchn.open[i] == port)
            evtchn.open[i] = evtchn.open[--evtchn.n];
}

void evtchn_send(uint32_t port)
{
    evtchn.sends++;
    evtchn_op_send(port);
}

void evtchn_dispatch(void)
{
    for (uint32_t first = 0; first < PORTS; first += WORD_BITS) {
        if (!load_relaxed(pending(first)))
            continue;
        /* Full: what the peer wrote before its event is seen after this. */
        xen_ulong_t events = swap_full(pending(first), 0);

        for (; events; events &= events - 1) {
            uint32_t port = first + (uint32_t)__builtin_ctzl(events);

            if (evtchn.wake[port])
                waitq_wake(evtchn.wake[port]);
        }
    }
}

void evtchn_wait(uint64_t deadline)
{
    /* With upcalls masked nothing else would wake us: see SCHEDOP_poll in
     * xen/sched.h.  It returns at once if a port is pending already. */
    evtchn.sleeps++;
    sched_op_poll(evtchn.open, evtchn.n, deadline == NEVER ? 0 : deadline);
}

uint64_t evtchn_sends(void)
{
    return evtchn.sends;
}

uint64_t evtchn_sleeps(void)
{
    return evtchn.sleeps;
}

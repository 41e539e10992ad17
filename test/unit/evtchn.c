#include <criterion/criterion.h>
#include <errno.h>
#include "kernel/sched.h"
#include "xen/evtchn.h"
#include "xen/start.h"
#include <xen/errno.h>

static struct shared_info shared;
struct shared_info *shared_info = &shared;
const struct start_info *start_info;

static struct waitq *woken[16];
static unsigned wakes;
static uint32_t next_port = 5, closed, sent, polled[200];
static unsigned npolled;
static uint64_t poll_timeout = 77;

void waitq_wake(struct waitq *q)
{
    woken[wakes++] = q;
}

long hypercall2(long nr, uint64_t op, uint64_t arg)
{
    if (nr == __HYPERVISOR_sched_op) {
        struct sched_poll *p = (void *)arg;
        evtchn_port_t *ports;

        cr_assert_eq(op, SCHEDOP_poll, "SCHEDOP_block would unmask upcalls");
        ports = p->ports.p;
        for (npolled = 0; npolled < p->nr_ports; npolled++)
            polled[npolled] = ports[npolled];
        poll_timeout = p->timeout;
        return 0;
    }
    cr_assert_eq(nr, __HYPERVISOR_event_channel_op);
    if (op == EVTCHNOP_alloc_unbound) {
        struct evtchn_alloc_unbound *a = (void *)arg;

        cr_assert_eq(a->dom, DOMID_SELF);
        if (a->remote_dom == 9)
            return -XEN_ESRCH;
        a->port = next_port++;
    } else if (op == EVTCHNOP_close)
        closed = ((struct evtchn_close *)arg)->port;
    else if (op == EVTCHNOP_send)
        sent = ((struct evtchn_send *)arg)->port;
    return 0;
}

static void event(uint32_t port)
{
    shared.evtchn_pending[port / 64] |= 1ul << port % 64;
}

Test(evtchn, an_event_wakes_the_queue_of_its_port_once)
{
    struct waitq a, b;
    uint32_t port;

    cr_assert_eq(evtchn_watch(1, &a), 0);
    cr_assert_eq(evtchn_open(0, &b, &port), 0);
    event(port);
    evtchn_dispatch();
    cr_assert_eq(wakes, 1);
    cr_assert_eq(woken[0], &b);
    evtchn_dispatch();
    cr_assert_eq(wakes, 1);
    event(1);
    event(port);
    event(100); /* nobody's */
    evtchn_dispatch();
    cr_assert_eq(wakes, 3);
    cr_assert_eq(shared.evtchn_pending[1], 0);
}

Test(evtchn, sleeps_on_exactly_the_open_ports)
{
    struct waitq q;
    uint32_t a, b;

    evtchn_watch(2, &q);
    evtchn_open(0, &q, &a);
    evtchn_open(0, &q, &b);
    evtchn_wait(12345);
    cr_assert_eq(npolled, 3);
    cr_assert_eq(poll_timeout, 12345);
    evtchn_close(a);
    cr_assert_eq(closed, a);
    evtchn_wait(NEVER);
    cr_assert_eq(npolled, 2);
    cr_assert(polled[0] != a && polled[1] != a);
    cr_assert_eq(poll_timeout, 0, "0 is for ever to Xen");
    cr_assert_eq(evtchn_sleeps(), 2);
    event(a);
    evtchn_dispatch();
    cr_assert_eq(wakes, 0, "a closed port wakes nobody");
}

Test(evtchn, refuses_ports_that_one_poll_cannot_hold)
{
    struct waitq q;
    uint32_t port;

    next_port = 128;
    cr_assert_eq(evtchn_open(0, &q, &port), -ENOSPC);
    cr_assert_eq(closed, 128, "it gives the port back");
    cr_assert_eq(evtchn_open(9, &q, &port), -ESRCH);
}

Test(evtchn, sends_to_the_port_given_and_counts)
{
    evtchn_send(17);
    cr_assert_eq(sent, 17);
    evtchn_send(18);
    cr_assert_eq(evtchn_sends(), 2);
}

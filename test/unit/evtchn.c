#include <criterion/criterion.h>
#include <errno.h>
#include "arch/x86_64/trap.h"
#include "kernel/sched.h"
#include "xen/evtchn.h"
#include "xen/start.h"
#include <xen/errno.h>

static struct shared_info shared;
struct shared_info *shared_info = &shared;
const struct start_info *start_info;

static struct waitq *woken[16];
static unsigned wakes;
static uint32_t next_port = 5, closed, sent;
static unsigned timers, sleeps, ticks = 1;
static uint64_t timer;
static void (*meanwhile)(void), (*callback)(void);

#define TIMER 4

void waitq_wake(struct waitq *q)
{
    woken[wakes++] = q;
}

void trap_upcall_entry(void)
{
}

/* As Xen does it (event_2l.c and sched/core.c there). */
static void event(uint32_t port)
{
    struct vcpu_info *v = &shared.vcpu_info[0];
    const uint64_t bit = 1ul << port % 64;

    if (shared.evtchn_pending[port / 64] & bit)
        return;
    shared.evtchn_pending[port / 64] |= bit;
    if (v->evtchn_pending_sel & 1ul << port / 64)
        return;
    v->evtchn_pending_sel |= 1ul << port / 64;
    v->evtchn_upcall_pending = 1;
}

static bool upcall_due(void)
{
    const struct vcpu_info *v = &shared.vcpu_info[0];

    return v->evtchn_upcall_pending && !v->evtchn_upcall_mask;
}

static long block(void)
{
    struct vcpu_info *v = &shared.vcpu_info[0];

    cr_assert(v->evtchn_upcall_mask);
    v->evtchn_upcall_mask = 0;
    sleeps++;
    if (!upcall_due() && meanwhile)
        meanwhile();
    if (upcall_due())
        v->evtchn_upcall_mask = 1;
    return 0;
}

long hypercall2(long nr, uint64_t op, uint64_t arg)
{
    if (nr == __HYPERVISOR_sched_op) {
        cr_assert_eq(op, SCHEDOP_block);
        return block();
    }
    if (nr == __HYPERVISOR_callback_op) {
        const struct callback_register *c = (void *)arg;

        cr_assert_eq(op, CALLBACKOP_register);
        cr_assert_eq(c->type, CALLBACKTYPE_event);
        callback = (void (*)(void))c->address;
        return 0;
    }
    cr_assert_eq(nr, __HYPERVISOR_event_channel_op);
    if (op == EVTCHNOP_alloc_unbound) {
        struct evtchn_alloc_unbound *a = (void *)arg;

        cr_assert_eq(a->dom, DOMID_SELF);
        if (a->remote_dom == 9)
            return -XEN_ESRCH;
        a->port = next_port++;
    } else if (op == EVTCHNOP_bind_virq) {
        struct evtchn_bind_virq *b = (void *)arg;

        cr_assert_eq(b->virq, VIRQ_TIMER);
        cr_assert_eq(b->vcpu, 0);
        b->port = TIMER;
    } else if (op == EVTCHNOP_close)
        closed = ((struct evtchn_close *)arg)->port;
    else if (op == EVTCHNOP_send)
        sent = ((struct evtchn_send *)arg)->port;
    return 0;
}

long hypercall3(long nr, uint64_t op, uint64_t vcpu, uint64_t arg)
{
    cr_assert_eq(nr, __HYPERVISOR_vcpu_op);
    cr_assert_eq(vcpu, 0);
    if (op == VCPUOP_stop_periodic_timer) {
        ticks = 0;
        return 0;
    }
    cr_assert_eq(op, VCPUOP_set_singleshot_timer);
    timer = ((struct vcpu_set_singleshot_timer *)arg)->timeout_abs_ns;
    timers++;
    return 0;
}

static void setup(void)
{
    shared.vcpu_info[0].evtchn_upcall_mask = 1;
    evtchn_init();
}

TestSuite(evtchn, .init = setup);

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

Test(evtchn, a_closed_port_wakes_nobody)
{
    struct waitq q;
    uint32_t port;

    evtchn_open(0, &q, &port);
    evtchn_close(port);
    cr_assert_eq(closed, port);
    event(port);
    evtchn_dispatch();
    cr_assert_eq(wakes, 0);
}

static void event_comes(void)
{
    event(7);
}

static void again_masked(void)
{
    cr_assert(shared.vcpu_info[0].evtchn_upcall_mask);
}

Test(evtchn, sleeps_until_an_event_comes)
{
    struct waitq q;

    cr_assert_eq(ticks, 0);
    cr_assert_eq(callback, trap_upcall_entry);
    evtchn_watch(7, &q);
    meanwhile = event_comes;
    for (unsigned i = 1; i <= 3; i++) {
        evtchn_wait(NEVER);
        again_masked();
        cr_assert(shared.vcpu_info[0].evtchn_upcall_pending, "it woke us");
        evtchn_dispatch();
        cr_assert_eq(wakes, i);
    }
    cr_assert_eq(evtchn_sleeps(), 3);
    cr_assert_eq(timers, 0);
}

Test(evtchn, does_not_sleep_over_an_event_that_came_before)
{
    struct waitq q;

    evtchn_watch(7, &q);
    evtchn_watch(100, &q);
    event(7);
    evtchn_dispatch();
    event(7);
    evtchn_wait(NEVER);
    evtchn_dispatch();
    event(100);
    evtchn_wait(NEVER);
    cr_assert_eq(evtchn_sleeps(), 0);
    cr_assert_eq(sleeps, 0);
    again_masked();
}

Test(evtchn, is_masked_again_when_woken_for_nothing)
{
    evtchn_wait(NEVER);
    cr_assert_eq(sleeps, 1);
    again_masked();
}

Test(evtchn, has_no_more_to_be_told_while_it_runs)
{
    struct waitq q;

    evtchn_watch(7, &q);
    meanwhile = event_comes;
    evtchn_wait(NEVER);
    evtchn_dispatch();
    cr_assert(shared.vcpu_info[0].evtchn_upcall_pending, "no upcall is due");
    cr_assert(shared.vcpu_info[0].evtchn_pending_sel);
}

static void timer_fires(void)
{
    event(TIMER);
}

Test(evtchn, sets_the_timer_only_to_fire_sooner)
{
    evtchn_wait(1000);
    cr_assert_eq(timer, 1000);
    evtchn_wait(1000);
    evtchn_wait(2000);
    cr_assert_eq(timers, 1);
    evtchn_wait(500);
    cr_assert_eq(timer, 500);
    meanwhile = timer_fires;
    evtchn_wait(NEVER);
    cr_assert_eq(timers, 2);
    evtchn_dispatch();
    meanwhile = NULL;
    evtchn_wait(2000);
    cr_assert_eq(timer, 2000, "it has fired");
    cr_assert_eq(wakes, 0);
}

Test(evtchn, refuses_ports_that_it_does_not_look_at)
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

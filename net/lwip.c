/* lwip.c: lwIP over the network interfaces: see lwip.h. */

#include "net/lwip.h"

#include <errno.h>
#include <netinet/in.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <netif/ethernet.h>

#include "kernel/page.h"
#include "kernel/panic.h"
#include "lib/util.h"
#include "net/address.h"
#include "net/budget.h"
#include "net/frame.h"
#include "net/gso.h"
#include "net/iface.h"
#include "net/quirk.h"
#include "net/route.h"
#include "net/timers.h"
#include "xen/clock.h"
#include "xen/netfront.h"
#include "xen/xenstore.h"

#define IFACES_MAX 8

#define ADDRESS_WAIT (10 * SECOND) /* DHCP answers sooner, or never */
#define ROUTER_WAIT  (6 * SECOND)  /* after start: so do routers */
#define LOOK_NS      (100 * MILLISECOND)

/* What wakes the net thread. */
enum { WORK, DEVICES, STORE, IFACES, WAKERS = IFACES + IFACES_MAX };

static struct {
    enum { DOWN, STARTING, UP, FAILED } state;
    int error;                    /* when FAILED */
    struct waitq changed;         /* state, or an address */
    struct waitq work;            /* for the net thread */
    struct waiter places[WAKERS]; /* the net thread's */
    struct turn flush;
    bool touched; /* an address has changed */
    bool slept;   /* the net thread, before this round, */
    bool woken;   /* and not until it was time for something */
    struct iface ifaces[IFACES_MAX];
    unsigned count;
    uint64_t started;
    struct net_waiter *waiters, *later;
} stack;

static COLD void address_changed(struct netif *netif)
{
    (void)netif;
    stack.touched = true;
    waitq_wake(&stack.changed);
}

static COLD int add(unsigned id, struct net *net)
{
    struct iface *i = &stack.ifaces[stack.count];
    int err = iface_start(i, id, net, address_changed);

    if (err)
        return err;
    if (stack.count++ == 0)
        netif_set_default(&i->netif);
    return 0;
}

/* The first vif from id on that is ours. */
static COLD unsigned wanted_from(unsigned id)
{
    while (!address_wanted(id))
        id++;
    return id;
}

/* A vif that comes later is taken, too, if it is the next one. */
static COLD void expect(unsigned id)
{
    if (id < IFACES_MAX)
        device_expect(id);
}

/* Every interface the toolstack gave us, up to the first it did not: the first
 * few at once, more of them as if they came later. */
static COLD int open_all(void)
{
    unsigned ids[NET_OPEN_ALL + 1], id = 0;
    struct net *nets[NET_OPEN_ALL];
    size_t n, got;
    int err;

    for (n = 0; n <= NET_OPEN_ALL; n++) {
        ids[n] = wanted_from(id);
        id = ids[n] + 1;
    }
    got = net_open_all(ids, nets, NET_OPEN_ALL);
    err = -errno;
    for (n = 0; n < got && !(err = add(ids[n], nets[n])); n++)
        ;
    for (size_t i = n + 1; i < got; i++)
        net_close(nets[i]);
    if (n > 0) {
        expect(ids[n]);
        return 0;
    }
    if (err != -ENODEV)
        return err; /* and it has been said why, but for want of memory */
    say("net: no network interface: add vif=['bridge=xenbr0'] to the config");
    return -ENODEV;
}

static COLD int start(void)
{
    budget_init(page_count_free() * PAGE_SIZE / 2);
    if (frame_init())
        return -ENOMEM;
    lwip_init();
    /* What never leaves memory needs no checksums. */
    NETIF_SET_CHECKSUM_CTRL(netif_list, NETIF_CHECKSUM_DISABLE_ALL);
    stack.started = clock_now();
    return open_all();
}

static void join(struct net_waiter **list, struct net_waiter *w)
{
    if (w->link)
        return;
    w->link = list;
    w->next = *list;
    if (w->next)
        w->next->link = &w->next;
    *list = w;
    net_touch();
}

static void tell(struct net_waiter *w)
{
    net_forget(w);
    w->ready(w);
}

/* Slots that became free go to those who found none. */
static void resume(void)
{
    bool was_full = false;

    for (unsigned n = 0; n < stack.count; n++)
        was_full |= iface_resume(&stack.ifaces[n]);
    if (!was_full)
        return;
    tcp_txnow();
    while (!net_full() && stack.waiters)
        tell(stack.waiters);
}

static COLD struct waitq *waker(unsigned n)
{
    switch (n) {
    case WORK:
        return &stack.work;
    case DEVICES:
        return device_wake();
    case STORE:
        return xs_wake();
    default:
        return net_wake(stack.ifaces[n - IFACES].net);
    }
}

/* The net thread stands in all queues all the time; who is woken is taken out.
 */
static bool was_woken(unsigned n)
{
    return !stack.places[n].q;
}

static bool any_woken(void)
{
    return waitq_joined() < IFACES + stack.count;
}

static void sleep_until(uint64_t deadline)
{
    bool ready = any_woken();

    for (unsigned n = 0; n < stack.count; n++)
        ready |= net_arm(stack.ifaces[n].net, stack.ifaces[n].full);
    if (ready) {
        thread_yield();
        return;
    }
    do /* not for what was there before the last round */
        stack.woken = thread_wait(deadline) == 0;
    while (stack.woken && !any_woken());
    stack.slept = true;
}

static COLD void welcome(void)
{
    unsigned id;
    struct net *net = device_take(&id);

    if (!net)
        return;
    if (!add(id, net))
        say("net: vif %u has come", id);
    expect(wanted_from(id + 1));
}

/* From here on nothing that happens is missed. */
static void attend(void)
{
    const bool devices = was_woken(DEVICES) || was_woken(STORE);

    for (unsigned n = 0; n < IFACES + stack.count; n++) {
        if (!was_woken(n))
            continue;
        waitq_join(waker(n), &stack.places[n]);
        if (n >= IFACES)
            net_counts(stack.ifaces[n - IFACES].net)->wakes += stack.slept;
    }
    stack.slept = false;
    if (devices)
        welcome();
}

/* What threads have left for when they wait. */
static void run_later(void)
{
    while (stack.later)
        tell(stack.later);
}

/* The first interface on which there is what we sent to ourselves. */
static inline struct netif *looped(void)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (netif->loop_first)
            return netif;
    }
    return NULL;
}

/* Is there anything that takes a round? */
static inline bool busy(void)
{
    return stack.touched || gso_due() || looped();
}

/* A round of the net thread's. */
static void serve(void)
{
    struct netif *looping;
    bool more = false;
    uint64_t next;

    attend();
    for (unsigned n = 0; n < stack.count; n++)
        iface_follow(&stack.ifaces[n]);
    stack.touched = false;
    resume();
    run_later();
    if (gso_due())
        gso_acknowledge();
    for (unsigned n = 0; n < stack.count; n++)
        more |= iface_receive(&stack.ifaces[n]);
    if ((looping = looped()))
        netif_poll(looping);
    next = timers_run(!stack.woken);
    stack.woken = false;
    if (tcp_tw_pcbs)
        quirk_trim_time_wait();
    for (unsigned n = 0; n < stack.count; n++)
        iface_flush(&stack.ifaces[n]);
    if (more || busy())
        thread_yield();
    else
        sleep_until(next);
}

/* After a thread has called lwIP: most often there is but something to be sent
 * and shown to the back-ends, for which the net thread need not run. */
static void flush(struct turn *turn)
{
    (void)turn;
    run_later();
    for (unsigned n = 0; n < stack.count; n++)
        iface_flush(&stack.ifaces[n]);
    if (net_full() || timers_changed() || busy())
        waitq_wake(&stack.work);
}

static void run(void *arg)
{
    (void)arg;
    stack.flush.fn = flush;
    stack.error = start();
    stack.state = stack.error ? FAILED : UP;
    waitq_wake(&stack.changed);
    while (stack.state == UP)
        serve();
}

COLD int net_up(void)
{
    if (stack.state == DOWN) {
        if (!thread_create("net", run, NULL))
            return -ENOMEM;
        stack.state = STARTING;
    }
    while (stack.state == STARTING)
        waitq_wait(&stack.changed);
    return stack.error;
}

static COLD bool has_address(void)
{
    for (unsigned n = 0; n < stack.count; n++)
        if (!ip4_addr_isany(netif_ip4_addr(&stack.ifaces[n].netif)))
            return true;
    return false;
}

COLD int net_wait_address(uint64_t deadline)
{
    while (!has_address())
        if (waitq_wait_until(&stack.changed, deadline))
            return -ENETUNREACH;
    return 0;
}

COLD bool net_await_settling(void)
{
    const uint64_t now = clock_now();

    if (stack.state != UP || now >= stack.started + ADDRESS_WAIT)
        return false;
    thread_sleep(now + LOOK_NS);
    return true;
}

COLD int net_wait_route(const struct ip_addr *to, bool wait)
{
    uint64_t deadline;

    if (IP_IS_V4(to) && (ip4_addr_isloopback(ip_2_ip4(to)) || has_address()))
        return 0;
    if (IP_IS_V6(to) && ip6_addr_isloopback(ip_2_ip6(to)))
        return 0;
    deadline = clock_now() + ADDRESS_WAIT;
    if (IP_IS_V4(to))
        return net_wait_address(wait ? deadline : 0);
    if (deadline > stack.started + ROUTER_WAIT)
        deadline = stack.started + ROUTER_WAIT;
    while (!route_reaches6(ip_2_ip6(to)))
        if (!wait || waitq_wait_until(&stack.changed, deadline))
            return -ENETUNREACH;
    return 0;
}

void net_touch(void)
{
    turn_take(&stack.flush);
}

bool net_full(void)
{
    return iface_any_full();
}

void net_await_room(struct net_waiter *w)
{
    join(&stack.waiters, w);
}

void net_later(struct net_waiter *w)
{
    join(&stack.later, w);
}

void net_forget(struct net_waiter *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->link = NULL;
}

bool net_is_local(const struct ip_addr *addr)
{
    struct netif *netif;

    if (ip_addr_isany(addr))
        return true;
    if (IP_IS_V4(addr) && ip4_addr_isloopback(ip_2_ip4(addr)))
        return true;
    NETIF_FOREACH(netif)
    {
        if (IP_IS_V4(addr)
                ? ip4_addr_eq(netif_ip4_addr(netif), ip_2_ip4(addr))
                : netif_get_ip6_addr_match(netif, ip_2_ip6(addr)) >= 0)
            return true;
    }
    return false;
}

COLD int net_errno(int err)
{
    switch (err) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
    case ERR_BUF:
        return -ENOBUFS;
    case ERR_TIMEOUT:
    case ERR_ABRT: /* lwIP gave up: no answer */
        return -ETIMEDOUT;
    case ERR_RTE:
        return -ENETUNREACH;
    case ERR_USE:
        return -EADDRINUSE;
    case ERR_ISCONN:
        return -EISCONN;
    case ERR_CONN:
        return -ENOTCONN;
    case ERR_RST:
        return -ECONNRESET;
    case ERR_IF:
        return -ENETDOWN;
    default:
        return -EINVAL;
    }
}

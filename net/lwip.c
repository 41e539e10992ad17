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
#include "net/address6.h"
#include "net/budget.h"
#include "net/device.h"
#include "net/frame.h"
#include "net/quirk.h"
#include "net/route.h"
#include "net/timers.h"
#include "xen/clock.h"
#include "xen/netfront.h"
#include "xen/xenstore.h"

#define IFACES_MAX 8
#define SOURCE4    26 /* where a frame has it */
#define SOURCE6    22
#define BATCH      64 /* frames between two looks at the other threads */

#define ADDRESS_WAIT (10 * SECOND) /* DHCP answers sooner, or never */
#define ROUTER_WAIT  (6 * SECOND)  /* after start: so do routers */

#define OFFLOADED_TX (NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP)
#define OFFLOADED_RX (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

struct iface {
    struct netif netif;
    struct net *net;
    struct device device;
    struct address address;
    struct address6 address6;
    unsigned queued; /* frames since the last flush */
    bool full;       /* a frame found no slot */
};

static struct {
    enum { DOWN, STARTING, UP, FAILED } state;
    int error;            /* when FAILED */
    struct waitq changed; /* state, or an address */
    struct waitq work;    /* the net thread */
    bool touched;         /* there is work */
    struct iface ifaces[IFACES_MAX];
    unsigned count;
    uint64_t started;
    struct net_waiter *waiters;
} stack;

/* lwIP's link output.  Never waits: on ERR_MEM TCP tries again when the net
 * thread calls tcp_txnow(). */
static err_t output(struct netif *netif, struct pbuf *p)
{
    struct iface *i = netif->state;
    struct buf *b;
    int err;

    if (i->full)
        return ERR_MEM;
    b = frame_to_send(p, net_csum6(i->net));
    if (!b)
        return ERR_MEM;
    err = net_trysend(i->net, b);
    if (err == -EAGAIN) {
        buf_free(b);
        i->full = true;
        return ERR_MEM;
    }
    if (err)
        return ERR_IF;
    if (++i->queued >= BATCH) {
        net_flush(i->net);
        i->queued = 0;
    }
    return ERR_OK;
}

/* One of the interface's own addresses, and nobody else has claimed it? */
static bool is_own(const struct netif *netif, const ip_addr_t *addr)
{
    if (IP_IS_V4(addr))
        return ip4_addr_eq(netif_ip4_addr(netif), ip_2_ip4(addr));
    for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
            ip6_addr_eq(netif_ip6_addr(netif, i), ip_2_ip6(addr)))
            return true;
    return false;
}

/* A packet from outside that says it came from us: a service that answered it
 * would talk to itself, perhaps for ever (RFC 1122, 3.2.1.3). */
static bool is_forged(const struct netif *netif, const struct pbuf *p)
{
    const unsigned type =
        (unsigned)pbuf_get_at(p, 12) << 8 | pbuf_get_at(p, 13);
    ip_addr_t from = {0};

    if (type == ETHTYPE_IP) {
        pbuf_copy_partial(p, &ip_2_ip4(&from)->addr, 4, SOURCE4);
        IP_SET_TYPE_VAL(from, IPADDR_TYPE_V4);
    } else if (type == ETHTYPE_IPV6) {
        pbuf_copy_partial(p, ip_2_ip6(&from)->addr, 16, SOURCE6);
        IP_SET_TYPE_VAL(from, IPADDR_TYPE_V6);
        ip6_addr_assign_zone(ip_2_ip6(&from), IP6_UNICAST, netif);
    } else {
        return false;
    }
    return !ip_addr_isany(&from) && is_own(netif, &from);
}

static void input(struct iface *i, struct buf *b)
{
    const bool check = !frame_trusted(b);
    struct pbuf *p = frame_received(b);

    if (!p)
        return;
    if (is_forged(&i->netif, p)) {
        pbuf_free(p);
        return;
    }
    /* At rest nothing is checked: what we send ourselves has no sums. */
    if (check)
        i->netif.chksum_flags |= OFFLOADED_RX;
    if (i->netif.input(p, &i->netif) != ERR_OK)
        pbuf_free(p);
    i->netif.chksum_flags &= (u16_t)~OFFLOADED_RX;
}

static void address_changed(struct netif *netif)
{
    (void)netif;
    stack.touched = true;
    waitq_wake(&stack.changed);
}

static err_t netif_start(struct netif *netif)
{
    struct iface *i = netif->state;

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6 |
                   NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = output;
    netif_set_status_callback(netif, address_changed);
    NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~OFFLOADED_RX);
    if (net_csum6(i->net))
        netif->chksum_flags &= (u16_t)~OFFLOADED_TX;
    return ERR_OK;
}

static int add(unsigned id, struct net *net)
{
    struct iface *i = &stack.ifaces[stack.count];
    int err;

    i->net = net;
    netif_add_noaddr(&i->netif, i, netif_start, ethernet_input);
    device_start(&i->device, &i->netif, net, id);
    netif_set_up(&i->netif);
    err = address_start(&i->address, &i->netif, id);
    if (err) {
        say("net: no memory for vif %u", id);
        netif_remove(&i->netif);
        net_close(net);
        return err;
    }
    address6_start(&i->address6, &i->netif, id);
    if (stack.count++ == 0)
        netif_set_default(&i->netif);
    return 0;
}

/* The first vif from id on that is ours. */
static unsigned wanted_from(unsigned id)
{
    while (!address_wanted(id))
        id++;
    return id;
}

/* A vif that comes later is taken, too, if it is the next one. */
static void expect(unsigned id)
{
    if (id < IFACES_MAX)
        device_expect(id);
}

/* Every interface the toolstack gave us, up to the first it did not. */
static int open_all(void)
{
    int err = -ENODEV;
    unsigned id;

    for (id = wanted_from(0); id < IFACES_MAX; id = wanted_from(id + 1)) {
        struct net *net = net_open(id);

        err = net ? add(id, net) : -errno;
        if (err)
            break;
    }
    if (stack.count) {
        expect(id);
        return 0;
    }
    if (err != -ENODEV)
        return err; /* and it has been said why */
    say("net: no network interface: add vif=['bridge=xenbr0'] to the config");
    return -ENODEV;
}

static int start(void)
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

/* Slots that became free go to those who found none. */
static void resume(void)
{
    struct net_waiter *w;
    bool was_full = false;

    for (unsigned n = 0; n < stack.count; n++) {
        struct iface *i = &stack.ifaces[n];

        if ((net_reap(i->net) || net_broken(i->net)) && i->full) {
            i->full = false;
            was_full = true;
        }
    }
    if (!was_full)
        return;
    tcp_txnow();
    while (!net_full() && (w = stack.waiters)) {
        stack.waiters = w->next;
        w->waiting = false;
        w->ready(w);
    }
}

/* Take a batch of frames; true: there may be more. */
static bool receive(struct iface *i)
{
    struct buf *b;

    for (unsigned n = 0; n < BATCH; n++) {
        b = net_poll(i->net);
        if (!b)
            return false;
        input(i, b);
    }
    return true;
}

static void flush(struct iface *i)
{
    if (i->queued)
        net_flush(i->net);
    i->queued = 0;
}

static void sleep_until(uint64_t deadline)
{
    struct waiter w[IFACES_MAX + 3];
    bool ready;

    /* Join first: an event that net_arm() asks for may come at once. */
    waitq_join(&stack.work, &w[stack.count]);
    waitq_join(device_wake(), &w[stack.count + 1]);
    waitq_join(xs_wake(), &w[stack.count + 2]);
    ready = device_news();
    for (unsigned n = 0; n < stack.count; n++) {
        waitq_join(net_wake(stack.ifaces[n].net), &w[n]);
        if (net_arm(stack.ifaces[n].net, stack.ifaces[n].full))
            ready = true;
    }
    if (!ready)
        thread_wait(deadline);
    for (unsigned n = 0; n < stack.count + 3; n++)
        waitq_leave(&w[n]);
    if (ready)
        thread_yield();
}

static void welcome(void)
{
    unsigned id;
    struct net *net = device_take(&id);

    if (!net)
        return;
    if (!add(id, net))
        say("net: vif %u has come", id);
    expect(wanted_from(id + 1));
}

static void follow(struct iface *i)
{
    if (device_follow(&i->device)) {
        address6_restart(&i->address6);
        device_resend();
    }
    address_report(&i->address); /* may wait */
    address6_report(&i->address6);
}

static void serve(void)
{
    bool more = false;
    uint64_t next;

    welcome();
    for (unsigned n = 0; n < stack.count; n++)
        follow(&stack.ifaces[n]);
    stack.touched = false;
    resume();
    for (unsigned n = 0; n < stack.count; n++)
        more |= receive(&stack.ifaces[n]);
    netif_poll_all();
    next = timers_run();
    quirk_trim_time_wait();
    for (unsigned n = 0; n < stack.count; n++)
        flush(&stack.ifaces[n]);
    if (more || stack.touched)
        thread_yield();
    else
        sleep_until(next);
}

static void run(void *arg)
{
    (void)arg;
    stack.error = start();
    stack.state = stack.error ? FAILED : UP;
    waitq_wake(&stack.changed);
    while (stack.state == UP)
        serve();
}

int net_up(void)
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

static bool has_address(void)
{
    for (unsigned n = 0; n < stack.count; n++)
        if (!ip4_addr_isany(netif_ip4_addr(&stack.ifaces[n].netif)))
            return true;
    return false;
}

int net_wait_address(uint64_t deadline)
{
    while (!has_address())
        if (waitq_wait_until(&stack.changed, deadline))
            return -ENETUNREACH;
    return 0;
}

bool net_settling(void)
{
    return stack.state == UP && clock_now() < stack.started + ADDRESS_WAIT;
}

int net_wait_route(const struct ip_addr *to, bool wait)
{
    uint64_t deadline = clock_now() + ADDRESS_WAIT;

    if (IP_IS_V4(to))
        return ip4_addr_isloopback(ip_2_ip4(to))
                   ? 0
                   : net_wait_address(wait ? deadline : 0);
    if (ip6_addr_isloopback(ip_2_ip6(to)))
        return 0;
    if (deadline > stack.started + ROUTER_WAIT)
        deadline = stack.started + ROUTER_WAIT;
    while (!route_reaches6(ip_2_ip6(to)))
        if (!wait || waitq_wait_until(&stack.changed, deadline))
            return -ENETUNREACH;
    return 0;
}

void net_touch(void)
{
    stack.touched = true;
    waitq_wake(&stack.work);
}

bool net_full(void)
{
    for (unsigned n = 0; n < stack.count; n++)
        if (stack.ifaces[n].full)
            return true;
    return false;
}

void net_await_room(struct net_waiter *w)
{
    if (w->waiting)
        return;
    w->waiting = true;
    w->next = stack.waiters;
    stack.waiters = w;
    net_touch();
}

void net_forget(struct net_waiter *w)
{
    struct net_waiter **at = &stack.waiters;

    if (!w->waiting)
        return;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->waiting = false;
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

int net_errno(int err)
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

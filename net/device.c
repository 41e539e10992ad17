/* device.c: how interfaces follow their devices: see device.h. */

#include "net/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "kernel/panic.h"
#include "kernel/sched.h"
#include "lib/util.h"
#include "net/gso.h"
#include "xen/netfront.h"
#include "xen/xenstore.h"

static struct {
    unsigned id;
    char path[24];
    struct xs_watch watch; /* on path */
    char state[4];         /* below path, when the watch was set */
    struct xs_call calls[2];
    bool opening;    /* a thread is at it */
    struct net *net; /* open, and nobody's yet */
} next;

static struct waitq wake;

/* What depends on the device, which may come back as another. */
static void take_identity(const struct device *d)
{
    struct netif *netif = d->netif;

    memcpy(netif->hwaddr, net_mac(d->net), ETH_HWADDR_LEN);
    netif->mtu = netif->mtu6 = (u16_t)net_mtu(d->net);
}

void device_start(struct device *d, struct netif *netif, struct net *net,
                  unsigned id)
{
    *d = (struct device){
        .net = net, .netif = netif, .id = id, .epoch = net_epoch(net)};
    take_identity(d);
    netif->hwaddr_len = ETH_HWADDR_LEN;
}

/* A thread for as long as a device is away: its return is waited for. */
static void bring_back(void *arg)
{
    struct device *d = arg;

    while (net_reopen(d->net))
        ;
    d->returning = false;
    waitq_wake(&wake);
}

static void follow_loss(struct device *d)
{
    if (!d->returning)
        d->returning = thread_create("vif", bring_back, d) != NULL;
    if (netif_is_link_up(d->netif))
        netif_set_link_down(d->netif);
}

/* Addresses and sockets stay; DHCP asks for the same address again. */
static void follow_return(const struct device *d)
{
    say("net: vif %u is back", d->id);
    take_identity(d);
    netif_set_link_up(d->netif);
}

/* Switches that have to learn where we are hear from us, be it that nothing
 * else has changed. */
bool device_follow(struct device *d)
{
    const bool back = !netif_is_link_up(d->netif);

    if (net_broken(d->net)) {
        follow_loss(d);
        return false;
    }
    if (back)
        follow_return(d);
    else if (!ip4_addr_isany(netif_ip4_addr(d->netif)))
        etharp_gratuitous(d->netif);
    d->epoch = net_epoch(d->net);
    return back;
}

void device_resend(void)
{
    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        pcb->nrtx = 0;
        pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
        if (pcb->rtime > 0)
            pcb->rtime = 0;
        gso_refit(pcb);
        if (pcb->unacked && tcp_rexmit_rto_prepare(pcb) == ERR_OK)
            tcp_rexmit_rto_commit(pcb);
        else
            tcp_output(pcb);
    }
}

void device_expect(unsigned id)
{
    if (next.path[0]) {
        xs_await(next.calls, ARRAY_LEN(next.calls));
        xs_unwatch(&next.watch);
    }
    next.id = id;
    sniprintf(next.path, sizeof(next.path), "device/vif/%u", id);
    next.calls[0] = (struct xs_call){
        .op = XS_CALL_WATCH, .path = next.path, .watch = &next.watch};
    next.calls[1] =
        xs_read_call(next.path, "state", next.state, sizeof(next.state));
    next.calls[1].watch = &next.watch;
    xs_send(0, next.calls, ARRAY_LEN(next.calls));
}

/* Is there anything new about it? */
static bool has_changed(void)
{
    const bool fired = xs_watch_fired(&next.watch), there = next.state[0];

    if (next.calls[0].err)
        say("net: a new vif will not be noticed: xenstored sets no watch");
    next.calls[0].err = 0;
    next.state[0] = '\0';
    return fired || there;
}

/* Whoever is there but does not get ready is not asked again before something
 * changes; what our own attempt changed does not count. */
static void open_next(void *arg)
{
    (void)arg;
    next.net = net_open(next.id);
    if (!next.net && errno != ENODEV)
        xs_watch_fired(&next.watch);
    next.opening = false;
    waitq_wake(&wake);
}

struct net *device_take(unsigned *id)
{
    struct net *net = next.net;

    next.net = NULL;
    *id = next.id;
    if (!net && !next.opening && next.path[0] && has_changed())
        next.opening = thread_create("vif", open_next, NULL) != NULL;
    return net;
}

struct waitq *device_wake(void)
{
    return &wake;
}

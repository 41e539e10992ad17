/*
 * device.h: how interfaces follow their devices: these go, they come back, and
 * new ones come.
 */
#pragma once

#include <stdbool.h>

#include <lwip/netif.h>

#include "xen/netfront.h"

struct waitq;

struct device {
    struct net *net;
    struct netif *netif;
    unsigned id;    /* vif <id> */
    unsigned epoch; /* of net, as far as has been followed */
    bool returning; /* a thread waits for it to come back */
};

/* netif is net's, with its identity and its link up. */
void device_start(struct device *d, struct netif *netif, struct net *net,
                  unsigned id);

/* Nothing has happened to it that device_follow() would not know. */
static inline bool device_is_steady(const struct device *d)
{
    return d->epoch == net_epoch(d->net) && !net_broken(d->net) &&
           netif_is_link_up(d->netif);
}

/* For one that is not steady: the link goes with the device and comes back with
 * it; true: just now.  Does not wait. */
bool device_follow(struct device *d);

/*
 * What was lost with a device is sent again now, not when a timer that has
 * been doubled all the while says so.  The timers themselves begin anew: a
 * bridge may open its port a second later, and lose this, too.
 */
void device_resend(void);

/* From now on vif <id> is the next one to come. */
void device_expect(unsigned id);

/* It has come: it is the caller's.  NULL: not yet.  To be asked after every
 * wake of device_wake(), also for those that are back, and xs_wake(); does not
 * wait. */
struct net *device_take(unsigned *id);
struct waitq *device_wake(void);

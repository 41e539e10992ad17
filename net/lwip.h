/*
 * lwip.h: lwIP over the network interfaces.
 *
 * One thread receives from all of them, runs lwIP's timers and tells the
 * back-ends, once per batch, about what was queued.  Other threads call lwIP
 * directly, because nothing in it ever waits; afterwards they net_touch().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/sched.h"

struct ip_addr; /* lwIP's */

/* Start everything at the first call; waits until the interfaces are there,
 * not for their addresses.  0, -ENODEV (no interface; said on the console),
 * -ENOMEM, or what else net_open() has. */
int net_up(void);

/* Wait until an interface has an IPv4 address: 0 or -ENETUNREACH. */
int net_wait_address(uint64_t deadline);

/* Wait a moment, for addresses and what comes with them may still be on their
 * way.  So it is after the start only; false: they have had their time. */
bool net_await_settling(void);

/* Is there a way to this address?  With wait, addresses that have yet to come
 * are waited for, but only at boot.  0 or -ENETUNREACH. */
int net_wait_route(const struct ip_addr *to, bool wait);

/* The calling thread made lwIP queue frames or start timers: they are seen to
 * as soon as this one waits. */
void net_touch(void);

/* Is an interface out of slots?  Then lwIP's ERR_MEM goes away by itself. */
bool net_full(void);

/* Who is to be told once: when no interface is full any more, or later, when
 * the calling thread waits.  ready() never waits. */
struct net_waiter {
    void (*ready)(struct net_waiter *w);
    struct net_waiter *next, **link; /* link: NULL: does not wait */
};
void net_await_room(struct net_waiter *w);
void net_later(struct net_waiter *w);
void net_forget(struct net_waiter *w);

/* May a socket be bound to addr? */
bool net_is_local(const struct ip_addr *addr);

/* lwIP's err_t as -errno. */
int net_errno(int err);

/*
 * netfront.h: network interfaces, one Ethernet frame per packet
 * (xen/io/netif.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/buf.h"
#include "kernel/sched.h"

struct net;

struct net *net_open(unsigned id); /* vif <id>; NULL with errno set */
void net_close(struct net *net);

const uint8_t *net_mac(const struct net *net); /* 6 bytes */
unsigned net_mtu(const struct net *net);       /* without Ethernet header */
bool net_broken(const struct net *net);

/* Queue one frame; b is gone whatever happens.  Waits for free slots.
 * 0, -EIO (broken), -EMSGSIZE (more than 18 slots), -EINVAL (no data). */
int net_send(struct net *net, struct buf *b);

/* The same, but never waits: on -EAGAIN b stays yours. */
int net_trysend(struct net *net, struct buf *b);

/* Tell the back-end about all queued frames. */
void net_flush(struct net *net);

/* Free the packets the back-end has sent; true: slots became free. */
bool net_reap(struct net *net);

/* The next frame, yours to keep.  net_poll() returns NULL if there is none;
 * net_recv() waits, and returns NULL only when the device is broken. */
struct buf *net_poll(struct net *net);
struct buf *net_recv(struct net *net);

/* For one thread that serves several interfaces: ask for an event at the
 * next received frame (and, with tx, at the next sent one).  True: there is
 * something already.  The event wakes net_wake(). */
bool net_arm(struct net *net, bool tx);
struct waitq *net_wake(struct net *net);

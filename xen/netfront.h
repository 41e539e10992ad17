/*
 * netfront.h: network interfaces, one Ethernet frame per packet
 * (xen/io/netif.h).
 *
 * Frames go out from and come in to the pages of their buffers; nothing is
 * copied.  Each page that a piece of a frame touches has a slot.  A back-end
 * that breaks the protocol breaks the device: one line on the console, -EIO
 * from then on, net_wake() woken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/buf.h"
#include "kernel/sched.h"

#define NET_SLOTS_MAX 18 /* of a packet, that every back-end takes */

struct net;

/* What an interface has counted since net_open(), through every net_reopen().
 */
struct net_counts {
    uint64_t tx_packets, tx_bytes; /* queued */
    uint64_t rx_packets, rx_bytes; /* given to the caller */
    uint64_t tx_gso, rx_gso;       /* of these: to be cut into segments */
    uint64_t rx_extras; /* extra-info slots but GSO's: none was asked for */
    uint64_t kicks;     /* batches of requests shown to the back-end */
    uint64_t wakes;     /* sleeps that its event ended */
    uint64_t tx_full;   /* no slots were free: -EAGAIN, or net_send() waited */
    uint64_t tx_copied; /* bytes that could not go out from where they lay */

    /* Packets that were dropped, and why. */
    uint64_t tx_too_long; /* -EMSGSIZE */
    uint64_t tx_invalid;  /* -EINVAL */
    uint64_t tx_broken;   /* -EIO */
    uint64_t tx_errors;   /* the back-end could not send them; slots */
    uint64_t tx_lost;     /* on their way when it went away; slots */
    uint64_t rx_errors;   /* the back-end lost a piece, or went away */
    uint64_t rx_dry;      /* their pages were the last to receive into */
    uint64_t malformed;   /* nonsense in a ring, which broke the device */

    /* What the sockets do, if the interface is theirs; tx_copied, too. */
    uint64_t rx_copied;    /* bytes */
    uint64_t rx_full;      /* long frames copied: too many pages were kept */
    uint64_t tx_no_memory; /* dropped, */
    uint64_t rx_no_memory; /* the first one with a word on the console, */
    uint64_t rx_forged;    /* and those said to be from us */
};

/* vif <id>; waits for its back-end.  NULL with errno set: ENODEV, ETIMEDOUT,
 * ENOMEM, ENOSPC (grants), EDQUOT (xenstored's quota) or EIO (nonsense in
 * xenstore), both with a word on the console. */
struct net *net_open(unsigned id);

/* Opens n vifs, at most NET_OPEN_ALL, at the same time.  How many of them, from
 * the first on, could be opened; errno: why not the next.  Those behind that
 * are closed. */
#define NET_OPEN_ALL 4
size_t net_open_all(const unsigned ids[], struct net *nets[], size_t n);

/* Leave a broken device and connect to whatever back-end it has or will have,
 * waiting for one without limit: a vif that was detached may come back, with
 * another MAC address, too.  Frames on their way are lost.  0; or -errno: net
 * is still broken, and may be reopened again at once, for a pause that keeps
 * that from being busy is in here.  Other threads may go on calling what never
 * waits: it finds net broken. */
int net_reopen(struct net *net);

/* Waits up to a second for queued frames to leave, and up to 10 for the
 * back-end to let go.  No other thread may be inside a call on net. */
void net_close(struct net *net);

const uint8_t *net_mac(const struct net *net); /* 6 bytes */
unsigned net_mtu(const struct net *net);       /* without Ethernet header */
bool net_csum6(const struct net *net); /* BUF_CSUM_BLANK for IPv6, too? */

/* Does the back-end cut TCP segments of up to 64 KB, those with a gso_size?  If
 * so it also fills in their checksums. */
bool net_gso(const struct net *net, bool v6);
bool net_broken(const struct net *net);

/* Changes when a back-end has taken over, be it with the rings as they are:
 * whoever has an address should announce it then.  Wakes net_wake(). */
unsigned net_epoch(const struct net *net);
struct net_counts *net_counts(struct net *net);

/* The pages that wait to be received into, of all interfaces: how many more or
 * fewer depends on what has come lately. */
size_t net_posted(void);

/* Queue one frame; b is gone whatever happens.  Waits for free slots.
 * 0, -EIO (broken), -EMSGSIZE (above the MTU, or to be cut into segments above
 * it or by a back-end that does not; 65535 bytes or NET_SLOTS_MAX slots; or the
 * back-end takes only one and the frame does not fit in a page, or begins in
 * pages that are lent), -EINVAL (a piece is empty or leaves its pages).  A
 * checksum left blank is summed here if the back-end would not do it. */
int net_send(struct net *net, struct buf *b);

/* The same, but never waits: on -EAGAIN b stays yours. */
int net_trysend(struct net *net, struct buf *b);

/* Tell the back-end about all queued frames. */
void net_flush(struct net *net);

/* Free the packets the back-end has sent; true: slots became free since the
 * last call, or the last -EAGAIN, whoever noticed it. */
bool net_reap(struct net *net);

/* The next frame, yours to keep.  net_poll() returns NULL if there is none;
 * net_recv() waits, and returns NULL only when the device is broken.
 * Each piece of a frame holds at least one byte.  One with a gso_size is a TCP
 * segment of up to 64 KB, whose sender had it cut only on a wire; all frames
 * may be above the MTU.  When the pool is used up
 * frames are dropped, so keep few of them for long. */
struct buf *net_poll(struct net *net);
struct buf *net_recv(struct net *net);

/* For one thread that serves several interfaces: ask for an event at the
 * next received frame (and, with tx, when about half of what is queued has
 * been sent).  True: there is something already.  The event wakes net_wake().
 * A broken device has no events: false. */
bool net_arm(struct net *net, bool tx);
struct waitq *net_wake(struct net *net);

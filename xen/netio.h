/*
 * netio.h: what the parts of the network front-end share: netfront.c connects
 * a device and leaves it, nettx.c and netrx.c move frames through its rings,
 * and netio.c is what these have in common.
 */
#pragma once

#include "xen/abi.h"
#include <xen/io/netif.h>
#include "xen/netfront.h"
#include "xen/xenbus.h"

#define NET_HEADER 14 /* Ethernet's, which an MTU leaves out */
#define NET_TAG    4  /* of a VLAN (802.1Q), which it leaves out, too */

/* A received packet of which slots are still to come. */
struct net_partial {
    struct buf *first, *last;
    size_t bytes;
    unsigned slots, extras;
    bool lost;       /* a piece is missing: drop it at its end */
    bool more_data;  /* the last response said that data follows */
    bool more_extra; /* the next slot is an extra info */
};

struct net {
    struct xenbus_dev bus;
    struct ring tx, rx;
    gref_t ref[2 * RING_MAX]; /* GREF_NONE: lost with its page */
    gref_t *tx_ref, *rx_ref;  /* its halves, by id */
    bool ready;               /* has its rings and references, and is listed */
    struct net_partial partial;
    struct net_counts counts;
    struct net *next;   /* listed */
    uint32_t rx_target; /* receive slots to be posted, if there are pages */
    uint32_t rx_run;    /* slots that came back in one go */
    unsigned mtu;
    bool tx_freed; /* slots, since net_reap() or -EAGAIN said how it stands */
    bool sg;       /* the back-end takes packets of several slots */
    bool csum4;    /* and finishes the checksums of IPv4, */
    bool csum6;    /* and of IPv6 */
    bool gso4;     /* and cuts large segments of IPv4, */
    bool gso6;     /* and of IPv6 */
    uint8_t mac[6];
};

/* A flight of b is over: b is freed when it has no other. */
void netio_landed(struct buf *b);

/* Never use *ref and b's pages again; the flight is over, too. */
void netio_lose(gref_t *ref, struct buf *b);

/* One page of b is back from its flight under *ref.  False: the back-end holds
 * on to it: b is gone, and neither it nor *ref is ever used again. */
static inline bool netio_take_back(gref_t *ref, struct buf *b)
{
    if (gnttab_unshare(*ref) == 0)
        return true;
    netio_lose(ref, b);
    return false;
}

/* Take back every page in flight on r, and free it: how many there were. */
unsigned netio_abandon(struct ring *r, gref_t *ref);

/* The back-end wrote nonsense: net is broken. */
void netio_fail(struct net *net, const char *why);

/* Until the back-end sends an event. */
void netio_sleep(struct net *net);

/* Show what is new on r to the back-end. */
void netio_show(struct net *net, struct ring *r);
static inline void netio_kick(struct net *net, struct ring *r)
{
    if (!net->bus.broken && r->req_shown != r->req_prod)
        netio_show(net, r);
}

/* Free the packets the back-end has sent. */
void netio_take_sent(struct net *net);
static inline void netio_reap(struct net *net)
{
    if (!net->bus.broken && ring_waiting(&net->tx))
        netio_take_sent(net);
}

/* Make net one of those that share the pool, and no more. */
void netio_list(struct net *net);
void netio_unlist(struct net *net);

/* Post receive slots up to rx_target, if there are pages for them, and tell
 * the back-end later.  False: fewer than one large packet may need. */
bool netio_fill(struct net *net);

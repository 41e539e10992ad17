/*
 * xenbus.h: what every front-end shares: finding its back-end, connecting,
 * kicking, failing, closing (xen/io/xenbus.h).
 *
 * The back-end may be late, may close and may come back; its keys may not be
 * there before it is ready.  Nothing read from it is trusted.  All calls wait
 * for xenstored, but xenbus_ask(), xenbus_ring(), xenbus_ring_ref(),
 * xenbus_kick() and xenbus_fail().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/sched.h"
#include "xen/gnttab.h"
#include "xen/ring.h"
#include "xen/xenstore.h"

#define XENBUS_KEYS_MAX 16

struct xenbus_dev {
    char path[32];         /* device/vif/0 */
    char backend[128];     /* /local/domain/0/backend/vif/3/0 */
    uint16_t peer;         /* the back-end's domain */
    uint32_t port;         /* our event channel to it; 0: none */
    struct waitq wake;     /* woken by every event on port, and when broken */
    bool broken;           /* the back-end broke the protocol or went away */
    bool said;             /* why */
    unsigned epoch;        /* grows when the back-end has become Connected */
    bool patient;          /* waits for its back-end without limit */
    uint64_t pause;        /* ns until xenbus_reopen() tries again */
    struct xs_watch state; /* on the back-end's state, or for lack of it on
                            * path; dir tells which */
    int own;               /* our state, as last written */
    struct xs_call *along; /* read with the back-end's state, or NULL */
    size_t alongs;
    const char *protocol; /* of the rings, to be told with the keys, or NULL */
    gref_t ring_ref[2];
    void *ring_page[2];
    unsigned rings;
    struct xenbus_dev *next; /* of those connected */
};

/* A device, and where its back-end is: what xenbus_ask() has asked for. */
struct xenbus_place {
    char path[32];
    char backend[128];
    char peer[8];
    struct xs_call calls[2];
};

struct xenbus_key {
    const char *name;
    uint32_t value;
};

/* Ask for device/<type>/<id> without waiting: so several can be asked for
 * before the first is opened.  p must stay until it is, or has been found not
 * to be there. */
void xenbus_ask(struct xenbus_place *p, const char *type, unsigned id);
bool xenbus_is_there(struct xenbus_place *p);

/* Find the device asked for and its back-end, wait until that is ready to
 * connect, and open an event channel to it.  What the front-end wants to know
 * of it then, below dev->path and dev->backend, are the n reads: each tells its
 * own error.  -ENODEV: no such device; -ETIMEDOUT: the back-end never came; on
 * any error nothing is left open. */
int xenbus_open(struct xenbus_dev *dev, struct xenbus_place *p,
                struct xs_call *reads, size_t n);

/*
 * Close what is left of dev and open it again, waiting for a back-end
 * without limit: the toolstack may take the device away and put it back at any
 * time.  Until xenbus_connect() has returned 0 dev stays broken.  At once if
 * the back-end went away by itself; else, so that neither a lying back-end
 * nor a lack of memory keeps us busy, after a pause that grows each time.
 */
int xenbus_reopen(struct xenbus_dev *dev, struct xs_call *reads, size_t n);

/* A fresh shared page made into a ring; xenbus_close() frees it. */
int xenbus_ring(struct xenbus_dev *dev, struct ring *r, size_t slot_size);

/* Write the keys, at most XENBUS_KEYS_MAX, and our event channel, and wait
 * until both ends are Connected; read what there is to be known then.  From
 * then on dev is marked broken when the back-end leaves. */
int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n, struct xs_call *reads, size_t nreads);

/* The grant reference of the ring opened first (0) or second (1).  For keys
 * in dev->path or dev->backend there is xs_batch(). */
gref_t xenbus_ring_ref(const struct xenbus_dev *dev, unsigned which);

/* Publish r, and notify the back-end if it wants to know. */
void xenbus_kick(struct xenbus_dev *dev, struct ring *r);

/* Say why once, mark the device broken, wake its waiters; returns -EIO. */
int xenbus_fail(struct xenbus_dev *dev, const char *why);

/* Leave the back-end politely, with patience but not for ever: after that a
 * decent one has nothing of ours mapped, and the front-end can take back what
 * it shared itself.  Closes the event channel. */
void xenbus_leave(struct xenbus_dev *dev);

/* Leave, unless that is done; take the rings back and free them.  One that
 * the back-end keeps mapped is never used again. */
void xenbus_close(struct xenbus_dev *dev);

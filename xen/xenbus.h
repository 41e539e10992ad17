/*
 * xenbus.h: what every front-end shares: finding its back-end, connecting,
 * kicking, failing, closing (xen/io/xenbus.h).
 *
 * The back-end may be late, may close and may come back; its keys may not be
 * there yet.  Nothing read from it is trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernel/sched.h"
#include "xen/gnttab.h"
#include "xen/ring.h"
#include "xen/xenstore.h"

struct xenbus_dev {
    char path[32];         /* device/vif/0 */
    char backend[128];     /* /local/domain/0/backend/vif/3/0 */
    uint16_t peer;         /* the back-end's domain */
    uint32_t port;         /* our event channel to it; 0: none */
    struct waitq wake;     /* woken by every event on port */
    bool broken;           /* the back-end broke the protocol or went away */
    struct xs_watch state; /* on the back-end's state */
    gref_t ring_ref[2];
    void *ring_page[2];
    unsigned rings;
};

struct xenbus_key {
    const char *name;
    uint32_t value;
};

/* Find device/<type>/<id> and its back-end, wait until that is ready to
 * connect, and open an event channel to it.  -ENODEV: no such device;
 * -ETIMEDOUT: the back-end never came. */
int xenbus_open(struct xenbus_dev *dev, const char *type, unsigned id);

/* A fresh shared page made into a ring; xenbus_close() frees it. */
int xenbus_ring(struct xenbus_dev *dev, struct ring *r, size_t slot_size);

/* Write the keys, the rings' references under the names given, and our event
 * channel in one transaction, and wait until both ends are Connected. */
int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n);

/* The grant reference of the ring opened first (0) or second (1). */
gref_t xenbus_ring_ref(const struct xenbus_dev *dev, unsigned which);

/* Keys in the back-end's folder, or our own. */
int xenbus_read(struct xenbus_dev *dev, const char *key, char *text, size_t n);
int xenbus_read_num(struct xenbus_dev *dev, const char *key, uint64_t *num);
int xenbus_read_own(struct xenbus_dev *dev, const char *key, char *text,
                    size_t n);

/* Publish r, and notify the back-end if it wants to know. */
void xenbus_kick(struct xenbus_dev *dev, struct ring *r);

/* Say why once, mark the device broken, wake its waiters; returns -EIO. */
int xenbus_fail(struct xenbus_dev *dev, const char *why);

/* Leave the back-end politely, take the rings back and free them.  Whatever
 * the front-end shared itself it must have taken back before. */
void xenbus_close(struct xenbus_dev *dev);

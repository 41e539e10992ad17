/*
 * peer.h: a Xen and a dom0 for tests of a front-end: grants, xenbus, xenstore's
 * keys, one thread that waits, time.  What the back-end of its kind does is
 * elsewhere, linked beside: netback.c or blkback.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/abi.h"
#include "xen/xenbus.h"

#pragma GCC diagnostic ignored "-Wconversion" /* Xen's ring macros mix signs   \
                                               */
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* Ring indices begin just below 2^32, as if in use for long. */
#define PEER_OLD ((uint32_t)-700)

struct peer {
    /* What a test sets before it opens the device. */
    int open_err, ring_err, connect_err;

    /* What it looks at. */
    bool open, connected;
    unsigned events_here, events_there; /* sent to the front-end, by it */
    unsigned held;     /* pages it could still reach when it was left */
    const char *wrong; /* what xenbus_fail() was told */
    unsigned fails;

    struct xenbus_dev *dev;
    struct ring *ring[2];
};

/* What a kind of back-end has to say. */
struct peer *peer_find(const char *type, unsigned id);
void peer_attach(struct peer *p, const struct xenbus_key *keys, size_t n);
const char *peer_value(const struct peer *p, bool own, const char *key);

extern struct fake {
    unsigned claimed, shared; /* references, and those in use, but not lost */
    int claim_err;
    unsigned claims_left; /* then gnttab_claim() fails; 0: never */
    bool busy;            /* unsharing fails: the page is still mapped */
    unsigned lost;        /* references that were busy, and still are in use */
    void (*run)(void);    /* what the world does while a thread waits */
    unsigned waits;
    unsigned threads; /* so many ran */
    bool no_threads;
    unsigned batches; /* of reads */
    uint64_t now;
    void (*leaving)(void); /* looks at a device that is being left */
} fake;

void fake_peers_start(void);

/* The page behind ref, as the back-end sees it; write: it may. */
uint8_t *fake_page(gref_t ref, bool write);

/* Is a page between these shared? */
bool fake_reaches(const void *from, const void *to);

/* Free the pages lost to the back-end, as only a fake can. */
void fake_free_lost(void);

/*
 * blkback.h: a disk's back-end, small enough for a test.  It plays by Xen's own
 * ring macros and insists on the rules of xen/io/blkif.h; the functions named
 * lie_ are how it breaks them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/fake/peer.h"
#include <xen/io/blkif.h>

#define DISK_ID      51713 /* its low half alone is the handle */
#define DISK_SECTORS 4096u

extern struct blkback {
    struct peer peer;

    /* What a test sets before blk_open(): keys; NULL: there is none. */
    const char *sectors, *sector_size, *info, *flush;

    int16_t status; /* that every request gets from now on */
    bool shuffle;   /* answer in any order, and not all at once */

    /* What it looks at. */
    bool keys; /* seen, and right */
    unsigned requests, segments, flushes;
    unsigned in_place; /* segments in pages between these */
    const uint8_t *from, *to;

    uint8_t disk[DISK_SECTORS * 512];
    blkif_back_ring_t ring;
    struct blkif_request taken[32]; /* not yet answered */
    unsigned waiting;
} disk;

void fake_start(void);

/* Everything is given back: references, pages but those lost, the ring. */
bool fake_clean(void);

/* Take all requests off the ring; do and answer some; show the answers. */
void blkback_take(void);
void blkback_answer(unsigned which);
void blkback_push(void);

/* All of this, for all requests: what the world does while a thread waits. */
void blkback_run(void);

/* Put any response in the next slot. */
void lie_blk(struct blkif_response rsp);

/*
 * buf.h: packet buffers.
 *
 * A packet is a chain of buffers with one owner: whoever holds the pointer to
 * the first.  Passing it to net_send() gives it away, net_recv() gives one to
 * you.  A buffer has a whole page, or several adjacent ones.  The descriptors
 * live outside the pages, so sharing a page with a back-end exposes packet
 * bytes and nothing else: pages are blank when they enter the pool, hold
 * packets from then on and never leave it.  What a buffer holds beyond its data
 * is some older packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

#define BUF_RUN 16u /* adjacent pages at most: 64 KB */

/* Marks of a packet, in its first buffer; their meaning is netif.h's. */
#define BUF_CSUM_BLANK 1u /* TCP/UDP checksum: the pseudo-header's only */
#define BUF_CSUM_OK    2u /* TCP/UDP checksum is known to be right */
#define BUF_GSO_V6     4u /* what is to be cut is IPv6, not IPv4 */

struct buf {
    uint8_t *page;
    struct buf *next;  /* the rest of this packet */
    uint16_t off, len; /* data: page[off] .. page[off + len - 1] */
    uint8_t flags;     /* BUF_*; in the first buffer */
    uint16_t gso_size; /* there, too: not 0: one TCP segment, to be cut into
                          segments of so many bytes by who sends it */
    uint8_t pages;     /* it has so many, the first at page */
    uint8_t flights;   /* the front-end's own: slots it is in, but for one */

    /* The pool's own. */
    bool lost;         /* the pages, in quarantine */
    uint32_t refs;     /* buffers with these pages, counted by their owner */
    struct buf *owner; /* who was alloc'ed with them; NULL: not the pool's */
};

/* The pages that b's data touches. */
static inline unsigned buf_touches(const struct buf *b)
{
    return (unsigned)((b->off % PAGE_SIZE + b->len + PAGE_SIZE - 1) /
                      PAGE_SIZE);
}

/* One buffer of one page: off 0, len 0, no marks; NULL when the pool is used
 * up. */
struct buf *buf_alloc(void);

/* The same with BUF_RUN pages, or fewer if buf_alloc() has needed some of them.
 * NULL also where no such run can be had: there may be single pages. */
struct buf *buf_alloc_run(void);

/*
 * Another buffer with b's pages, which must not be written to until this one is
 * freed; else as buf_alloc().  They are used again when the last of their
 * buffers is freed.  NULL: no memory.
 */
struct buf *buf_lend(const struct buf *b);

/* The same with the page that holds at and those behind it, where these are not
 * the pool's: as far as b's data reaches nobody will ever write to them, and
 * back-ends may read all of them. */
struct buf *buf_foreign(const void *at);

/* Free a whole packet.  NULL is allowed. */
void buf_free(struct buf *b);

/* Bytes in a whole packet. */
size_t buf_total(const struct buf *b);

/* A page of b's is still mapped by a back-end that would not let go: keep them
 * all out of use for ever, also when b is freed.  One buffer, not a chain. */
void buf_quarantine(struct buf *b);

/* Pages the pool may hold in all (a quarter of the memory that is free when
 * this or a buffer is first asked for; the heap leaves them), and those in use
 * now. Quarantined ones count as neither: they lower the limit. */
size_t buf_limit(void);
size_t buf_in_use(void);
size_t buf_quarantined(void);

/* Pages that the pool has taken and could do without, when of those in use so
 * many wait for something to receive (net_posted()). */
size_t buf_idle(size_t posted);

/*
 * payload.h: what TCP sends, in pbufs that refer to memory that does not move
 * (PBUF_ROM), so that frames go out from there: the ramdisk, or pages of the
 * packet pool, which are given back when lwIP frees the pbuf.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <lwip/pbuf.h>

/* Bytes at one place that are worth a slot and a grant; fewer are copied. */
#define IN_PLACE_MIN 1024

/* Does p's memory stay where it is, and as it is? */
static inline bool payload_stays(const struct pbuf *p)
{
    return !(p->type_internal & (PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS |
                                 PBUF_TYPE_FLAG_DATA_VOLATILE));
}

/* A pbuf with a copy of n bytes, at most 65,535, or of the first of them: much
 * goes into a run of pages, if there is one, the rest into a page.  NULL: no
 * memory, or sent data has its share of the pool: let lwIP copy. */
struct pbuf *payload_copy(const void *data, size_t n);

/* Copy data behind that of p, as far as there is room in its pages and nobody
 * else uses them.  How many bytes; p's lengths are the caller's to change. */
size_t payload_extend(struct pbuf *p, const void *data, size_t n);

/* A pbuf that refers to data in the ramdisk.  NULL: no memory. */
struct pbuf *payload_refer(const void *data, size_t n);

/* For p with payload_stays(): a pbuf that refers to its bytes from at on, which
 * p may lose now, and a buffer with all of them.  NULL: no memory, or p's are
 * not for back-ends to see. */
struct pbuf *payload_tail(struct pbuf *p, size_t at);
struct buf *payload_lend(const struct pbuf *p);

/* frame.c: frames between buffers and pbufs: see frame.h. */

#include "net/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/segment.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/payload.h"
#include "xen/netfront.h"

#define FEW_SHARE 8 /* of the pages that may be up there */

/* A page on its way through lwIP. */
struct held {
    struct pbuf_custom pbuf; /* first: pbuf_free() gives us this */
    struct buf *buf;
    struct held *next; /* while free */
};

static struct held *spare; /* so many pages may still go up */
static size_t pages;       /* that are up there now */
static size_t few;         /* at most so many of them for small frames */

static void held_free(struct pbuf *p)
{
    struct held *h = CONTAINER_OF(p, struct held, pbuf.pbuf);

    buf_free(h->buf);
    h->next = spare;
    spare = h;
    pages--;
}

COLD int frame_init(void)
{
    const size_t n = buf_limit() / 2;
    struct held *h = calloc(n, sizeof(*h));

    if (!h)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        h[i].pbuf.custom_free_function = held_free;
        h[i].next = spare;
        spare = &h[i];
    }
    few = n / FEW_SHARE;
    return 0;
}

static bool spare_for(const struct buf *b)
{
    const struct held *h = spare;

    for (; b && h; b = b->next)
        h = h->next;
    return !b;
}

/* The pages themselves, when there are spares for all of them. */
static struct pbuf *pass(struct buf *b, size_t total)
{
    struct pbuf *first = NULL, **link = &first;

    if (!spare_for(b))
        return NULL;
    for (struct buf *next; b; b = next) {
        struct held *h = spare;
        struct pbuf *p = pbuf_alloced_custom(
            PBUF_RAW, b->len, PBUF_REF, &h->pbuf, b->page + b->off, b->len);

        spare = h->next;
        next = b->next;
        b->next = NULL;
        h->buf = b;
        pages++;
        p->tot_len = (u16_t)total;
        total -= p->len;
        *link = p;
        link = &p->next;
    }
    return first;
}

/* With zeros up to a least size. */
static struct pbuf *copy(struct buf *b, size_t total, size_t least,
                         struct net_counts *counts)
{
    const size_t size = total < least ? least : total;
    struct pbuf *p;
    uint8_t *to;

    if (total > FRAME_ACK_MAX && budget_low())
        return NULL;
    p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);
    if (!p)
        return NULL;
    to = p->payload;
    for (struct buf *from = b; from; from = from->next) {
        memcpy(to, from->page + from->off, from->len);
        to += from->len;
    }
    if (size > total)
        memset(to, 0, size - total);
    counts->rx_copied += total;
    buf_free(b);
    return p;
}

/* The page of a small frame is worth a copy, but when hardly any are up there
 * and it goes straight to a socket. */
static struct pbuf *receive(struct buf *b, size_t least,
                            struct net_counts *counts)
{
    const size_t total = b->next ? buf_total(b) : b->len;
    struct pbuf *p = NULL;

    if (total <= FRAME_COPY_MAX && (least || pages >= few))
        p = copy(b, total, least, counts);
    if (!p && total <= UINT16_MAX)
        p = pass(b, total);
    if (!p && total > FRAME_COPY_MAX && total <= UINT16_MAX) {
        p = copy(b, total, least, counts);
        counts->rx_full += p != NULL;
    }
    if (!p) {
        buf_free(b);
        if (counts->rx_no_memory++ == 0)
            say("net: no memory for what comes in: packets are dropped, from "
                "now on without a word");
    }
    return p;
}

struct pbuf *frame_payload(struct buf *b, struct net_counts *counts)
{
    return receive(b, 0, counts);
}

/* lwIP looks at headers before it knows that they are there. */
struct pbuf *frame_received(struct buf *b, struct net_counts *counts)
{
    return receive(b, FRAME_MIN, counts);
}

/* A fragment's mark would vouch for the whole datagram: never trusted. */
bool frame_trusted(const struct buf *b)
{
    struct segment s;

    return b->flags & (BUF_CSUM_OK | BUF_CSUM_BLANK) && segment_find(b, &s);
}

/* A packet that is being put together. */
struct outgoing {
    struct buf *first, *last;
    size_t room; /* bytes that still fit behind the last piece */
    unsigned slots;
    size_t copied; /* bytes */
};

static bool add(struct outgoing *out, struct buf *b, size_t room)
{
    if (!b)
        return false;
    if (out->last)
        out->last->next = b;
    else
        out->first = b;
    out->last = b;
    out->room = room;
    out->slots += room ? 1 : buf_touches(b);
    return out->slots <= NET_SLOTS_MAX;
}

/* A piece for what may go out from where it is: lwIP's word that it stays there
 * is PBUF_ROM. */
static struct buf *in_place(const struct pbuf *p)
{
    return p->len >= IN_PLACE_MIN && payload_stays(p) ? payload_lend(p) : NULL;
}

/* The bytes of one pbuf; false: no memory, or too many slots. */
static bool put(struct outgoing *out, const struct pbuf *p, bool lend)
{
    const uint8_t *at = p->payload, *const end = at + p->len;
    struct buf *b = lend ? in_place(p) : NULL;

    if (b)
        return add(out, b, 0);
    while (at < end) {
        size_t n = (size_t)(end - at);

        if (out->room == 0 && !add(out, buf_alloc(), PAGE_SIZE))
            return false;
        if (n > out->room)
            n = out->room;
        b = out->last;
        memcpy(b->page + b->len, at, n);
        b->len = (uint16_t)(b->len + n);
        out->room -= n;
        out->copied += n;
        at += n;
    }
    return true;
}

static bool gather(struct outgoing *out, const struct pbuf *p, bool lend)
{
    for (; p; p = p->next)
        if (!put(out, p, lend))
            return false;
    return true;
}

/* Behind what the only piece of b has, if there is one. */
static bool try(struct buf **b, const struct pbuf *p, bool lend,
                struct net_counts *counts)
{
    const uint16_t n = *b ? (*b)->len : 0;
    struct outgoing out = {.first = *b, .last = *b, .slots = *b != NULL};

    if (*b)
        out.room = PAGE_SIZE - n;
    if (gather(&out, p, lend)) {
        counts->tx_copied += out.copied;
        *b = out.first;
        return true;
    }
    if (!*b) {
        buf_free(out.first);
        return false;
    }
    buf_free((*b)->next);
    (*b)->next = NULL;
    (*b)->len = n;
    return false;
}

/* One small piece, as most are. */
static bool fits_in(const struct buf *b, const struct pbuf *p)
{
    return !p->next && p->len < IN_PLACE_MIN && p->len <= PAGE_SIZE - b->len;
}

struct buf *frame_append(struct buf *b, const struct pbuf *p,
                         struct net_counts *counts)
{
    if (b && fits_in(b, p)) {
        memcpy(b->page + b->len, p->payload, p->len);
        b->len = (uint16_t)(b->len + p->len);
        counts->tx_copied += p->len;
        return b;
    }
    if (try(&b, p, true, counts) || /* full pages make fewer slots */
        try(&b, p, false, counts))
        return b;
    counts->tx_no_memory++;
    buf_free(b);
    return NULL;
}

/* What is left to the back-end: TCP's and UDP's checksums, and cutting. */
static void leave_work(struct buf *b, bool v6_too, uint16_t gso_size)
{
    struct segment s;
    uint16_t sum;

    if (!segment_find(b, &s) || (s.v6 && !v6_too))
        return;
    sum = segment_pseudo_sum(&s);
    s.checksum[0] = (uint8_t)(sum >> 8);
    s.checksum[1] = (uint8_t)sum;
    b->flags |= BUF_CSUM_BLANK;
    b->gso_size = gso_size;
    if (gso_size && s.v6)
        b->flags |= BUF_GSO_V6;
}

struct buf *frame_to_send(const struct pbuf *p, bool v6_too, uint16_t gso_size,
                          struct net_counts *counts)
{
    struct buf *b = frame_append(NULL, p, counts);

    if (b)
        leave_work(b, v6_too, gso_size);
    return b;
}

size_t frame_pages(void)
{
    return pages;
}

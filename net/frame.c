/* frame.c: frames between buffers and pbufs: see frame.h. */

#include "net/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/segment.h"
#include "lib/util.h"
#include "net/budget.h"

/* A page on its way through lwIP. */
struct held {
    struct pbuf_custom pbuf; /* first: pbuf_free() gives us this */
    struct buf *buf;
    struct held *next; /* while free */
};

static struct held *spare; /* so many pages may still go up */
static struct frame_counters counters;

int frame_init(void)
{
    const size_t n = buf_limit() / 2;
    struct held *h = calloc(n, sizeof(*h));

    if (!h)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        h[i].next = spare;
        spare = &h[i];
    }
    return 0;
}

static void held_free(struct pbuf *p)
{
    struct held *h = CONTAINER_OF(p, struct held, pbuf.pbuf);

    buf_free(h->buf);
    h->next = spare;
    spare = h;
    counters.pages--;
}

static bool spare_for(const struct buf *b)
{
    const struct held *h = spare;

    for (; b && h; b = b->next)
        h = h->next;
    return !b;
}

/* The pages themselves, when there are spares for all of them. */
static struct pbuf *pass(struct buf *b)
{
    struct pbuf *head = NULL;

    if (!spare_for(b))
        return NULL;
    while (b) {
        struct held *h = spare;
        struct buf *next = b->next;
        struct pbuf *p;

        spare = h->next;
        b->next = NULL;
        h->buf = b;
        h->pbuf.custom_free_function = held_free;
        p = pbuf_alloced_custom(PBUF_RAW, b->len, PBUF_REF, &h->pbuf,
                                b->page + b->off, b->len);
        counters.pages++;
        if (head)
            pbuf_cat(head, p);
        else
            head = p;
        b = next;
    }
    return head;
}

/* With zeros up to Ethernet's smallest frame: lwIP looks at headers before it
 * knows that they are there. */
static struct pbuf *copy(struct buf *b, size_t total)
{
    const size_t size = total < FRAME_MIN ? FRAME_MIN : total;
    struct pbuf *p;
    uint8_t *to;

    if (budget_low() && total > FRAME_ACK_MAX)
        return NULL;
    p = pbuf_alloc(PBUF_RAW, (u16_t)size, PBUF_RAM);
    if (!p)
        return NULL;
    to = p->payload;
    for (struct buf *from = b; from; from = from->next) {
        memcpy(to, from->page + from->off, from->len);
        to += from->len;
    }
    memset(to, 0, size - total);
    buf_free(b);
    return p;
}

struct pbuf *frame_received(struct buf *b)
{
    const size_t total = buf_total(b);
    struct pbuf *p = NULL;

    if (total <= FRAME_COPY_MAX)
        p = copy(b, total);
    if (!p && total <= UINT16_MAX)
        p = pass(b);
    if (!p && total > FRAME_COPY_MAX && total <= UINT16_MAX) {
        p = copy(b, total);
        counters.copied += p != NULL;
    }
    if (!p) {
        buf_free(b);
        if (counters.dropped++ == 0)
            say("net: no memory for what comes in: packets are dropped, from "
                "now on without a word");
    }
    return p;
}

/* A fragment's mark would vouch for the whole datagram: never trusted. */
bool frame_trusted(const struct buf *b)
{
    struct segment s;

    return b->flags & (BUF_CSUM_OK | BUF_CSUM_BLANK) && segment_find(b, &s);
}

static void leave_checksum(struct buf *b, bool v6_too)
{
    struct segment s;
    uint16_t sum;

    if (!segment_find(b, &s) || (s.v6 && !v6_too))
        return;
    sum = segment_pseudo_sum(&s);
    s.checksum[0] = (uint8_t)(sum >> 8);
    s.checksum[1] = (uint8_t)sum;
    b->flags |= BUF_CSUM_BLANK;
}

struct buf *frame_to_send(const struct pbuf *p, bool v6_too)
{
    struct buf *first = buf_alloc(), *b = first;
    size_t left = p->tot_len, done = 0; /* in the frame, in p */

    while (b && left) {
        size_t n = PAGE_SIZE - b->len;

        if (n == 0) {
            b = b->next = buf_alloc();
            continue;
        }
        if (n > p->len - done)
            n = p->len - done;
        memcpy(b->page + b->len, (const uint8_t *)p->payload + done, n);
        b->len = (uint16_t)(b->len + n);
        left -= n;
        done += n;
        if (done == p->len) {
            p = p->next;
            done = 0;
        }
    }
    if (b) {
        leave_checksum(first, v6_too);
        return first;
    }
    buf_free(first);
    counters.unsent++;
    return NULL;
}

const struct frame_counters *frame_counters(void)
{
    return &counters;
}

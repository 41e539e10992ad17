/* payload.c: what TCP sends, where it stays: see payload.h. */

#include "net/payload.h"

#include <assert.h>
#include <string.h>

#include <lwip/def.h>

#include "kernel/buf.h"
#include "lib/util.h"
#include "net/budget.h"
#include "xen/start.h"

#define POOL_SHARE 3 /* sent data may have one page of the pool in so many */
#define RUN_MIN    (BUF_RUN * PAGE_SIZE / 2) /* bytes: less has single pages */

struct payload {
    struct pbuf_custom pbuf; /* first */
    struct buf *buf;
    size_t pages; /* that it is counted with; 0: others refer to them, too */
};

static size_t pages;

static void give_back(struct pbuf *p)
{
    struct payload *load = CONTAINER_OF(p, struct payload, pbuf.pbuf);

    pages -= load->pages;
    buf_free(load->buf);
    budget_free(load);
}

/* A pbuf for n bytes of b, which it takes, from at on; NULL: no memory. */
static struct pbuf *wrap(struct buf *b, size_t at, size_t n)
{
    struct payload *load = b ? budget_malloc(sizeof(*load)) : NULL;

    if (!load) {
        buf_free(b);
        return NULL;
    }
    load->pbuf.custom_free_function = give_back;
    load->buf = b;
    load->pages = b->owner == b ? b->pages : 0;
    pages += load->pages;
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)n, PBUF_ROM, &load->pbuf,
                               b->page + at, (u16_t)n);
}

struct pbuf *payload_copy(const void *data, size_t n)
{
    const size_t share = buf_limit() / POOL_SHARE;
    struct buf *b = NULL;

    if (n >= RUN_MIN && pages + BUF_RUN <= share)
        b = buf_alloc_run();
    if (!b && pages < share)
        b = buf_alloc();
    if (b) {
        n = LWIP_MIN(n, b->pages * PAGE_SIZE);
        memcpy(b->page, data, n);
    }
    return wrap(b, 0, n);
}

/* What p has in pages of the pool; NULL: it has not. */
static const struct payload *pooled(const struct pbuf *p)
{
    const struct payload *load = (const void *)p; /* if it is one */

    return p->flags & PBUF_FLAG_IS_CUSTOM &&
                   load->pbuf.custom_free_function == give_back
               ? load
               : NULL;
}

/* Where p's bytes begin in its buffer. */
static size_t offset(const struct payload *load)
{
    return (size_t)((const uint8_t *)load->pbuf.pbuf.payload - load->buf->page);
}

size_t payload_extend(struct pbuf *p, const void *data, size_t n)
{
    const struct payload *load = pooled(p);

    if (!load || load->buf->refs != 1)
        return 0;
    n = LWIP_MIN(n, load->buf->pages * PAGE_SIZE - offset(load) - p->len);
    memcpy((uint8_t *)p->payload + p->len, data, n);
    return n;
}

struct pbuf *payload_refer(const void *data, size_t n)
{
    struct pbuf *p = pbuf_alloc_reference(NULL, (u16_t)n, PBUF_ROM);

    if (p)
        ((struct pbuf_rom *)p)->payload = data;
    return p;
}

/* It may outlive p, so that the pages are counted with it from now on. */
struct pbuf *payload_tail(struct pbuf *p, size_t at)
{
    struct payload *head = (void *)p, *load;
    struct pbuf *tail;

    if (!pooled(p))
        return payload_refer((const uint8_t *)p->payload + at, p->len - at);
    tail = wrap(buf_lend(head->buf), offset(head) + at, p->len - at);
    if (tail) {
        load = (void *)tail;
        load->pages = head->pages;
        head->pages = 0;
    }
    return tail;
}

struct buf *payload_lend(const struct pbuf *p)
{
    const struct payload *load = pooled(p);
    struct buf *b = NULL;

    if (load)
        b = buf_lend(load->buf);
    else if (start_in_ramdisk(p->payload, p->len))
        b = buf_foreign(p->payload);
    if (b) {
        b->off = (uint16_t)((const uint8_t *)p->payload - b->page);
        b->len = p->len;
    }
    return b;
}

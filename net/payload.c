/* payload.c: what TCP sends, where it stays: see payload.h. */

#include "net/payload.h"

#include <assert.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/util.h"
#include "net/budget.h"
#include "xen/start.h"

#define POOL_SHARE 3 /* sent data may have one page of the pool in so many */

struct payload {
    struct pbuf_custom pbuf; /* first */
    struct buf *buf;
    bool counted; /* in pages: the others refer to one that is */
};

static size_t pages;

static void give_back(struct pbuf *p)
{
    struct payload *load = CONTAINER_OF(p, struct payload, pbuf.pbuf);

    pages -= load->counted;
    buf_free(load->buf);
    budget_free(load);
}

/* A pbuf for b, which it takes; NULL: no memory. */
static struct pbuf *wrap(struct buf *b, const void *at, size_t n, bool counted)
{
    struct payload *load = b ? budget_malloc(sizeof(*load)) : NULL;

    if (!load) {
        buf_free(b);
        return NULL;
    }
    load->pbuf.custom_free_function = give_back;
    load->buf = b;
    load->counted = counted;
    pages += counted;
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)n, PBUF_ROM, &load->pbuf,
                               b->page + (uintptr_t)at % PAGE_SIZE, (u16_t)n);
}

struct pbuf *payload_copy(const void *data, size_t n)
{
    struct buf *b = pages < buf_limit() / POOL_SHARE ? buf_alloc() : NULL;

    assert(n <= PAGE_SIZE);
    if (b)
        memcpy(b->page, data, n);
    return wrap(b, NULL, n, true);
}

/* What p has in a page of the pool; NULL: it has not. */
static const struct payload *pooled(const struct pbuf *p)
{
    const struct payload *load = (const void *)p; /* if it is one */

    return p->flags & PBUF_FLAG_IS_CUSTOM &&
                   load->pbuf.custom_free_function == give_back
               ? load
               : NULL;
}

size_t payload_extend(struct pbuf *p, const void *data, size_t n)
{
    const struct payload *load = pooled(p);
    size_t room;

    if (!load || load->buf->refs != 1)
        return 0;
    room = PAGE_SIZE - ((uintptr_t)p->payload % PAGE_SIZE + p->len);
    if (n > room)
        n = room;
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

struct pbuf *payload_tail(const struct pbuf *p, size_t at)
{
    const struct payload *load = pooled(p);
    const uint8_t *from = (const uint8_t *)p->payload + at;

    return load ? wrap(buf_lend(load->buf), from, p->len - at, false)
                : payload_refer(from, p->len - at);
}

struct buf *payload_lend(const struct pbuf *p, const void *at, size_t n)
{
    const struct payload *load = pooled(p);

    if (load)
        return buf_lend(load->buf);
    return start_in_ramdisk(at, n) ? buf_foreign(at) : NULL;
}

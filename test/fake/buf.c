/* buf.c: see buf.h. */

#include "test/fake/buf.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"

#define LIMIT 100
#define RUN   3 /* pages */

static struct buf *kept;   /* in quarantine */
static size_t in_use;      /* buffers */
static size_t quarantined; /* pages, one each time */

size_t buf_limit(void)
{
    return quarantined < LIMIT ? LIMIT - quarantined : 0;
}

static struct buf *alloc(size_t pages)
{
    struct buf *b;

    if (in_use >= buf_limit())
        return NULL;
    if (!(b = calloc(1, sizeof(*b))))
        abort();
    if (!(b->page = page_alloc_run(pages))) {
        free(b);
        return NULL;
    }
    b->pages = (uint8_t)pages;
    b->refs = 1;
    in_use++;
    return b;
}

struct buf *buf_alloc(void)
{
    return alloc(1);
}

struct buf *buf_alloc_run(void)
{
    return alloc(RUN);
}

void buf_free(struct buf *b)
{
    while (b) {
        struct buf *next = b->next;

        if (b->lost) {
            b->next = kept;
            kept = b;
        } else {
            page_free_run(b->page, b->pages);
            free(b);
            in_use--;
        }
        b = next;
    }
}

size_t buf_total(const struct buf *b)
{
    size_t total = 0;

    for (; b; b = b->next)
        total += b->len;
    return total;
}

void buf_quarantine(struct buf *b)
{
    in_use -= !b->lost;
    b->lost = true;
    quarantined++;
}

size_t buf_in_use(void)
{
    return in_use;
}

size_t buf_quarantined(void)
{
    return quarantined;
}

void fake_buf_forget(void)
{
    struct buf *b = kept;

    quarantined = 0;
    kept = NULL;
    for (struct buf *i = b; i; i = i->next) {
        i->lost = false;
        in_use++;
    }
    buf_free(b);
}

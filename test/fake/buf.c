/* buf.c: see buf.h. */

#include "test/fake/buf.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"

#define LIMIT 100

static struct buf *kept; /* in quarantine */
static size_t in_use, quarantined;

size_t buf_limit(void)
{
    return LIMIT - quarantined;
}

struct buf *buf_alloc(void)
{
    struct buf *b;

    if (in_use >= buf_limit())
        return NULL;
    if (!(b = calloc(1, sizeof(*b))))
        abort();
    if (!(b->page = page_alloc())) {
        free(b);
        return NULL;
    }
    b->pages = 1;
    b->refs = 1;
    in_use++;
    return b;
}

void buf_free(struct buf *b)
{
    while (b) {
        struct buf *next = b->next;

        if (b->lost) {
            b->next = kept;
            kept = b;
        } else {
            page_free(b->page);
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
    b->lost = true;
    in_use--;
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

    in_use += quarantined;
    quarantined = 0;
    kept = NULL;
    for (struct buf *i = b; i; i = i->next)
        i->lost = false;
    buf_free(b);
}

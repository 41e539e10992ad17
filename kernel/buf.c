/* buf.c: the pool of packet pages and their descriptors. */

#include "kernel/buf.h"

#include <assert.h>
#include <string.h>

#include "kernel/page.h"

#define POOL_SHARE 4 /* the pool may take one page in so many */
#define TABLE      (PAGE_SIZE / sizeof(struct buf)) /* descriptors in a page */

static struct {
    struct buf *free;  /* with a page each; the last one used comes first */
    struct buf *spare; /* descriptors without a page */
    size_t limit;      /* 0: not known yet */
    size_t pages;      /* in the pool: free or in use */
    size_t in_use;
    size_t tables; /* pages of descriptors */
    size_t quarantined;
} pool;

size_t buf_limit(void)
{
    if (pool.limit == 0) {
        pool.limit = page_count_free() / POOL_SHARE;
        page_keep((ptrdiff_t)pool.limit);
    }
    return pool.limit - pool.quarantined;
}

static void push(struct buf **list, struct buf *b)
{
    b->next = *list;
    *list = b;
}

static struct buf *pop(struct buf **list)
{
    struct buf *b = *list;

    if (b)
        *list = b->next;
    return b;
}

/* A descriptor; they come by the page, too, and stay. */
static struct buf *descriptor(void)
{
    if (!pool.spare) {
        struct buf *b = page_alloc();

        pool.tables += b != NULL;
        for (size_t i = 0; b && i < TABLE; i++)
            push(&pool.spare, &b[i]);
    }
    return pop(&pool.spare);
}

/* A new page for the pool.  It goes to back-ends: no byte of its past may. */
static struct buf *grow(void)
{
    struct buf *b;

    if (pool.pages >= buf_limit() || !(b = descriptor()))
        return NULL;
    b->page = page_alloc();
    if (!b->page) {
        push(&pool.spare, b);
        return NULL;
    }
    page_keep(-1);
    memset(b->page, 0, PAGE_SIZE);
    pool.pages++;
    return b;
}

struct buf *buf_alloc(void)
{
    struct buf *b = pop(&pool.free);

    if (!b && !(b = grow()))
        return NULL;
    pool.in_use++;
    *b = (struct buf){.page = b->page};
    return b;
}

void buf_free(struct buf *b)
{
    while (b) {
        struct buf *next = b->next;

        assert(pool.in_use > 0);
        pool.in_use--;
        push(&pool.free, b);
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
    pool.in_use--;
    pool.pages--;
    pool.quarantined++;
    push(&pool.spare, b);
}

size_t buf_in_use(void)
{
    return pool.in_use;
}

size_t buf_idle(void)
{
    const size_t needed = (pool.in_use + TABLE - 1) / TABLE;

    return pool.pages - pool.in_use + pool.tables - needed;
}

size_t buf_quarantined(void)
{
    return pool.quarantined;
}

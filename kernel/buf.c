/* buf.c: the pool of packet pages and their descriptors. */

#include "kernel/buf.h"

#include <assert.h>

#include "kernel/page.h"

#define POOL_SHARE 4 /* the pool may take one page in so many */
#define TABLE      (PAGE_SIZE / sizeof(struct buf)) /* descriptors in a page */

static struct {
    struct buf *free;   /* with a page each; the last one used comes first */
    struct buf *runs;   /* with several, too */
    struct buf *spare;  /* descriptors without a page */
    size_t tables;      /* pages of descriptors */
    ptrdiff_t promised; /* by the heap, and not taken yet; below 0: more are */

    /* Pages. */
    size_t limit; /* 0: not known yet */
    size_t pages; /* in the pool: free or in use */
    size_t in_use;
    size_t quarantined;
} pool;

/* Pages of descriptors that n buffers need. */
static size_t tables_for(size_t n)
{
    return (n + TABLE - 1) / TABLE;
}

COLD size_t buf_limit(void)
{
    if (pool.limit == 0) {
        pool.limit = page_count_free() / POOL_SHARE;
        pool.promised = (ptrdiff_t)tables_for(pool.limit);
        page_keep((ptrdiff_t)pool.limit + pool.promised);
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

        if (!b)
            return NULL;
        if (--pool.promised >= 0)
            page_keep(-1);
        pool.tables++;
        for (size_t i = 0; i < TABLE; i++)
            push(&pool.spare, &b[i]);
    }
    return pop(&pool.spare);
}

static struct buf *another(void *page, size_t pages, struct buf *owner)
{
    struct buf *b = descriptor();

    if (!b)
        return NULL;
    *b = (struct buf){.page = page, .pages = (uint8_t)pages, .owner = owner};
    if (owner)
        owner->refs++;
    return b;
}

/* New pages for the pool.  They go to back-ends: no byte of their past may. */
static COLD struct buf *grow(size_t n)
{
    struct buf *b;

    if (pool.pages + n > buf_limit() || !(b = another(NULL, n, NULL)))
        return NULL;
    b->page = page_alloc_blank(n);
    if (!b->page) {
        push(&pool.spare, b);
        return NULL;
    }
    page_keep(-(ptrdiff_t)n);
    b->owner = b;
    pool.pages += n;
    return b;
}

/* The last page of a free run, for good. */
static COLD struct buf *split(void)
{
    struct buf *run = pool.runs, *b;

    if (!run || run->pages == 1)
        return pop(&pool.runs);
    if ((b = another(NULL, 1, NULL))) {
        b->page = run->page + --run->pages * PAGE_SIZE;
        b->owner = b;
    }
    return b;
}

struct buf *buf_alloc(void)
{
    struct buf *b = pop(&pool.free);

    if (!b && !(b = grow(1)) && !(b = split()))
        return NULL;
    pool.in_use += b->pages;
    b->refs = 1;
    b->next = NULL;
    b->off = b->len = b->gso_size = 0;
    b->flags = 0;
    return b;
}

struct buf *buf_alloc_run(void)
{
    struct buf *b = pop(&pool.runs);

    if (!b && !(b = grow(BUF_RUN)))
        return NULL;
    push(&pool.free, b); /* the last one comes first */
    return buf_alloc();
}

struct buf *buf_lend(const struct buf *b)
{
    return another(b->page, b->pages, b->owner);
}

struct buf *buf_foreign(const void *at)
{
    return another((void *)((uintptr_t)at & ~(PAGE_SIZE - 1)), UINT8_MAX, NULL);
}

/* On its own, for most lists are of one: in the loop the compiler would keep
 * the heads of the pool's lists in registers. */
static __attribute__((noinline)) void free_one(struct buf *b)
{
    struct buf *owner = b->owner;

    if (owner != b)
        push(&pool.spare, b);
    if (!owner)
        return;
    assert(owner->refs > 0);
    if (--owner->refs)
        return;
    assert(pool.in_use > 0);
    pool.in_use -= owner->pages;
    if (owner->pages > 1)
        push(&pool.runs, owner);
    else
        push(&pool.free, owner);
}

void buf_free(struct buf *b)
{
    if (!b)
        return;
    for (struct buf *next; (next = b->next); b = next)
        free_one(b);
    free_one(b);
}

size_t buf_total(const struct buf *b)
{
    size_t total = 0;

    for (; b; b = b->next)
        total += b->len;
    return total;
}

/* One more reference, for ever, keeps the pages from being used again. */
COLD void buf_quarantine(struct buf *b)
{
    struct buf *owner = b->owner;

    if (!owner || owner->lost)
        return;
    owner->lost = true;
    owner->refs++;
    pool.in_use -= owner->pages;
    pool.pages -= owner->pages;
    pool.quarantined += owner->pages;
}

size_t buf_in_use(void)
{
    return pool.in_use;
}

COLD size_t buf_idle(size_t posted)
{
    const size_t needed = pool.in_use - posted, tables = tables_for(needed);

    /* A run needs one descriptor, but it is counted with one for each page. */
    return pool.pages - needed +
           (pool.tables > tables ? pool.tables - tables : 0);
}

COLD size_t buf_quarantined(void)
{
    return pool.quarantined;
}

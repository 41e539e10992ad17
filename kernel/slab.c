/* slab.c: pieces of memory from pages of their own: see slab.h. */

#include "kernel/slab.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/page.h"
#include "lib/util.h"

/* What a page can be cut into with little left over, in steps of 16 bytes; what
 * is larger than the last has whole pages. */
static const uint16_t sizes[] = {32,  48,  96,  160,  240,
                                 336, 576, 992, 1344, 2032};
#define WHOLE ARRAY_LEN(sizes)
#define STEP  16ul
#define STEPS (2032 / STEP)

struct piece {
    struct piece *next;
};

/* At the start of each page, or of a run of them. */
struct slab {
    struct slab *next, **at; /* in its list, while it has free pieces */
    struct piece *free;
    uint32_t pages;
    uint16_t used;
    uint16_t kind; /* index of sizes, or WHOLE */
};
_Static_assert(sizeof(struct slab) % 16 == 0, "or pieces were not aligned");

static struct {
    struct slab *lists[ARRAY_LEN(sizes)]; /* with free pieces, by size */
    size_t taken, kept;                   /* pages */
    size_t in_use;                        /* bytes */
    size_t most;                          /* that may be */
    uint8_t kind_of[STEPS + 1];           /* so many steps */
} slabs;

COLD void slab_init(size_t limit)
{
    slabs.most = limit;
    slabs.kept = limit / 2 / PAGE_SIZE;
    for (unsigned kind = 0, n = 0; n <= STEPS; n++) {
        if (n * STEP > sizes[kind])
            kind++;
        slabs.kind_of[n] = (uint8_t)kind;
    }
    page_keep((ptrdiff_t)slabs.kept);
}

/* Pages up to those kept for us count as ours, taken or not. */
static COLD void count(size_t before, size_t after)
{
    const size_t was = before < slabs.kept ? slabs.kept - before : 0;
    const size_t is = after < slabs.kept ? slabs.kept - after : 0;

    slabs.taken = after;
    page_keep((ptrdiff_t)is - (ptrdiff_t)was);
}

static COLD struct slab *take_pages(size_t n)
{
    struct slab *s = n == 1 ? page_alloc() : page_alloc_run(n);

    if (!s)
        return NULL;
    *s = (struct slab){.pages = (uint32_t)n, .kind = WHOLE};
    count(slabs.taken, slabs.taken + n);
    return s;
}

static COLD void give_pages(struct slab *s)
{
    const size_t n = s->pages;

    page_free_run(s, n);
    count(slabs.taken, slabs.taken - n);
}

static void enter_list(struct slab *s)
{
    struct slab **at = &slabs.lists[s->kind];

    s->next = *at;
    if (s->next)
        s->next->at = &s->next;
    s->at = at;
    *at = s;
}

static void leave_list(struct slab *s)
{
    *s->at = s->next;
    if (s->next)
        s->next->at = s->at;
}

/* A page of free pieces, in its list; the lowest comes first. */
static COLD struct slab *cut(unsigned kind)
{
    struct slab *s = take_pages(1);
    const size_t size = sizes[kind];
    size_t n = (PAGE_SIZE - sizeof(*s)) / size;

    if (!s)
        return NULL;
    do {
        struct piece *p = (void *)((uint8_t *)(s + 1) + --n * size);

        p->next = s->free;
        s->free = p;
    } while (n > 0);
    s->kind = (uint16_t)kind;
    enter_list(s);
    return s;
}

static bool exceeds(size_t n)
{
    return n > slabs.most || slabs.in_use > slabs.most - n;
}

static COLD void *alloc_whole(size_t n)
{
    const size_t size = round_up(n + sizeof(struct slab), PAGE_SIZE);
    struct slab *s;

    if (size < n || exceeds(size) || !(s = take_pages(size / PAGE_SIZE)))
        return NULL;
    slabs.in_use += s->pages * PAGE_SIZE;
    return s + 1;
}

void *slab_alloc(size_t n)
{
    const size_t steps = (n + STEP - 1) / STEP;
    struct slab *s;
    struct piece *p;
    unsigned kind;

    if (n > STEPS * STEP)
        return alloc_whole(n);
    kind = slabs.kind_of[steps];
    if (exceeds(sizes[kind]) ||
        !(s = slabs.lists[kind] ? slabs.lists[kind] : cut(kind)))
        return NULL;
    p = s->free;
    s->free = p->next;
    s->used++;
    slabs.in_use += sizes[kind];
    if (!s->free)
        leave_list(s);
    return p;
}

static struct slab *slab_of(const void *piece)
{
    return (struct slab *)((uintptr_t)piece & -PAGE_SIZE);
}

void slab_free(void *piece)
{
    struct slab *s = slab_of(piece);
    struct piece *p = piece;

    if (s->kind == WHOLE) {
        slabs.in_use -= s->pages * PAGE_SIZE;
        give_pages(s);
        return;
    }
    assert(s->used > 0);
    slabs.in_use -= sizes[s->kind];
    if (!s->free)
        enter_list(s);
    p->next = s->free;
    s->free = p;
    if (--s->used == 0 && (slabs.lists[s->kind] != s || s->next)) {
        leave_list(s); /* the last of its kind stays: it will be wanted again */
        give_pages(s);
    }
}

size_t slab_in_use(void)
{
    return slabs.in_use;
}

COLD size_t slab_idle(void)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(slabs.lists); i++)
        for (const struct slab *s = slabs.lists[i]; s; s = s->next)
            n += s->used == 0;
    return n;
}

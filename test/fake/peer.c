/* peer.c: see peer.h. */

#include "test/fake/peer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/mm.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "xen/clock.h"

#define REFS     2048
#define FIRST    8 /* Xen keeps the references below */
#define PEERS    2
#define PATIENCE 1000

struct fake fake;
static struct grant {
    bool claimed, writable, lost;
    const uint8_t *page;
} grants[REFS];
static struct peer *opened[PEERS]; /* by xenbus_dev.peer */
static unsigned wakes;

void fake_peers_start(void)
{
    fake = (struct fake){0};
    memset(grants, 0, sizeof(grants));
    memset(opened, 0, sizeof(opened));
}

int gnttab_claim(gref_t *refs, size_t n)
{
    size_t got = 0;

    if (fake.claim_err)
        return fake.claim_err;
    if (fake.claims_left > 0 && --fake.claims_left == 0)
        return -ENOSPC;
    for (gref_t ref = FIRST; ref < REFS && got < n; ref++)
        if (!grants[ref].claimed) {
            grants[ref].claimed = true;
            refs[got++] = ref;
        }
    assert(got == n);
    fake.claimed += (unsigned)n;
    return 0;
}

void gnttab_release(const gref_t *refs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(grants[refs[i]].claimed && !grants[refs[i]].page);
        grants[refs[i]].claimed = false;
    }
    fake.claimed -= (unsigned)n;
}

void gnttab_share(gref_t ref, uint16_t peer, const void *addr, bool writable)
{
    (void)peer;
    assert(grants[ref].claimed && !grants[ref].page);
    grants[ref].page =
        (const uint8_t *)((uintptr_t)addr & ~(uintptr_t)(PAGE_SIZE - 1));
    grants[ref].writable = writable;
    fake.shared++;
}

int gnttab_unshare(gref_t ref)
{
    struct grant *g = &grants[ref];

    assert(g->claimed);
    if (!g->page)
        return 0;
    if (!g->lost)
        fake.shared--;
    fake.lost -= g->lost;
    g->lost = fake.busy;
    fake.lost += g->lost;
    if (g->lost)
        return -EBUSY;
    g->page = NULL;
    return 0;
}

uint8_t *fake_page(gref_t ref, bool write)
{
    assert(ref < REFS && grants[ref].page && grants[ref].writable == write);
    return (uint8_t *)(uintptr_t)grants[ref].page;
}

bool fake_reaches(const void *from, const void *to)
{
    for (const struct grant *g = grants; g < grants + REFS; g++)
        if (g->page && (uintptr_t)g->page + PAGE_SIZE > (uintptr_t)from &&
            (uintptr_t)g->page < (uintptr_t)to)
            return true;
    return false;
}

void fake_free_lost(void)
{
    for (const struct grant *g = grants; g < grants + REFS; g++)
        if (g->lost)
            page_free((uint8_t *)(uintptr_t)g->page);
}

/* The grants go with the frames. */
void mm_exchange(const void *a, const void *b)
{
    uint8_t *at_a = (uint8_t *)(uintptr_t)a, *at_b = (uint8_t *)(uintptr_t)b;

    assert((uintptr_t)a % PAGE_SIZE == 0 && (uintptr_t)b % PAGE_SIZE == 0);
    for (size_t i = 0; i < PAGE_SIZE; i++) {
        uint8_t byte = at_a[i];

        at_a[i] = at_b[i];
        at_b[i] = byte;
    }
    for (struct grant *g = grants; g < grants + REFS; g++)
        g->page = g->page == at_a ? at_b : g->page == at_b ? at_a : g->page;
}

/* All the reads with the back-end's state. */
static void read_along(struct xs_call *reads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct xs_call *c = &reads[i];
        const struct peer *p = opened[c->dir[strlen(c->dir) - 1] - '0'];
        const char *value = peer_value(p, c->dir == p->dev->path, c->path);

        assert(c->op == XS_CALL_READ);
        c->value[0] = '\0';
        c->err = !value                     ? -ENOENT
                 : strlen(value) >= c->size ? -ENAMETOOLONG
                                            : 0;
        if (!c->err)
            strcpy(c->value, value);
    }
    fake.batches += n > 0;
}

void xenbus_ask(struct xenbus_place *place, const char *type, unsigned id)
{
    snprintf(place->path, sizeof(place->path), "%s %u", type, id);
}

static struct peer *peer_at(const struct xenbus_place *place)
{
    char type[4];
    unsigned id;

    if (sscanf(place->path, "%3s %u", type, &id) != 2)
        abort();
    return peer_find(type, id);
}

bool xenbus_is_there(struct xenbus_place *place)
{
    return peer_at(place)->open_err != -ENODEV;
}

int xenbus_open(struct xenbus_dev *dev, struct xenbus_place *place,
                struct xs_call *reads, size_t n)
{
    struct peer *p = peer_at(place);
    uint16_t slot = 0;

    if (p->open_err)
        return p->open_err;
    while (slot < PEERS && opened[slot])
        slot++;
    assert(slot < PEERS);
    opened[slot] = p;
    *dev = (struct xenbus_dev){.peer = slot};
    snprintf(dev->path, sizeof(dev->path), "ours/%u", slot);
    snprintf(dev->backend, sizeof(dev->backend), "theirs/%u", slot);
    p->dev = dev;
    p->open = true;
    p->wrong = NULL;
    read_along(reads, n);
    return 0;
}

static struct peer *of(const struct xenbus_dev *dev)
{
    assert(opened[dev->peer]->dev == dev);
    return opened[dev->peer];
}

int xenbus_ring(struct xenbus_dev *dev, struct ring *r, size_t slot_size)
{
    struct peer *p = of(dev);
    uint32_t *index = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

    if (p->ring_err || !index) {
        free(index);
        return p->ring_err ? p->ring_err : -ENOMEM;
    }
    ring_init(r, index, slot_size);
    r->req_prod = r->req_shown = r->rsp_cons = r->rsp_seen = PEER_OLD;
    index[0] = index[2] = PEER_OLD;
    index[1] = index[3] = PEER_OLD + 1;
    p->ring[dev->rings] = r;
    dev->ring_page[dev->rings++] = index;
    return 0;
}

gref_t xenbus_ring_ref(const struct xenbus_dev *dev, unsigned which)
{
    assert(which < dev->rings);
    return 1 + which;
}

int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n, struct xs_call *reads, size_t nreads)
{
    struct peer *p = of(dev);

    if (p->connect_err)
        return p->connect_err;
    peer_attach(p, keys, n);
    p->connected = true;
    read_along(reads, nreads);
    return 0;
}

int xs_number(const char *text, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits])
        return -EINVAL;
    *number = strtoull(text, NULL, 10);
    return 0;
}

void xenbus_kick(struct xenbus_dev *dev, struct ring *r)
{
    if (ring_publish(r))
        of(dev)->events_there++;
}

int xenbus_fail(struct xenbus_dev *dev, const char *why)
{
    of(dev)->fails++;
    of(dev)->wrong = why;
    dev->broken = true;
    waitq_wake(&dev->wake);
    return -EIO;
}

void xenbus_leave(struct xenbus_dev *dev)
{
    if (!opened[dev->peer])
        return; /* closed already */
    of(dev)->connected = false;
    of(dev)->held = fake.shared;
    if (fake.leaving)
        fake.leaving();
}

void xenbus_close(struct xenbus_dev *dev)
{
    struct peer *p;

    if (!opened[dev->peer])
        return;
    p = of(dev);
    assert(p->open && !p->connected);
    for (unsigned i = 0; i < dev->rings; i++)
        free(dev->ring_page[i]);
    p->open = false;
    opened[dev->peer] = NULL;
}

/* It runs to its end at once. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg)
{
    (void)name;
    if (fake.no_threads)
        return NULL;
    fake.threads++;
    fn(arg);
    return (struct thread *)(void *)&fake;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
    wakes++;
}

static unsigned events(void)
{
    unsigned n = 0;

    for (int i = 0; i < PEERS; i++)
        n += opened[i] ? opened[i]->events_here : 0;
    return n;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    unsigned events_before = events(), wakes_before = wakes;

    assert((opened[0] && q == &opened[0]->dev->wake) ||
           (opened[1] && q == &opened[1]->dev->wake));
    fake.waits++;
    for (int i = 0; i < PATIENCE && fake.run; i++) {
        fake.run();
        if (wakes != wakes_before || events() != events_before)
            return 0;
    }
    if (deadline == NEVER) {
        fprintf(stderr, "waits for ever\n");
        abort();
    }
    fake.now = deadline;
    return -ETIMEDOUT;
}

void waitq_wait(struct waitq *q)
{
    (void)waitq_wait_until(q, NEVER);
}

void thread_sleep(uint64_t deadline)
{
    fake.now = deadline;
    if (fake.run)
        fake.run();
}

uint64_t clock_now(void)
{
    return fake.now;
}

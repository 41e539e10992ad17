/* ring.c: the contract is in ring.h, the ABI in xen/io/ring.h. */

#include "xen/ring.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "kernel/page.h"
#include "lib/shared.h"

struct ring_page {
    uint32_t req_prod, req_event;
    uint32_t rsp_prod, rsp_event;
    uint8_t pad[48];
    uint8_t slots[];
};
_Static_assert(offsetof(struct ring_page, slots) == 64, "Xen ABI");

void ring_init(struct ring *r, void *page, size_t slot_size)
{
    size_t fit = (PAGE_SIZE - sizeof(struct ring_page)) / slot_size;

    memset(page, 0, PAGE_SIZE);
    *r = (struct ring){
        .page = page,
        .size = 1,
        .slot_size = (uint32_t)slot_size,
    };
    r->page->req_event = r->page->rsp_event = 1;

    while (r->size <= fit / 2)
        r->size *= 2;
    assert(r->size <= RING_MAX);

    for (uint32_t id = 0; id < r->size; id++)
        r->next[id] = (uint16_t)(id + 1);
}

uint32_t ring_space(const struct ring *r)
{
    return r->size - (r->req_prod - r->rsp_cons);
}

static void *slot(const struct ring *r, uint32_t index)
{
    return &r->page->slots[(size_t)(index & (r->size - 1)) * r->slot_size];
}

/* Slots are only ever written here, never read back: the back-end may
 * scribble over a request, but not make us believe it. */
static void *claim(struct ring *r)
{
    return memset(slot(r, r->req_prod++), 0, r->slot_size);
}

void *ring_request(struct ring *r, void *cookie, uint16_t *id)
{
    assert(cookie);
    if (!ring_space(r) || r->free_id == r->size)
        return NULL;

    *id = r->free_id;
    assert(!r->cookie[*id]);
    r->free_id = r->next[*id];
    r->cookie[*id] = cookie;
    return claim(r);
}

void *ring_extra(struct ring *r)
{
    if (!ring_space(r))
        return NULL;
    r->extras++;
    return claim(r);
}

void *ring_post(struct ring *r, void *cookie, uint16_t *id)
{
    assert(cookie);
    if (!ring_space(r))
        return NULL;

    *id = (uint16_t)(r->req_prod & (r->size - 1));
    assert(!r->cookie[*id]);
    r->cookie[*id] = cookie;
    return claim(r);
}

bool ring_publish(struct ring *r)
{
    uint32_t old = r->req_shown;
    uint32_t new = r->req_prod;

    if (new == old)
        return false;
    r->req_shown = new;
    store_release(&r->page->req_prod, new); /* after the requests themselves */
    full_barrier(); /* publish, then look at what the back-end asked for */
    return new - load_relaxed(&r->page->req_event) < new - old;
}

int ring_response(struct ring *r, void *rsp, size_t len)
{
    /* acquire: the responses are read after the index that announces them */
    uint32_t waiting = load_acquire(&r->page->rsp_prod) - r->rsp_cons;

    if (waiting > r->req_shown - r->rsp_cons)
        return -EPROTO; /* more answers than questions */
    if (waiting == 0)
        return 0;

    assert(len <= r->slot_size);
    memcpy(rsp, slot(r, r->rsp_cons++), len);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the compiler must not read the
                                                slot again instead of rsp */
    return 1;
}

void *ring_retire(struct ring *r, uint64_t id)
{
    if (id >= r->size || !r->cookie[id])
        return NULL;

    void *cookie = r->cookie[id];

    r->cookie[id] = NULL;
    r->next[id] = r->free_id;
    r->free_id = (uint16_t)id;
    return cookie;
}

bool ring_retire_extra(struct ring *r)
{
    if (r->extras == 0)
        return false;
    r->extras--;
    return true;
}

void *ring_unpost(struct ring *r, uint16_t *id)
{
    *id = (uint16_t)((r->rsp_cons - 1) & (r->size - 1));

    void *cookie = r->cookie[*id];

    assert(cookie); /* every slot shown to the back-end was posted */
    r->cookie[*id] = NULL;
    return cookie;
}

static bool arm(struct ring *r, uint32_t event)
{
    store_relaxed(&r->page->rsp_event, event);
    full_barrier(); /* arm, then look: a response may have raced in */
    return load_relaxed(&r->page->rsp_prod) != r->rsp_cons;
}

bool ring_arm(struct ring *r)
{
    return arm(r, r->rsp_cons + 1);
}

bool ring_arm_half(struct ring *r)
{
    return arm(r, r->rsp_cons + (r->req_shown - r->rsp_cons) / 2 + 1);
}

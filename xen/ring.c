/* ring.c: the contract is in ring.h, the ABI in xen/io/ring.h. */

#include "xen/ring.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/shared.h"
#include "lib/util.h"

_Static_assert(offsetof(struct ring_page, slots) == 64, "Xen ABI");

COLD void ring_init(struct ring *r, void *page, size_t slot_size)
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

void *ring_extra(struct ring *r)
{
    if (!ring_space(r))
        return NULL;
    r->extras++;
    return ring_slot(r, r->req_prod++);
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

int ring_look(struct ring *r)
{
    /* acquire: the responses are read after the index that announces them */
    uint32_t seen = load_acquire(&r->page->rsp_prod);

    if (seen - r->rsp_cons > r->req_shown - r->rsp_cons)
        return -EPROTO; /* more answers than questions */
    r->rsp_seen = seen;
    return seen != r->rsp_cons;
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

static bool arm(struct ring *r, uint32_t event)
{
    store_relaxed(&r->page->rsp_event, event);
    full_barrier(); /* arm, then look: a response may have raced in */
    return ring_waiting(r);
}

bool ring_arm(struct ring *r)
{
    return arm(r, r->rsp_cons + 1);
}

bool ring_arm_half(struct ring *r)
{
    return arm(r, r->rsp_cons + (r->req_shown - r->rsp_cons) / 2 + 1);
}

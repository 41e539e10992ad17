/* netback.c: see netback.h. */

#include "test/fake/netback.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "kernel/sched.h"
#include "xen/clock.h"
#include "xen/xenbus.h"

#define REFS     2048
#define FIRST    8 /* Xen keeps the references below */
#define OLD      ((uint32_t)-700)
#define PATIENCE 1000

struct netback back[2];
struct fake fake;
static struct {
    bool claimed, writable, lost;
    const uint8_t *page;
} grants[REFS];
static bool woken;

void fake_start(void)
{
    fake = (struct fake){0};
    memset(grants, 0, sizeof(grants));
    for (int i = 0; i < 2; i++)
        back[i] = (struct netback){.mac = "00:16:3e:01:02:03", .sg = true};
}

bool fake_clean(void)
{
    return fake.claimed == fake.lost && fake.shared == 0 && buf_in_use() == 0 &&
           buf_quarantined() == fake.lost && !back[0].open && !back[1].open;
}

int gnttab_claim(gref_t *refs, size_t n)
{
    size_t got = 0;

    if (fake.claim_err)
        return fake.claim_err;
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
    assert(grants[ref].claimed && !grants[ref].lost);
    if (grants[ref].page) {
        fake.shared--;
        if (fake.busy) {
            fake.lost++;
            grants[ref].lost = true;
            return -EBUSY;
        }
    }
    grants[ref].page = NULL;
    return 0;
}

/* The page behind ref, as the back-end sees it. */
static uint8_t *page_of(gref_t ref, bool write)
{
    assert(ref < REFS && grants[ref].page && grants[ref].writable == write);
    return (uint8_t *)(uintptr_t)grants[ref].page;
}

int xenbus_open(struct xenbus_dev *dev, const char *type, unsigned id)
{
    assert(strcmp(type, "vif") == 0 && id < 2);

    struct netback *nb = &back[id];

    if (nb->open_err)
        return nb->open_err;
    *dev = (struct xenbus_dev){.peer = (uint16_t)id};
    snprintf(dev->path, sizeof(dev->path), "ours/%u", id);
    snprintf(dev->backend, sizeof(dev->backend), "theirs/%u", id);
    nb->dev = dev;
    nb->open = true;
    nb->wrong = NULL;
    return 0;
}

static struct netback *of(const struct xenbus_dev *dev)
{
    assert(back[dev->peer].dev == dev);
    return &back[dev->peer];
}

/* As if the ring had been in use for long: indices just below 2^32. */
int xenbus_ring(struct xenbus_dev *dev, struct ring *r, size_t slot_size)
{
    struct netback *nb = of(dev);
    uint32_t *index = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

    if (nb->ring_err) {
        free(index);
        return nb->ring_err;
    }
    ring_init(r, index, slot_size);
    r->req_prod = r->req_shown = r->rsp_cons = OLD;
    index[0] = index[2] = OLD;
    index[1] = index[3] = OLD + 1;
    nb->ring[dev->rings] = r;
    dev->ring_page[dev->rings++] = index;
    return 0;
}

gref_t xenbus_ring_ref(const struct xenbus_dev *dev, unsigned which)
{
    assert(which < dev->rings);
    return 1 + which;
}

int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n)
{
    static const struct xenbus_key want[] = {{"tx-ring-ref", 1},
                                             {"rx-ring-ref", 2},
                                             {"request-rx-copy", 1},
                                             {"feature-rx-notify", 1},
                                             {"feature-sg", 1}};
    struct netback *nb = of(dev);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < sizeof(want) / sizeof(want[0]); j++)
            nb->keys += !strcmp(keys[i].name, want[j].name) &&
                        keys[i].value == want[j].value;
    if (nb->connect_err)
        return nb->connect_err;
    BACK_RING_ATTACH(&nb->tx, (netif_tx_sring_t *)dev->ring_page[0], OLD,
                     PAGE_SIZE);
    BACK_RING_ATTACH(&nb->rx, (netif_rx_sring_t *)dev->ring_page[1], OLD,
                     PAGE_SIZE);
    nb->connected = true;
    return 0;
}

static const char *value_of(const char *dir, const char *key)
{
    static char sg[2];
    const struct netback *nb = &back[dir[strlen(dir) - 1] - '0'];

    sg[0] = nb->sg ? '1' : '0';
    if (strncmp(dir, "ours/", 5) == 0)
        return !strcmp(key, "mac")   ? nb->mac
               : !strcmp(key, "mtu") ? nb->own_mtu
                                     : NULL;
    return !strcmp(key, "mtu")          ? nb->back_mtu
           : !strcmp(key, "feature-sg") ? sg
                                        : NULL;
}

int xs_batch(uint32_t tx, struct xs_call *calls, size_t n)
{
    assert(tx == 0);
    for (struct xs_call *c = calls; c < calls + n; c++) {
        const char *value = value_of(c->dir, c->path);

        assert(c->op == XS_CALL_READ);
        c->value[0] = '\0';
        c->err = !value                     ? -ENOENT
                 : strlen(value) >= c->size ? -ENAMETOOLONG
                                            : 0;
        if (!c->err)
            strcpy(c->value, value);
    }
    fake.batches++;
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
    of(dev)->connected = false;
    of(dev)->held = fake.shared;
}

void xenbus_close(struct xenbus_dev *dev)
{
    struct netback *nb = of(dev);

    assert(nb->open && !nb->connected);
    for (unsigned i = 0; i < dev->rings; i++)
        free(dev->ring_page[i]);
    nb->open = false;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
    woken = true;
}

int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    assert((back[0].open && q == &back[0].dev->wake) ||
           (back[1].open && q == &back[1].dev->wake));
    fake.waits++;
    woken = false;
    for (int i = 0; i < PATIENCE && fake.run; i++) {
        unsigned events = back[0].events_here + back[1].events_here;

        fake.run();
        if (woken || back[0].events_here + back[1].events_here != events)
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

uint64_t clock_now(void)
{
    return fake.now;
}

/* One slot of a packet: its bytes, as netback would fetch them. */
static void fetch(struct frame *f, const struct netif_tx_request *req,
                  size_t len)
{
    assert(len > 0 && req->offset + len <= PAGE_SIZE);
    assert(f->len + len <= FRAME_MAX && f->slots < 18);
    memcpy(f->data + f->len, page_of(req->gref, false) + req->offset, len);
    f->len += len;
    f->ids[f->slots++] = req->id;
}

bool netback_take(struct netback *nb, struct frame *f)
{
    struct netif_tx_request first, more;
    struct frame rest = {0};

    if (!RING_HAS_UNCONSUMED_REQUESTS(&nb->tx))
        return false;
    f->len = f->slots = 0;
    RING_COPY_REQUEST(&nb->tx, nb->tx.req_cons++, &first);
    f->flags = first.flags;
    more = first;
    while (more.flags & NETTXF_more_data) {
        assert(RING_HAS_UNCONSUMED_REQUESTS(&nb->tx)); /* all or none */
        RING_COPY_REQUEST(&nb->tx, nb->tx.req_cons++, &more);
        assert((more.flags & ~NETTXF_more_data) == 0);
        fetch(&rest, &more, more.size);
    }
    assert(first.size > rest.len); /* the first slot's size is the total */
    fetch(f, &first, first.size - rest.len);
    memcpy(f->data + f->len, rest.data, rest.len);
    f->len += rest.len;
    memcpy(f->ids + 1, rest.ids, sizeof(rest.ids[0]) * rest.slots);
    f->slots += rest.slots;
    assert(f->slots <= 18);
    return true;
}

void lie_tx(struct netback *nb, struct netif_tx_response rsp)
{
    *RING_GET_RESPONSE(&nb->tx, nb->tx.rsp_prod_pvt++) = rsp;
}

void netback_answer(struct netback *nb, const struct frame *f, int16_t status)
{
    for (unsigned i = 0; i < f->slots; i++)
        lie_tx(nb, (struct netif_tx_response){f->ids[i], status});
}

unsigned netback_slots(struct netback *nb)
{
    return RING_HAS_UNCONSUMED_REQUESTS(&nb->rx);
}

static struct netif_rx_request rx_take(struct netback *nb)
{
    struct netif_rx_request req;

    assert(netback_slots(nb) > 0);
    RING_COPY_REQUEST(&nb->rx, nb->rx.req_cons++, &req);
    return req;
}

uint16_t rx_next_id(struct netback *nb)
{
    return (uint16_t)(nb->rx.req_cons % RING_SIZE(&nb->rx));
}

void lie_rx(struct netback *nb, struct netif_rx_response rsp)
{
    rx_take(nb);
    *RING_GET_RESPONSE(&nb->rx, nb->rx.rsp_prod_pvt++) = rsp;
}

void lie_extra(struct netback *nb, uint8_t type, uint8_t flags)
{
    struct netif_extra_info extra = {.type = type, .flags = flags};

    rx_take(nb);
    memcpy(RING_GET_RESPONSE(&nb->rx, nb->rx.rsp_prod_pvt++), &extra,
           sizeof(extra));
}

bool netback_give(struct netback *nb, const uint8_t *data, size_t len, size_t n,
                  uint16_t off, uint16_t flags, int16_t status)
{
    if (netback_slots(nb) < (len + n - 1) / n)
        return false;
    for (size_t at = 0; at < len; at += n) {
        struct netif_rx_request req = rx_take(nb);
        size_t part = len - at < n ? len - at : n;
        bool last = at + part == len;

        assert(req.id == (nb->rx.req_cons - 1) % RING_SIZE(&nb->rx));
        memcpy(page_of(req.gref, true) + off, data + at, part);
        *RING_GET_RESPONSE(&nb->rx,
                           nb->rx.rsp_prod_pvt++) = (struct netif_rx_response){
            .id = req.id,
            .offset = off,
            .flags =
                (uint16_t)((at ? 0 : flags) | (last ? 0 : NETRXF_more_data)),
            .status = last && status < 0 ? status : (int16_t)part,
        };
    }
    return true;
}

void netback_push(struct netback *nb)
{
    int notify;

    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&nb->tx, notify);
    nb->events_here += (unsigned)notify;
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&nb->rx, notify);
    nb->events_here += (unsigned)notify;
    nb->tx.sring->req_event = nb->tx.req_cons + 1; /* asleep again */
    nb->rx.sring->req_event = nb->rx.req_cons + 1;
}

/* ring.c against Xen's own ring.h, which plays the back-end. */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "xen/abi.h"
#include <xen/io/netif.h>
#include <xen/io/blkif.h>
#include "xen/ring.h"

#pragma GCC diagnostic ignored "-Wconversion" /* Xen's ring macros mix signs   \
                                               */
#pragma GCC diagnostic ignored "-Wsign-conversion"

static _Alignas(4096) uint8_t page[4096];
static netif_tx_sring_t *const shared = (netif_tx_sring_t *)page;
static struct ring ring;
static netif_tx_back_ring_t back;
static netif_rx_back_ring_t rx_back;

static void connect(void)
{
    ring_init(&ring, page, sizeof(union netif_tx_sring_entry));
    BACK_RING_INIT(&back, shared, sizeof(page));
}

static void connect_rx(void)
{
    ring_init(&ring, page, sizeof(union netif_rx_sring_entry));
    BACK_RING_INIT(&rx_back, (netif_rx_sring_t *)page, sizeof(page));
}

/* Move every index to just below 2^32, as after hours of traffic. */
static void age(void)
{
    uint32_t old = (uint32_t)-1000;

    ring.req_prod = ring.req_shown = ring.rsp_cons = ring.rsp_seen = old;
    back.req_cons = back.rsp_prod_pvt = old;
    rx_back.req_cons = rx_back.rsp_prod_pvt = old;
    shared->req_prod = shared->rsp_prod = old;
    shared->req_event = shared->rsp_event = old + 1;
}

static bool ask(void *cookie)
{
    uint16_t id;
    netif_tx_request_t *req = ring_request(&ring, cookie, &id);

    if (req)
        *req = (netif_tx_request_t){.id = id};
    return req;
}

static bool answer(uint16_t id)
{
    int notify;

    *RING_GET_RESPONSE(&back, back.rsp_prod_pvt++) =
        (netif_tx_response_t){.id = id, .status = NETIF_RSP_OKAY};
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
    return notify;
}

static uint16_t backend_take(void)
{
    netif_tx_request_t req;

    RING_COPY_REQUEST(&back, back.req_cons++, &req);
    return req.id;
}

static void *collect(void)
{
    netif_tx_response_t rsp;

    if (ring_response(&ring, &rsp, sizeof(rsp)) != 1)
        return NULL;
    return ring_retire(&ring, rsp.id);
}

Test(ring, has_the_size_xen_says, .init = connect)
{
    cr_assert_eq(ring.size, RING_SIZE(&back));
    cr_assert_eq(ring_space(&ring), RING_SIZE(&back));
    ring_init(&ring, page, sizeof(union blkif_sring_entry));
    cr_assert_eq(ring.size, __CONST_RING_SIZE(blkif, 4096));
    ring_init(&ring, page, sizeof(union netif_rx_sring_entry));
    cr_assert_eq(ring.size, __CONST_RING_SIZE(netif_rx, 4096));
    ring_init(&ring, page, (4096 - 64) / 64);
    cr_assert_eq(ring.size, 64, "when they fit to the last byte");
}

Test(ring, starts_as_xen_starts_one)
{
    static _Alignas(4096) uint8_t theirs[4096];
    netif_tx_sring_t *s = (netif_tx_sring_t *)theirs;

    memset(page, 0xff, sizeof(page));
    connect();
    SHARED_RING_INIT(s);
    cr_assert_eq(memcmp(page, theirs, sizeof(page)), 0);
}

Test(ring, returns_each_cookie_once_in_any_order, .init = connect)
{
    static char sent[200000];
    uint16_t held[256];
    size_t n = 0, next = 0, done = 0;

    age();
    srand(1);
    while (done < sizeof(sent)) {
        while (next < sizeof(sent) && rand() % 4 && ask(&sent[next]))
            next++;
        ring_publish(&ring);
        while (RING_HAS_UNCONSUMED_REQUESTS(&back))
            held[n++] = backend_take();
        while (n && rand() % 4) { /* answer them out of order */
            size_t i = (size_t)rand() % n;

            answer(held[i]);
            held[i] = held[--n];
        }
        for (char *c; (c = collect()); done++)
            cr_assert_eq((*c)++, 0);
    }
    cr_assert_null(collect());
}

Test(ring, refuses_when_full_and_recovers, .init = connect)
{
    uint32_t n = 0;

    age();
    while (ask(&n)) {
        n++;
        cr_assert_eq(ring_space(&ring), ring.size - n);
    }
    cr_assert_eq(n, ring.size);
    ring_publish(&ring);
    cr_assert_not(ask(&n), "a published ring is still full");
    cr_assert_null(ring_extra(&ring));
    answer(backend_take());
    cr_assert_not(ask(&n), "an answer not yet taken frees nothing");
    cr_assert_eq(collect(), &n);
    cr_assert_eq(ring_space(&ring), 1);
    cr_assert(ask(&n));
}

Test(ring, keeps_requests_to_itself_until_published, .init = connect)
{
    ask(&ring);
    cr_assert_not(RING_HAS_UNCONSUMED_REQUESTS(&back));
    ring_publish(&ring);
    cr_assert_eq(RING_HAS_UNCONSUMED_REQUESTS(&back), 1);
}

Test(ring, wakes_a_backend_that_went_to_sleep, .init = connect)
{
    int more;

    cr_assert(ask(&back));
    cr_assert(ring_publish(&ring), "the first request always wakes it");
    cr_assert(ask(&back));
    cr_assert_not(ring_publish(&ring), "it is still awake");
    backend_take(), backend_take();
    RING_FINAL_CHECK_FOR_REQUESTS(&back, more);
    cr_assert_not(more);
    cr_assert(ask(&back));
    cr_assert(ask(&back));
    cr_assert(ring_publish(&ring), "it asked at the first of these two");
    cr_assert_not(ring_publish(&ring), "nothing new");
}

Test(ring, is_woken_only_when_armed, .init = connect)
{
    for (int i = 0; i < 4; i++)
        ask(&back);
    ring_publish(&ring);
    cr_assert_not(ring_arm(&ring));
    cr_assert(answer(backend_take()));
    cr_assert_not(answer(backend_take()), "not armed again");
    cr_assert(collect());
    cr_assert(ring_arm(&ring), "the second answer raced in");
    cr_assert(collect());
    cr_assert_not(ring_arm(&ring));
    cr_assert(answer(backend_take()));
}

Test(ring, is_woken_once_when_half_is_back, .init = connect)
{
    unsigned events = 0, at = 0;

    age();
    while (ask(&back))
        ;
    ring_publish(&ring);
    cr_assert_not(ring_arm_half(&ring));
    for (unsigned i = 1; i <= ring.size; i++)
        if (answer(backend_take()))
            events++, at = i;
    cr_assert_eq(events, 1);
    cr_assert_eq(at, ring.size / 2 + 1);

    while (collect())
        ;
    ask(&back);
    ring_publish(&ring);
    cr_assert_not(ring_arm_half(&ring));
    cr_assert(answer(backend_take()), "the only one is more than half");
    cr_assert(ring_arm_half(&ring), "it raced in");
}

Test(ring, counts_slots_that_have_no_id, .init = connect)
{
    netif_tx_response_t rsp;

    age();
    cr_assert_not(ring_retire_extra(&ring));
    cr_assert(ask(&ring));
    cr_assert(ring_extra(&ring));
    cr_assert_eq(ring_space(&ring), ring.size - 2);
    ring_publish(&ring);
    answer(backend_take());
    backend_take(), answer(0xffff); /* no id: whatever was there */
    cr_assert_eq(collect(), &ring);
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), 1);
    cr_assert(ring_retire_extra(&ring));
    cr_assert_not(ring_retire_extra(&ring), "one was claimed, one came");
    cr_assert_eq(ring_space(&ring), ring.size);
}

Test(ring, receives_in_slot_order_with_the_slot_as_id, .init = connect_rx)
{
    static char cookies[100000];
    size_t posted = 0, back_to_us = 0;
    netif_rx_request_t req;
    netif_rx_response_t *rsp, got;
    uint16_t id;

    age();
    srand(2);
    while (back_to_us < sizeof(cookies)) {
        while (posted < sizeof(cookies) && ring_space(&ring) && rand() % 8) {
            netif_rx_request_t *r = ring_post(&ring, &cookies[posted], &id);

            cr_assert_eq(id, (ring.req_prod - 1) % ring.size);
            *r = (netif_rx_request_t){.id = id, .gref = id + 1000u};
            posted++;
        }
        ring_publish(&ring);
        while (RING_HAS_UNCONSUMED_REQUESTS(&rx_back) && rand() % 16) {
            RING_COPY_REQUEST(&rx_back, rx_back.req_cons++, &req);
            cr_assert_eq(req.gref, req.id + 1000u);
            rsp = RING_GET_RESPONSE(&rx_back, rx_back.rsp_prod_pvt++);
            *rsp = (netif_rx_response_t){.id = req.id};
        }
        RING_PUSH_RESPONSES(&rx_back);
        while (ring_response(&ring, &got, sizeof(got)) == 1) {
            cr_assert_eq(ring_unpost(&ring, &id), &cookies[back_to_us++]);
            cr_assert_eq(id, got.id);
        }
        cr_assert_eq(ring_space(&ring), ring.size - (posted - back_to_us));
    }
}

Test(ring, catches_a_producer_that_runs_ahead, .init = connect)
{
    netif_tx_response_t rsp;

    age();
    ask(&ring);
    shared->rsp_prod++;
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), -EPROTO,
                 "it answers a request not shown to it");
    ring_publish(&ring);
    shared->rsp_prod++;
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), -EPROTO);
    shared->rsp_prod -= 3;
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), -EPROTO,
                 "nor may it run backwards");
    shared->rsp_prod += 2;
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), 1);
}

Test(ring, catches_ids_that_are_not_in_flight, .init = connect)
{
    ask(&ring);
    ring_publish(&ring);
    cr_assert_null(ring_retire(&ring, 1), "never sent");
    cr_assert_null(ring_retire(&ring, ring.size), "no such id");
    cr_assert_null(ring_retire(&ring, UINT64_MAX), "no such id");
    cr_assert_eq(ring_retire(&ring, 0), &ring);
    cr_assert_null(ring_retire(&ring, 0), "already retired");
    cr_assert(ask(&ring));
    cr_assert(ask(&ring), "bad ids did not spoil the free list");
}

Test(ring, survives_answers_that_retire_nothing, .init = connect)
{
    netif_tx_response_t rsp;

    while (ask(&ring))
        ;
    ring_publish(&ring);
    answer(0), answer(0);
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), 1);
    cr_assert(ring_retire(&ring, rsp.id));
    cr_assert_eq(ring_response(&ring, &rsp, sizeof(rsp)), 1);
    cr_assert_null(ring_retire(&ring, rsp.id));
    cr_assert(ask(&ring));
    cr_assert_not(ask(&ring), "there is a slot, but no id");
}

Test(ring, believes_nothing_the_backend_writes_over_its_indices,
     .init = connect)
{
    ask(&ring);
    ring_publish(&ring);
    shared->req_prod = 77;
    ask(&ring);
    ring_publish(&ring);
    cr_assert_eq(shared->req_prod, 2);
    cr_assert_eq(ring_space(&ring), ring.size - 2);
}

Test(ring, posts_no_more_than_it_has_slots, .init = connect_rx,
     .signal = SIGABRT)
{
    static char cookies[RING_MAX + 1];
    uint16_t id;

    for (uint32_t i = 0; i < ring.size; i++)
        cr_assert_not_null(ring_post(&ring, &cookies[i], &id));
    cr_assert_eq(ring_space(&ring), 0);
    ring_post(&ring, &cookies[ring.size], &id);
}

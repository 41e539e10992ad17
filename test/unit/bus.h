/* bus.h: what the tests of xenbus.c share: one device, vif 0, and a back-end
 * for it with netback's manners. */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/sched.h"
#include "lib/util.h"
#include "test/fake/events.h"
#include "test/fake/memory.h"
#include "test/fake/said.h"
#include "test/fake/stack.h"
#include "test/fake/world.h"
#include "test/fake/xenstored.h"
#include "xen/abi.h"
#include "xen/xenbus.h"
#include <xen/io/xenbus.h>

#define BACK   "/local/domain/0/backend/vif/7/"
#define SECOND 1000000000ull

static struct xenbus_dev dev;
static struct ring tx, rx;
static const struct xenbus_key keys[] = {{"tx-ring-ref", 8}, {"feature-sg", 1}};

/* The back-end of vif 0. */
static struct {
    int state;
    uint64_t delay; /* before it follows */
    bool stuck;     /* never follows */
    bool refuses;   /* closes instead of connecting */
    char seen[64];  /* the front-end's states */
    unsigned shared_at_closed;
    int next;
} back;

static inline void back_state(int state)
{
    char text[] = {(char)('0' + state), 0};

    back.state = state;
    fake_xs_set(BACK "0/state", text);
}

static inline void back_moves(void)
{
    back_state(back.next);
}

static inline void back_connects(void)
{
    const char *port = fake_xs_get("device/vif/0/event-channel");

    if (!fake_xs_get("device/vif/0/tx-ring-ref"))
        return; /* written to a folder that was there before this one */
    cr_assert_str_eq(fake_xs_get("device/vif/0/tx-ring-ref"), "8");
    cr_assert_str_eq(fake_xs_get("device/vif/0/feature-sg"), "1");
    cr_assert_eq(atoi(port), (int)dev.port);
}

static inline void back_follows(const char *path, const char *value)
{
    int state = value ? value[0] - '0' : 0;

    if (strcmp(path, "device/vif/0/state"))
        return;
    back.seen[strlen(back.seen)] = value[0];
    if (state == XenbusStateConnected)
        back_connects();
    if (state == XenbusStateClosed)
        back.shared_at_closed = fake_shared;
    back.next = 0;
    if (state == XenbusStateInitialising && back.state == XenbusStateClosed)
        back.next = XenbusStateInitWait;
    if (state == XenbusStateConnected)
        back.next = back.refuses || !fake_xs_get("device/vif/0/tx-ring-ref")
                        ? XenbusStateClosing
                        : XenbusStateConnected;
    if (state == XenbusStateClosing || state == XenbusStateClosed)
        back.next = state;
    if (back.next && !back.stuck)
        fake_later(back.delay, back_moves);
}

static inline void setup(void)
{
    xs_init(fake_xs_ring(0u - 100), FAKE_XS_PORT);
    fake_xs_set("device/vif/0/backend", BACK "0");
    fake_xs_set("device/vif/0/backend-id", "0");
    fake_xs_set("device/vif/0/state", "1");
    back_state(XenbusStateInitWait);
    fake_xs.on_write = back_follows;
}

static inline void nothing_is_left(void)
{
    cr_assert_eq(fake_pages, 0);
    cr_assert_eq(fake_grants, 0);
    cr_assert_eq(fake_shared, 0);
    cr_assert_eq(fake_ports, 0);
    cr_assert_eq(fake_xs.watches, 0);
}

/* A test whose body runs in a thread. */
#define IN_THREAD(suite, name)                                                 \
    static void name(void);                                                    \
    Test(suite, name)                                                          \
    {                                                                          \
        cr_assert(fake_world(name), "waits for ever");                         \
    }                                                                          \
    static void name(void)

static inline int open_dev(struct xenbus_dev *d, const char *type, unsigned id)
{
    struct xenbus_place place;

    xenbus_ask(&place, type, id);
    return xenbus_open(d, &place, NULL, 0);
}

static inline int open_all(void)
{
    int err;

    if ((err = open_dev(&dev, "vif", 0)))
        return err;
    if ((err = xenbus_ring(&dev, &tx, 16)) ||
        (err = xenbus_ring(&dev, &rx, 16)))
        return err;
    return xenbus_connect(&dev, keys, ARRAY_LEN(keys), NULL, 0);
}

static inline void wait_until_broken(void)
{
    while (!dev.broken)
        waitq_wait(&dev.wake);
}

static inline int reopen_all(void)
{
    int err;

    if ((err = xenbus_reopen(&dev, NULL, 0)) ||
        (err = xenbus_ring(&dev, &tx, 16)) ||
        (err = xenbus_ring(&dev, &rx, 16)))
        return err;
    return xenbus_connect(&dev, keys, ARRAY_LEN(keys), NULL, 0);
}

static inline void rest(void)
{
    thread_sleep(fake_now + SECOND);
}

static inline void device_goes(void)
{
    fake_xs_set("device/vif/0", NULL);
    fake_xs_set(BACK "0", NULL);
    back.state = XenbusStateUnknown;
}

static inline void device_comes(void)
{
    fake_xs_set("device/vif/0/backend", BACK "0");
    fake_xs_set("device/vif/0/backend-id", "0");
    fake_xs_set("device/vif/0/state", "1");
    fake_xs_set(BACK "0/online", "1");
    back_state(XenbusStateInitWait);
}

/* What a driver does when it is bound, or its domain is up again: it follows
 * the state it finds, and uses the rings as they are. */
static inline void back_restarts(void)
{
    const char *front = fake_xs_get("device/vif/0/state");

    if (!fake_xs_get("device/vif/0/backend")) {
        device_goes(); /* what has been written to it since */
        device_comes();
        return;
    }
    back_state(XenbusStateInitWait);
    back.next = *front == '1' ? XenbusStateInitWait : *front - '0';
    fake_later(0, back_moves);
}

/* xenbus.c: the way of a front-end from finding its back-end to leaving it. */

#include "xen/xenbus.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/panic.h"
#include "lib/util.h"
#include "xen/abi.h"
#include "xen/clock.h"
#include "xen/evtchn.h"
#include "xen/xenstate.h"
#include <xen/io/xenbus.h>

#define PATIENCE  (10 * SECOND) /* that a back-end gets for each step */
#define PAUSE     SECOND        /* between attempts, doubled each time */
#define PAUSE_MAX (64 * PAUSE)

static struct {
    struct xenbus_dev *devs;     /* connected */
    struct xenbus_dev *checking; /* by the thread, right now */
    struct waitq checked;
    struct thread *thread;
} bus;

/* Say that xenstored refused something; the device may be gone instead. */
static int refused(const struct xenbus_dev *dev, int err)
{
    if (err == -EDQUOT || err == -ENOSPC || err == -E2BIG)
        say("%s: xenstored's quota for this guest is used up", dev->path);
    else
        say("%s: xenstored refuses (error %d)", dev->path, -err);
    return err;
}

static void ask_again(struct xenbus_place *p)
{
    p->calls[0] =
        xs_read_call(p->path, "backend", p->backend, sizeof(p->backend));
    p->calls[1] = xs_read_call(p->path, "backend-id", p->peer, sizeof(p->peer));
    xs_send(0, p->calls, ARRAY_LEN(p->calls));
}

void xenbus_ask(struct xenbus_place *p, const char *type, unsigned id)
{
    sniprintf(p->path, sizeof(p->path), "device/%s/%u", type, id);
    ask_again(p);
}

bool xenbus_is_there(struct xenbus_place *p)
{
    return xs_await(p->calls, ARRAY_LEN(p->calls)) != -ENOENT;
}

/* Which back-end is it now?  A watch on an earlier one ends. */
static int find(struct xenbus_dev *dev, struct xenbus_place *p)
{
    uint64_t number;
    int err = xs_await(p->calls, ARRAY_LEN(p->calls));

    if (err == -ENOENT)
        err = -ENODEV;
    else if (!err &&
             (xs_number(p->peer, &number) || number >= DOMID_FIRST_RESERVED))
        err = -EIO;
    if (dev->state.dir && (err || strcmp(p->backend, dev->backend) != 0))
        xs_unwatch(&dev->state);
    if (err) {
        if (err == -ENODEV)
            return err;
        say("%s: no proper back-end in xenstore", dev->path);
        return -EIO;
    }
    memcpy(dev->backend, p->backend, sizeof(dev->backend));
    dev->peer = (uint16_t)number;
    return 0;
}

/* The back-end's state, which is watched from then on.  -ENODEV: there is no
 * back-end, or the toolstack has taken it away. */
static int look(struct xenbus_dev *dev, struct xenbus_place *p)
{
    char text[4], online[4];
    struct xs_call calls[] = {
        {.op = XS_CALL_WATCH,
         .dir = dev->backend,
         .path = "state",
         .watch = &dev->state},
        xs_read_call(dev->backend, "state", text, sizeof(text)),
        xs_read_call(dev->backend, "online", online, sizeof(online)),
    };
    size_t skip;
    int err = find(dev, p), state;

    if (err)
        return err;
    if (!dev->state.dir)
        xs_unwatch(&dev->state); /* on our folder */
    skip = dev->state.token[0] != '\0';
    calls[1].watch = &dev->state;
    xenstate_ask(dev, calls + skip, ARRAY_LEN(calls) - skip);
    if (calls[0].err)
        return refused(dev, calls[0].err);
    state = xenstate_of(calls[1].err, text);
    /* Until the watch was set it may have gone elsewhere: look there again. */
    dev->state.fired |= !skip && state != XenbusStateInitWait;
    return state == XenbusStateClosed && !strcmp(online, "0") ? -ENODEV : state;
}

/* Bring the back-end to InitWait.  Who is patient waits until there is one:
 * toolstacks take devices away, and put them back with another back-end. */
static int meet(struct xenbus_dev *dev, struct xenbus_place *p,
                uint64_t deadline)
{
    int state, err;

    while ((state = look(dev, p)) != XenbusStateInitWait) {
        if (state >= 0) {
            err = xenstate_step(dev, OPENING, state, deadline);
        } else if (state == -ENODEV && deadline == NEVER) {
            dev->own = XenbusStateUnknown; /* in the next folder */
            err = dev->state.token[0] ? 0 : xs_watch(&dev->state, dev->path);
            err = err ? refused(dev, err) : xs_watch_wait(&dev->state, NEVER);
        } else {
            err = state;
        }
        if (err)
            return err;
        ask_again(p);
    }
    return 0;
}

static uint64_t deadline_of(const struct xenbus_dev *dev)
{
    return dev->patient ? NEVER : clock_now() + PATIENCE;
}

static int open_place(struct xenbus_dev *dev, struct xenbus_place *p,
                      struct xs_call *reads, size_t n)
{
    int err;

    dev->said = false;
    dev->own = XenbusStateUnknown;
    dev->along = reads;
    dev->alongs = n;
    err = meet(dev, p, deadline_of(dev));
    dev->along = NULL;
    if (err || (err = evtchn_open(dev->peer, &dev->wake, &dev->port)))
        xs_unwatch(&dev->state);
    return err;
}

int xenbus_open(struct xenbus_dev *dev, struct xenbus_place *p,
                struct xs_call *reads, size_t n)
{
    *dev = (struct xenbus_dev){0};
    memcpy(dev->path, p->path, sizeof(dev->path));
    return open_place(dev, p, reads, n);
}

int xenbus_reopen(struct xenbus_dev *dev, struct xs_call *reads, size_t n)
{
    struct xenbus_place p;

    dev->broken = true;
    dev->patient = true;
    xenbus_close(dev);
    if (dev->pause)
        thread_sleep(clock_now() + dev->pause);
    if (dev->pause < PAUSE_MAX)
        dev->pause = dev->pause ? 2 * dev->pause : PAUSE;
    memcpy(p.path, dev->path, sizeof(p.path));
    ask_again(&p);
    return open_place(dev, &p, reads, n);
}

int xenbus_ring(struct xenbus_dev *dev, struct ring *r, size_t slot_size)
{
    void *page = page_alloc();
    gref_t *ref = &dev->ring_ref[dev->rings];
    int err;

    assert(dev->rings < ARRAY_LEN(dev->ring_ref));
    if (!page)
        return -ENOMEM;
    if ((err = gnttab_claim(ref, 1))) {
        page_free(page);
        return err;
    }
    ring_init(r, page, slot_size); /* before the peer can see old bytes */
    gnttab_share(*ref, dev->peer, page, true);
    dev->ring_page[dev->rings++] = page;
    return 0;
}

/* A thread for all devices: notice when a back-end leaves. */

/* Toolstacks wait until the back-end is Closed, and it waits for us; it may do
 * so while it still has our pages mapped. */
static void check(struct xenbus_dev *dev)
{
    const int state = xenstate_read(dev);

    if (state < 0)
        return;
    if (xenstate_move(CONNECTED, state) != FAIL) {
        dev->epoch += state == XenbusStateConnected;
        waitq_wake(&dev->wake);
        return;
    }
    xenbus_fail(dev, "the back-end went away");
    dev->pause = 0;
    if (state != XenbusStateUnknown)
        xenstate_write(dev, XenbusStateClosed);
    dev->own = XenbusStateClosed;
}

static void check_all(void *arg)
{
    struct xenbus_dev *dev;

    (void)arg;
    for (;;) {
        for (dev = bus.devs; dev && !xs_watch_fired(&dev->state);)
            dev = dev->next;
        if (!dev) {
            waitq_wait(xs_wake());
            continue;
        }
        bus.checking = dev; /* until then it is not freed */
        check(dev);
        bus.checking = NULL;
        waitq_wake(&bus.checked);
    }
}

static int enlist(struct xenbus_dev *dev)
{
    if (!bus.thread)
        bus.thread = thread_create("xenbus", check_all, NULL);
    if (!bus.thread)
        return -ENOMEM;
    dev->next = bus.devs;
    bus.devs = dev;
    waitq_wake(xs_wake()); /* the watch may have fired meanwhile */
    return 0;
}

static void delist(struct xenbus_dev *dev)
{
    struct xenbus_dev **p = &bus.devs;

    while (*p && *p != dev)
        p = &(*p)->next;
    if (*p)
        *p = dev->next;
    while (bus.checking == dev)
        waitq_wait(&bus.checked);
}

static struct xs_call own_key(const struct xenbus_dev *dev, const char *name,
                              char text[12], uint32_t value)
{
    sniprintf(text, 12, "%lu", (unsigned long)value);
    return (struct xs_call){
        .op = XS_CALL_WRITE, .dir = dev->path, .path = name, .text = text};
}

/* Write what the calls say, and wait until both ends are Connected. */
static int agree(struct xenbus_dev *dev, struct xs_call *calls, size_t n)
{
    const uint64_t deadline = deadline_of(dev);
    int state = XenbusStateInitWait, err = 0, refusal;

    xs_send(0, calls, n);
    while (!err && !xs_watch_fired(&dev->state)) {
        for (size_t i = 0; i < n && !err; i++)
            err = calls[i].err;
        if (!err)
            err = xs_wait(deadline);
    }
    if (!err)
        state = xenstate_read(dev);
    if ((refusal = xs_await(calls, n)))
        return refused(dev, refusal);
    if (err)
        return xenstate_in_vain(dev, state, err);
    state = xenstate_follow(dev, CONNECTING, state, deadline);
    return state == -ECONNREFUSED ? xenbus_fail(dev, "the back-end refused")
                                  : state;
}

/*
 * xenstored serves our requests in their order, and the back-end looks at the
 * rest when it sees our state: with the state last it sees all, without a
 * transaction and its two round trips.  Should a key be refused and the state
 * not, the front-end leaves again.
 */
int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n, struct xs_call *reads, size_t nreads)
{
    struct xs_call calls[XENBUS_KEYS_MAX + 3];
    char text[XENBUS_KEYS_MAX + 2][12];
    struct xs_call *call = calls;
    int err;

    assert(n <= XENBUS_KEYS_MAX);
    for (size_t i = 0; i < n; i++)
        *call++ = own_key(dev, keys[i].name, text[i], keys[i].value);
    if (dev->protocol)
        *call++ = (struct xs_call){.op = XS_CALL_WRITE,
                                   .dir = dev->path,
                                   .path = "protocol",
                                   .text = dev->protocol};
    *call++ = own_key(dev, "event-channel", text[n], dev->port);
    *call++ = own_key(dev, "state", text[n + 1], XenbusStateConnected);
    dev->own = XenbusStateConnected;

    dev->along = reads;
    dev->alongs = nreads;
    err = agree(dev, calls, (size_t)(call - calls));
    dev->along = NULL;
    if (err < 0 || (err = enlist(dev)))
        return err;
    dev->broken = false;
    dev->epoch++;
    return 0;
}

gref_t xenbus_ring_ref(const struct xenbus_dev *dev, unsigned which)
{
    return dev->ring_ref[which];
}

void xenbus_kick(struct xenbus_dev *dev, struct ring *r)
{
    if (ring_publish(r))
        evtchn_send(dev->port);
}

int xenbus_fail(struct xenbus_dev *dev, const char *why)
{
    if (!dev->said)
        say("%s: %s", dev->path, why);
    dev->said = true;
    if (!dev->broken) {
        dev->broken = true;
        waitq_wake(&dev->wake);
    }
    return -EIO;
}

void xenbus_leave(struct xenbus_dev *dev)
{
    enum phase phase;

    if (!dev->port)
        return;
    delist(dev);
    phase = dev->own == XenbusStateClosed ? LEFT : LEAVING;
    /* If it is gone, toolstacks clear our folder too: leave that alone. */
    if (xenstate_follow(dev, phase, xenstate_read(dev),
                        clock_now() + PATIENCE) != XenbusStateUnknown)
        xenstate_write(dev, XenbusStateClosed);
    xs_unwatch(&dev->state);
    evtchn_close(dev->port);
    dev->port = 0;
}

void xenbus_close(struct xenbus_dev *dev)
{
    xenbus_leave(dev);
    while (dev->rings) {
        unsigned i = --dev->rings;

        if (gnttab_unshare(dev->ring_ref[i])) {
            say("%s: the back-end keeps a ring mapped", dev->path);
            continue; /* neither page nor reference may be used again */
        }
        gnttab_release(&dev->ring_ref[i], 1);
        page_free(dev->ring_page[i]);
    }
}

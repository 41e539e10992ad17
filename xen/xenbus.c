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
#include <xen/io/xenbus.h>

#define PATIENCE  (10 * SECOND) /* that a back-end gets for each step */
#define PAUSE     SECOND        /* between attempts, doubled each time */
#define PAUSE_MAX (64 * PAUSE)

/*
 * What to do when the back-end is in a state: our own next state, or one of
 * these.  A back-end answers Closing by Closing or Closed, Closed by Closed,
 * and then Initialising by InitWait.
 */
enum move { WAIT = 0, DONE = -1, FAIL = -2 };

#define STATES (XenbusStateReconfigured + 1)

/* XenbusStateUnknown stands for a state that is missing, or nonsense. */
static const signed char opening[STATES] = {
    [XenbusStateInitWait] = DONE,
    /* Left over from an earlier life of ours: */
    [XenbusStateInitialised] = XenbusStateClosing,
    [XenbusStateConnected] = XenbusStateClosing,
    [XenbusStateClosing] = XenbusStateClosed,
    [XenbusStateClosed] = XenbusStateInitialising,
};

static const signed char connecting[STATES] = {
    [XenbusStateUnknown] = FAIL,
    [XenbusStateConnected] = DONE,
    [XenbusStateClosing] = FAIL,
    [XenbusStateClosed] = FAIL,
};

/* A driver that starts anew finds us connected, and takes up the rings where
 * the last one left them: Linux's do so when they are unbound and bound. */
static const signed char connected[STATES] = {
    [XenbusStateUnknown] = FAIL,      [XenbusStateInitialising] = DONE,
    [XenbusStateInitWait] = DONE,     [XenbusStateInitialised] = DONE,
    [XenbusStateConnected] = DONE,    [XenbusStateClosing] = FAIL,
    [XenbusStateClosed] = FAIL,       [XenbusStateReconfiguring] = DONE,
    [XenbusStateReconfigured] = DONE,
};

static const signed char leaving[STATES] = {
    [XenbusStateUnknown] = DONE,
    [XenbusStateInitialising] = XenbusStateClosing,
    [XenbusStateInitWait] = XenbusStateClosing,
    [XenbusStateInitialised] = XenbusStateClosing,
    [XenbusStateConnected] = XenbusStateClosing,
    [XenbusStateClosing] = XenbusStateClosed,
    [XenbusStateClosed] = DONE,
    [XenbusStateReconfiguring] = XenbusStateClosing,
    [XenbusStateReconfigured] = XenbusStateClosing,
};

/* After we were Closed: as soon as it can have nothing of ours mapped. */
static const signed char left[STATES] = {
    [XenbusStateUnknown] = DONE,      [XenbusStateInitialising] = DONE,
    [XenbusStateInitWait] = DONE,     [XenbusStateInitialised] = WAIT,
    [XenbusStateConnected] = WAIT,    [XenbusStateClosing] = WAIT,
    [XenbusStateClosed] = DONE,       [XenbusStateReconfiguring] = WAIT,
    [XenbusStateReconfigured] = WAIT,
};

static const char *const state_name[STATES] = {
    "missing", "Initialising", "InitWait",      "Initialised",  "Connected",
    "Closing", "Closed",       "Reconfiguring", "Reconfigured",
};

static struct {
    struct xenbus_dev *devs;     /* connected */
    struct xenbus_dev *checking; /* by the thread, right now */
    struct waitq checked;
    struct thread *thread;
} bus;

/* The back-end's state from the outcome of reading it.  A folder that is gone
 * may be hidden from us, too. */
static int state_from(int err, const char *text)
{
    uint64_t state;

    if (err && err != -ENOENT && err != -EACCES && err != -EINVAL &&
        err != -ENAMETOOLONG)
        return err;
    if (err || xs_number(text, &state) || state >= STATES)
        return XenbusStateUnknown;
    return (int)state;
}

/* The back-end's state.  If our own is not what we wrote last, then this is
 * another folder, of a device that took the place of ours: we have not been
 * there, and our back-end is gone. */
static int read_state(struct xenbus_dev *dev)
{
    char theirs[4], ours[4];
    struct xs_call calls[] = {
        xs_read_call(dev->backend, "state", theirs, sizeof(theirs)),
        xs_read_call(dev->path, "state", ours, sizeof(ours)),
    };
    int state, own;

    xs_batch(0, calls, ARRAY_LEN(calls));
    state = state_from(calls[0].err, theirs);
    own = state_from(calls[1].err, ours);
    if (state < 0 || own < 0)
        return state < 0 ? state : own;
    return dev->own == XenbusStateUnknown || own == dev->own
               ? state
               : XenbusStateUnknown;
}

static int write_state(struct xenbus_dev *dev, int state)
{
    const char text[] = {(char)('0' + state), '\0'};
    struct xs_call call = {
        .op = XS_CALL_WRITE, .dir = dev->path, .path = "state", .text = text};

    if (dev->own == state)
        return 0;
    dev->own = state;
    return xs_batch(0, &call, 1);
}

/* Say that xenstored refused something; the device may be gone instead. */
static int refused(const struct xenbus_dev *dev, int err)
{
    if (err == -EDQUOT || err == -ENOSPC || err == -E2BIG)
        say("%s: xenstored's quota for this guest is used up", dev->path);
    else
        say("%s: xenstored refuses (error %d)", dev->path, -err);
    return err;
}

/* Make the move and wait for the back-end's next state. */
static int step(struct xenbus_dev *dev, int move, int state, uint64_t deadline)
{
    int err = move == WAIT ? 0 : write_state(dev, move);

    if (!err)
        err = xs_watch_wait(&dev->state, deadline);
    if (err == -ETIMEDOUT)
        say("%s: waited in vain for %s (%s)", dev->path, dev->backend,
            state_name[state]);
    return err;
}

/* Do as moves says, beginning with state, until it says DONE: the state that
 * was reached; -EIO when it says FAIL, -ETIMEDOUT, or xenstore's error. */
static int follow(struct xenbus_dev *dev, const signed char *moves, int state,
                  uint64_t deadline)
{
    int err;

    while (state >= 0 && moves[state] != DONE) {
        if (moves[state] == FAIL)
            return xenbus_fail(dev, "the back-end refused");
        if ((err = step(dev, moves[state], state, deadline)))
            return err;
        state = read_state(dev);
    }
    return state;
}

/* Which back-end is it now?  A watch on an earlier one ends. */
static int find(struct xenbus_dev *dev)
{
    char backend[sizeof(dev->backend)], peer[8];
    uint64_t number;
    struct xs_call calls[] = {
        xs_read_call(dev->path, "backend", backend, sizeof(backend)),
        xs_read_call(dev->path, "backend-id", peer, sizeof(peer)),
    };
    int err = xs_batch(0, calls, ARRAY_LEN(calls));

    if (err == -ENOENT)
        err = -ENODEV;
    else if (!err &&
             (xs_number(peer, &number) || number >= DOMID_FIRST_RESERVED))
        err = -EINVAL;
    if (dev->state.dir && (err || strcmp(backend, dev->backend) != 0))
        xs_unwatch(&dev->state);
    if (err) {
        if (err != -ENODEV)
            say("%s: no proper back-end in xenstore", dev->path);
        return err;
    }
    memcpy(dev->backend, backend, sizeof(backend));
    dev->peer = (uint16_t)number;
    return 0;
}

/* The back-end's state, which is watched from then on.  -ENODEV: there is no
 * back-end, or the toolstack has taken it away. */
static int look(struct xenbus_dev *dev)
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
    int err = find(dev), state;

    if (err)
        return err;
    if (!dev->state.dir)
        xs_unwatch(&dev->state); /* on our folder */
    skip = dev->state.token[0] != '\0';
    xs_batch(0, calls + skip, ARRAY_LEN(calls) - skip);
    if (calls[0].err)
        return refused(dev, calls[0].err);
    state = state_from(calls[1].err, text);
    return state == XenbusStateClosed && !strcmp(online, "0") ? -ENODEV : state;
}

/* Bring the back-end to InitWait.  Who is patient waits until there is one:
 * toolstacks take devices away, and put them back with another back-end. */
static int meet(struct xenbus_dev *dev, uint64_t deadline)
{
    int state, err;

    while ((state = look(dev)) != XenbusStateInitWait) {
        if (state >= 0) {
            err = step(dev, opening[state], state, deadline);
        } else if (state == -ENODEV && deadline == NEVER) {
            dev->own = XenbusStateUnknown; /* in the next folder */
            err = dev->state.token[0] ? 0 : xs_watch(&dev->state, dev->path);
            err = err ? refused(dev, err) : xs_watch_wait(&dev->state, NEVER);
        } else {
            err = state;
        }
        if (err)
            return err;
    }
    return 0;
}

static uint64_t deadline_of(const struct xenbus_dev *dev)
{
    return dev->patient ? NEVER : clock_now() + PATIENCE;
}

static int open_path(struct xenbus_dev *dev)
{
    int err;

    dev->said = false;
    dev->own = XenbusStateUnknown;
    if ((err = meet(dev, deadline_of(dev))) ||
        (err = evtchn_open(dev->peer, &dev->wake, &dev->port)))
        xs_unwatch(&dev->state);
    return err;
}

int xenbus_open(struct xenbus_dev *dev, const char *type, unsigned id)
{
    *dev = (struct xenbus_dev){0};
    sniprintf(dev->path, sizeof(dev->path), "device/%s/%u", type, id);
    return open_path(dev);
}

int xenbus_reopen(struct xenbus_dev *dev)
{
    dev->broken = true;
    dev->patient = true;
    xenbus_close(dev);
    if (dev->pause)
        thread_sleep(clock_now() + dev->pause);
    if (dev->pause < PAUSE_MAX)
        dev->pause = dev->pause ? 2 * dev->pause : PAUSE;
    return open_path(dev);
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
    const int state = read_state(dev);

    if (state < 0)
        return;
    if (connected[state] != FAIL) {
        dev->epoch += state == XenbusStateConnected;
        waitq_wake(&dev->wake);
        return;
    }
    xenbus_fail(dev, "the back-end went away");
    dev->pause = 0;
    if (state != XenbusStateUnknown)
        write_state(dev, XenbusStateClosed);
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

/*
 * xenstored serves our requests in their order, and the back-end looks at the
 * rest when it sees our state: with the state last it sees all, without a
 * transaction and its two round trips.  Should a key be refused and the state
 * not, the front-end leaves again.
 */
int xenbus_connect(struct xenbus_dev *dev, const struct xenbus_key *keys,
                   size_t n)
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

    if ((err = xs_batch(0, calls, (size_t)(call - calls))))
        return refused(dev, err);
    if ((err = follow(dev, connecting, XenbusStateInitWait, deadline_of(dev))) <
            0 ||
        (err = enlist(dev)))
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
    const signed char *moves;

    if (!dev->port)
        return;
    delist(dev);
    moves = dev->own == XenbusStateClosed ? left : leaving;
    /* If it is gone, toolstacks clear our folder too: leave that alone. */
    if (follow(dev, moves, read_state(dev), clock_now() + PATIENCE) !=
        XenbusStateUnknown)
        write_state(dev, XenbusStateClosed);
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

/* xenstate.c: from state to state: see xenstate.h. */

#include "xen/xenstate.h"

#include <errno.h>

#include "kernel/panic.h"
#include "lib/util.h"
#include "xen/abi.h"
#include <xen/io/xenbus.h>

#define STATES (XenbusStateReconfigured + 1)

/* A back-end answers Closing by Closing or Closed, Closed by Closed, and then
 * Initialising by InitWait. */
static const short moves[PHASES][STATES] = {
    [OPENING] =
        {
            [XenbusStateInitWait] = DONE,
            /* Left over from an earlier life of ours: */
            [XenbusStateInitialised] = XenbusStateClosing,
            [XenbusStateConnected] = XenbusStateClosing,
            [XenbusStateClosing] = XenbusStateClosed,
            [XenbusStateClosed] = XenbusStateInitialising,
        },
    [CONNECTING] =
        {
            [XenbusStateUnknown] = FAIL,
            [XenbusStateConnected] = DONE,
            [XenbusStateClosing] = FAIL,
            [XenbusStateClosed] = FAIL,
        },
    /* A driver that starts anew finds us connected, and takes up the rings
     * where the last one left them: Linux's do so when they are unbound and
     * bound. */
    [CONNECTED] =
        {
            [XenbusStateUnknown] = FAIL,
            [XenbusStateInitialising] = DONE,
            [XenbusStateInitWait] = DONE,
            [XenbusStateInitialised] = DONE,
            [XenbusStateConnected] = DONE,
            [XenbusStateClosing] = FAIL,
            [XenbusStateClosed] = FAIL,
            [XenbusStateReconfiguring] = DONE,
            [XenbusStateReconfigured] = DONE,
        },
    [LEAVING] =
        {
            [XenbusStateUnknown] = DONE,
            [XenbusStateInitialising] = XenbusStateClosing,
            [XenbusStateInitWait] = XenbusStateClosing,
            [XenbusStateInitialised] = XenbusStateClosing,
            [XenbusStateConnected] = XenbusStateClosing,
            [XenbusStateClosing] = XenbusStateClosed,
            [XenbusStateClosed] = DONE,
            [XenbusStateReconfiguring] = XenbusStateClosing,
            [XenbusStateReconfigured] = XenbusStateClosing,
        },
    [LEFT] =
        {
            [XenbusStateUnknown] = DONE,
            [XenbusStateInitialising] = DONE,
            [XenbusStateInitWait] = DONE,
            [XenbusStateClosed] = DONE,
        },
};

static const char *const state_name[STATES] = {
    "missing", "Initialising", "InitWait",      "Initialised",  "Connected",
    "Closing", "Closed",       "Reconfiguring", "Reconfigured",
};

int xenstate_move(enum phase phase, int state)
{
    return moves[phase][state];
}

/* A folder that is gone may be hidden from us, too. */
int xenstate_of(int err, const char *text)
{
    uint64_t state;

    if (err && err != -ENOENT && err != -EACCES && err != -EINVAL &&
        err != -ENAMETOOLONG)
        return err;
    if (err || xs_number(text, &state) || state >= STATES)
        return XenbusStateUnknown;
    return (int)state;
}

void xenstate_ask(struct xenbus_dev *dev, struct xs_call *calls, size_t n)
{
    xs_send(0, calls, n);
    if (dev->along)
        xs_send(0, dev->along, dev->alongs);
    xs_await(calls, n);
    if (dev->along)
        xs_await(dev->along, dev->alongs);
}

int xenstate_read(struct xenbus_dev *dev)
{
    char theirs[4], ours[4];
    struct xs_call calls[] = {
        xs_read_call(dev->backend, "state", theirs, sizeof(theirs)),
        xs_read_call(dev->path, "state", ours, sizeof(ours)),
    };
    int state, own;

    xenstate_ask(dev, calls, ARRAY_LEN(calls));
    state = xenstate_of(calls[0].err, theirs);
    own = xenstate_of(calls[1].err, ours);
    if (state < 0 || own < 0)
        return state < 0 ? state : own;
    return dev->own == XenbusStateUnknown || own == dev->own
               ? state
               : XenbusStateUnknown;
}

int xenstate_write(struct xenbus_dev *dev, int state)
{
    const char text[] = {(char)('0' + state), '\0'};
    struct xs_call call = {
        .op = XS_CALL_WRITE, .dir = dev->path, .path = "state", .text = text};

    if (dev->own == state)
        return 0;
    dev->own = state;
    return xs_batch(0, &call, 1);
}

int xenstate_in_vain(const struct xenbus_dev *dev, int state, int err)
{
    if (err == -ETIMEDOUT)
        say("%s: waited in vain for %s (%s): what does dom0's log say?",
            dev->path, dev->backend, state_name[state]);
    return err;
}

int xenstate_step(struct xenbus_dev *dev, enum phase phase, int state,
                  uint64_t deadline)
{
    const int move = moves[phase][state];
    int err = move == WAIT ? 0 : xenstate_write(dev, move);

    if (!err)
        err = xs_watch_wait(&dev->state, deadline);
    return xenstate_in_vain(dev, state, err);
}

int xenstate_follow(struct xenbus_dev *dev, enum phase phase, int state,
                    uint64_t deadline)
{
    int err;

    while (state >= 0 && moves[phase][state] != DONE) {
        if (moves[phase][state] == FAIL)
            return -ECONNREFUSED;
        if ((err = xenstate_step(dev, phase, state, deadline)))
            return err;
        state = xenstate_read(dev);
    }
    return state;
}

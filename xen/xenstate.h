/*
 * xenstate.h: how a front-end and its back-end go from state to state: the
 * steps of which xenbus.c makes its way.
 *
 * A back-end may be in any state at any time; XenbusStateUnknown stands for
 * one that is missing, or nonsense.
 */
#pragma once

#include <stdbool.h>
#include "xen/xenbus.h"

/* Where a front-end is on its way. */
enum phase {
    OPENING,    /* until the back-end is ready to connect */
    CONNECTING, /* until it is connected */
    CONNECTED,
    LEAVING,
    LEFT, /* until a back-end that was told can have nothing of ours mapped */
    PHASES
};

/* What to do when the back-end is in a state: our own next state, or one of
 * these. */
enum move { WAIT = 0, DONE = -1, FAIL = -2 };
int xenstate_move(enum phase phase, int state);

/* The state, from the outcome of reading it: err and text; or the -errno of a
 * xenstored that told nothing about it. */
int xenstate_of(int err, const char *text);

/* Make the calls, of which one reads the back-end's state, and then dev->along:
 * what it had written before it was in that state. */
void xenstate_ask(struct xenbus_dev *dev, struct xs_call *calls, size_t n);

/* The back-end's state.  If our own is not what we wrote last, then this is
 * another folder, of a device that took the place of ours: we have not been
 * there, and our back-end is gone. */
int xenstate_read(struct xenbus_dev *dev);

int xenstate_write(struct xenbus_dev *dev, int state);

/* Make the move that the back-end's state asks for, and wait for its next. */
int xenstate_step(struct xenbus_dev *dev, enum phase phase, int state,
                  uint64_t deadline);

/* Say so if err is -ETIMEDOUT; returns err. */
int xenstate_in_vain(const struct xenbus_dev *dev, int state, int err);

/* Go on, beginning with state, until there is nothing more to do: the state
 * that was reached; -ECONNREFUSED, -ETIMEDOUT, or xenstore's error. */
int xenstate_follow(struct xenbus_dev *dev, enum phase phase, int state,
                    uint64_t deadline);

/*
 * evtchn.h: event channels, polled, and sleeping in Xen.
 *
 * An event on a port wakes the wait queue given when the port was opened, and
 * does no more.  Upcalls (xen/callback.h) are masked but while the guest
 * sleeps, and all that one does is to end that.
 */
#pragma once

#include <stdint.h>
#include "kernel/sched.h"

/* Before anything sleeps. */
void evtchn_init(void);

/* A new port that domain peer may bind to: 0 or -errno; -ENOSPC: Xen has given
 * one beyond the 128 that are looked at. */
int evtchn_open(uint16_t peer, struct waitq *wake, uint32_t *port);

/* Watch a port that exists already: xenstore's, the console's. */
int evtchn_watch(uint32_t port, struct waitq *wake);

void evtchn_close(uint32_t port);
void evtchn_send(uint32_t port);

/* For the main loop only. */
void evtchn_dispatch(void);          /* wake the queues of pending ports */
void evtchn_wait(uint64_t deadline); /* sleep in Xen until an event, or for
                                        nothing: look again */

/* How often the guest has sent an event, and gone to sleep: once for each time
 * it was woken.  Nothing else enters Xen while devices only move data, but for
 * setting the timer a few times a second. */
uint64_t evtchn_sends(void);
uint64_t evtchn_sleeps(void);

/*
 * outbox.h: bytes a stream has sent, in the pool's pages, until the peer has
 * them: lwIP sends them from there, and sends them again if it must, without
 * another copy.
 *
 * An outbox belongs to lwIP's pcb, not to the socket: it lives on while a
 * closed connection still sends, and ends with the pcb.
 */
#pragma once

#include <stddef.h>

struct tcp_pcb;

#define OUTBOX_MIN 2048 /* bytes: less is better copied than given a page */

/* A copy of data, which is what tcp_write() without TCP_WRITE_FLAG_COPY shall
 * be called with; at most a page, the rest is for another call: *n.  NULL: no
 * page to be had, let lwIP copy. */
const void *outbox_put(struct tcp_pcb *pcb, const void *data, size_t *n);

/* tcp_write() did not take the last one. */
void outbox_undo(struct tcp_pcb *pcb);

/* Free what nobody will ask for again; after every acknowledgement. */
void outbox_trim(struct tcp_pcb *pcb);

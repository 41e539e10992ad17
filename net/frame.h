/*
 * frame.h: Ethernet frames between the interfaces' buffers and lwIP's pbufs.
 *
 * Received: short frames are copied and their page is freed at once, but a few
 * that go straight to a socket; the page of a longer one goes up as it is.  At
 * most half of all buffers are up there at a time, and no more memory than
 * the budget allows: what exceeds both is dropped, so unread data cannot stop
 * the interface.
 *
 * Sent: what lwIP knows will not move (PBUF_ROM) and lies in the ramdisk or in
 * a buffer's page goes out from there; the rest is copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lwip/pbuf.h>

#include "kernel/buf.h"

#define FRAME_COPY_MAX 512 /* bytes: a copy costs less than losing the page */
#define FRAME_MIN      60  /* bytes: shorter ones are filled with zeros */
#define FRAME_ACK_MAX  128 /* bytes: let in even when memory is low */

struct net_counts; /* of the interface */

int frame_init(void); /* 0 or -ENOMEM */

/* A frame, filled up with zeros if it is short, or what is left of one when
 * somebody has taken the headers.  b is gone whatever happens; NULL: dropped.
 */
struct pbuf *frame_received(struct buf *b, struct net_counts *counts);
struct pbuf *frame_payload(struct buf *b, struct net_counts *counts);

/* Has someone vouched for the TCP or UDP checksum of this received frame? */
bool frame_trusted(const struct buf *b);

/* A packet of what b has, which is one piece that begins its page or NULL, and
 * then the bytes of p.  b is gone whatever happens; NULL: no buffers. */
struct buf *frame_append(struct buf *b, const struct pbuf *p,
                         struct net_counts *counts);

/* A packet marked so that the back-end fills in the TCP or UDP checksum,
 * whether lwIP left it out or not; for IPv6 only with v6_too.  With a gso_size
 * it is a TCP segment, for the back-end to cut.  NULL: no buffers. */
struct buf *frame_to_send(const struct pbuf *p, bool v6_too, uint16_t gso_size,
                          struct net_counts *counts);

size_t frame_pages(void); /* held by lwIP and the sockets now */

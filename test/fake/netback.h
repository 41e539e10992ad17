/*
 * netback.h: a network back-end, small enough for a test.  It plays by Xen's
 * own ring macros and insists on the rules of xen/io/netif.h; the functions
 * named lie_ are how it breaks them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/fake/peer.h"
#include <xen/io/netif.h>

#define FRAME_MAX 65535

struct frame {
    uint8_t data[FRAME_MAX];
    size_t len;
    unsigned slots;
    uint16_t flags;    /* of the first slot */
    uint16_t ids[18];  /* to answer */
    uint16_t gso_size; /* 0: there was no extra info */
    uint8_t gso_type;
};

struct netback {
    struct peer peer;

    /* What a test sets before net_open(). */
    const char *mac, *own_mtu, *back_mtu; /* NULL: no such key */
    bool sg;
    const char *csum6;    /* feature-ipv6-csum-offload; NULL: not there */
    const char *no_csum4; /* feature-no-csum-offload */
    const char *gso4;     /* feature-gso-tcpv4 */
    const char *gso6;

    unsigned keys; /* seen, and right */
    netif_tx_back_ring_t tx;
    netif_rx_back_ring_t rx;
};

extern struct netback back[2]; /* vif/0 and vif/1 */

void fake_start(void);

/* Everything is given back but what was lost: buffers, references, rings. */
bool fake_clean(void);

/* Take the next packet off the transmit ring; answer it, all in order, its
 * extra info behind its first slot. */
bool netback_take(struct netback *nb, struct frame *f);
void netback_answer(struct netback *nb, const struct frame *f, int16_t status);

/* Give the front-end a frame in pieces of n bytes from offset off of their
 * pages; false if there are not enough slots.  status below 0: the last piece
 * is lost.  Nothing is seen before netback_push(). */
bool netback_give(struct netback *nb, const uint8_t *data, size_t len, size_t n,
                  uint16_t off, uint16_t flags, int16_t status);
void netback_push(struct netback *nb);
unsigned netback_slots(struct netback *nb); /* posted and free */

/* Put any response in the next slot; rx: it uses up the request there. */
void lie_tx(struct netback *nb, struct netif_tx_response rsp);
void lie_rx(struct netback *nb, struct netif_rx_response rsp);
void lie_extra(struct netback *nb, uint8_t type, uint8_t flags);
void lie_gso(struct netback *nb, uint8_t type, uint16_t size);
uint16_t rx_next_id(struct netback *nb);

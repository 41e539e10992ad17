/*
 * liar.h: a back-end in dom0 that tells a running guest lies.
 *
 * It does all that a back-end does until its guest is connected; then comes the
 * lie, and after that it parts with the guest properly, to begin anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/abi.h"
#include <xen/io/blkif.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

struct liar {
    unsigned domain;
    char back[64], front[64]; /* the folders in xenstore */
    struct xs_handle *xs;
    xengnttab_handle *gnttab;
    xenevtchn_handle *evtchn;
    xenevtchn_port_or_error_t port; /* -1: none */
    void *mapped[4];                /* rings, and pages of requests */
    unsigned count;
    netif_tx_back_ring_t tx;
    netif_rx_back_ring_t rx;
    blkif_back_ring_t blk;
};

/* What the guest makes of a lie: its device breaks; it goes on; or chance
 * decides. */
enum outcome { BREAKS, STANDS, EITHER };

/* Told before there is a connection, instead of it, or over it. */
enum moment { CONNECTED, BEFORE, INSTEAD };

struct lie {
    const char *name;
    void (*tell)(struct liar *l);
    const char *found; /* what the guest says, or "" when it may say nothing */
    enum outcome outcome;
    enum moment moment;
};

/* A kind of device: what it needs in xenstore, its rings, its lies. */
struct kind {
    const char *name;
    void (*publish)(struct liar *l);
    void (*attach)(struct liar *l);
    void (*busy)(struct liar *l); /* waits until the guest is */
    const struct lie *lies;
    size_t count;
};

extern const struct kind vif_kind, vbd_kind;

extern const struct lie state_lies[];
extern const size_t state_lie_count;

_Noreturn void die(const char *why);
void nap(unsigned ms);
void liar_write(struct liar *l, const char *key, const char *value);
void liar_remove(struct liar *l, const char *key);
void liar_state(struct liar *l, int state);
unsigned liar_read_front(struct liar *l, const char *key);
void *liar_map(struct liar *l, uint32_t ref, bool writable);
void liar_let_go(struct liar *l);
void liar_notify(struct liar *l);
void liar_await_anew(struct liar *l); /* the guest has left and is back */

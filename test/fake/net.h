/*
 * net.h: network interfaces with a wire, and the world around a network stack:
 * clock, random numbers, xenstore, the command line.
 *
 * Frames travel when they are flushed.  The wire is a function; the one here,
 * fake_mirror(), is a neighbour at 10.0.0.9, and at all IPv6 addresses that end
 * in 9, that sends every packet back with its addresses swapped, so that the
 * stack can talk to itself over Ethernet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen/netfront.h"

#define FAKE_SECOND 1000000000ull
#define FAKE_MAC    "\x00\x16\x3e\x00\x00\x02"
#define FAKE_PEER   "\x00\x16\x3e\x00\x00\x09"

extern uint64_t fake_now;

extern struct fake_net {
    unsigned vifs; /* how many interfaces there are */
    const char *mac;
    unsigned mtu;
    unsigned slots; /* pages on their way out at a time */
    bool stuck;     /* the back-end sends nothing */
    bool gone;      /* from fake_break() to fake_mend() */
    bool broken;    /* since then, until it is opened again */
    unsigned epoch;
    void (*wire)(unsigned id, uint8_t *frame, size_t len, unsigned flags);
    unsigned lose;  /* the mirror loses one frame in so many; 0: none */
    unsigned spoil; /* and damages one in so many */
    bool no_csum6;  /* nobody finishes the checksums of IPv6 */
    bool gso;       /* the back-end takes large segments of TCP, */
    bool whole;     /* and they travel as they are: nobody cuts them */
    bool doubt;     /* and vouches for no checksum of what it sends */

    unsigned frames, kicks; /* sent */
    unsigned blank;         /* of those, marked BUF_CSUM_BLANK */
    unsigned large;         /* and those with a gso_size */
    unsigned in_place;      /* pages that were lent, not copied */
    unsigned bad_sums;      /* of those, wrong by the mirror's reckoning */
    unsigned too_long;      /* refused: larger than the MTU */
    unsigned lost;          /* received, but no buffer */
    unsigned turns;         /* times a thread ran */
} fake_net;

extern struct net_counts fake_counts; /* of all interfaces */

extern char fake_xs_path[64], fake_xs_value[64]; /* the last write */

void fake_mirror(unsigned id, uint8_t *frame, size_t len, unsigned flags);
void fake_deliver(unsigned id, const void *frame, size_t len, uint8_t flags);
void fake_unstick(void);
void fake_break(void); /* what is on its way out is lost */
void fake_mend(void);
void fake_arrive(void);    /* one more vif */
void fake_take_over(void); /* another back-end continues */

/* The Internet checksum of data, carried on from sum. */
uint16_t fake_sum(const void *data, size_t n, uint32_t sum);

/* Is the TCP, UDP or ICMPv6 checksum of this frame right?  With fix, make it.
 */
bool fake_checksum(uint8_t *frame, bool fix);

/* Run fn in a thread until it returns; false: it still waits after an hour. */
bool fake_world(void (*fn)(void));

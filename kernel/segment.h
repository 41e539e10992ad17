/*
 * segment.h: the TCP segment or UDP datagram in an Ethernet frame, and its
 * checksum (RFC 1071, 9293, 768, 8200).  What is read in a frame may be
 * anything.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/buf.h"

struct segment {
    uint8_t *checksum;        /* in the first piece; network byte order */
    const uint8_t *addresses; /* source and destination */
    unsigned addresses_size;
    unsigned protocol;
    unsigned at;     /* where it begins in the frame */
    unsigned length; /* as its header says, which may be a lie */
    bool v6;
};

/* False: there is none, or it is a fragment's, or behind one of IPv6's
 * extension headers. */
bool segment_find(const struct buf *frame, struct segment *s);

/* The sum that stands for source, destination, protocol and length, folded,
 * not inverted: what belongs into the field of a checksum that is blank. */
uint16_t segment_pseudo_sum(const struct segment *s);

/* Write the checksum of s, found in frame; false: the frame is too short. */
bool segment_sum(const struct buf *frame, const struct segment *s);

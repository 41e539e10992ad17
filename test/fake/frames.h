/* frames.h: packets that no proper stack sends, from the neighbour. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FRAME_IP  14 /* Ethernet's header is in front of it */
#define FRAME_IP6 (FRAME_IP + 40)

/* The one that was made last. */
extern uint8_t frame[2000];
extern size_t frame_len;

void put16(uint8_t *at, size_t n);
void put32(uint8_t *at, size_t n);

/* Begin another: a packet of IPv4, to 10.0.0.2, or of IPv6.  Returns where its
 * n bytes are, which are zeros. */
uint8_t *frame4(const char *from, uint8_t protocol, size_t n);
uint8_t *frame6(const char *from, const char *to, uint8_t next, size_t n);

/* A datagram of 32 bytes from port 7 to ours. */
void frame_udp(const char *from);

/* With its checksum, or as it is; then there was time for it. */
void frame_send(uint8_t flags);
void frame_send_as_is(uint8_t flags);

/* Datagrams in this one's name reach no socket, and are counted. */
void frame_forge(int fd, const char *from);

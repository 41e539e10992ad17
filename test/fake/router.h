/* router.h: a neighbour, fe80::fe, that sends ICMPv6 messages. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ROUTER_MAC "\x00\x16\x3e\x00\x00\xfe"
#define ROUTER     "fe80::fe"

/* Ethernet's header, IPv6's, and where the message begins, in router_frame:
 * what was sent last. */
#define IP6   14
#define ICMP6 (IP6 + 40)
extern uint8_t router_frame[2000];

/* A message of n bytes with its checksum still to come. */
void send_icmp6(const char *from, const char *to, const void *message, size_t n,
                uint8_t hops);

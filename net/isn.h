/*
 * isn.h: TCP's initial sequence numbers (RFC 6528).
 *
 * A clock of 4 us plus a keyed hash of the two ends: an outsider cannot guess
 * them, and a pair of ends used again starts above where it stopped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Two addresses of size bytes each, at most 16; ports in host byte order. */
uint32_t isn_of(const void *local, uint16_t local_port, const void *remote,
                uint16_t remote_port, size_t size);

/* SipHash-2-4 of n bytes under a key of 16. */
uint64_t siphash(const uint8_t key[16], const void *data, size_t n);

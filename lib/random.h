/*
 * random.h: unpredictable bytes: ChaCha20 (RFC 8439), seeded by the CPU.
 *
 * The key is replaced before any output of it is used, and output is wiped as
 * it is given: what memory holds now says nothing about what was given before.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Stir in RDSEED or RDRAND, and the time; says so on the console when the CPU
 * has neither.  Called at boot before anything else here, and again whenever
 * someone may hold a copy of our memory (restore, clone). */
void random_init(void);

void random_bytes(void *out, size_t n);
uint32_t random_u32(void);

/* RFC 8439, 2.3: one block of key stream. */
void chacha20_block(const uint32_t key[8], uint32_t counter,
                    const uint32_t nonce[3], uint8_t out[64]);

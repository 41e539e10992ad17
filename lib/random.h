/* random.h: unpredictable bytes: ChaCha20 (RFC 8439) seeded by the CPU. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Seed from RDSEED or RDRAND; says so on the console when there is neither.
 * Called once at boot. */
void random_init(void);

void random_bytes(void *out, size_t n);
uint32_t random_u32(void);

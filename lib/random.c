/* random.c: one generator for all: ISNs, ports, DHCP and DNS ids, canary. */

#include "lib/random.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "arch/x86_64/cpu.h"
#include "kernel/panic.h"
#include "xen/clock.h"

#define BLOCK        64
#define POOL_BLOCKS  2 /* the first few bytes are wanted before main() */
#define RESEED_AFTER (1u << 20) /* bytes given */

#define CPU_TRIES      1000 /* RDSEED may run dry for a while */
#define JITTER_SAMPLES 4096

#define CPUID_RDRAND (1u << 30) /* leaf 1, ECX */
#define CPUID_RDSEED (1u << 18) /* leaf 7, EBX */

static struct {
    uint32_t key[8];
    uint8_t pool[POOL_BLOCKS][BLOCK];
    size_t left;  /* bytes at the pool's end not given yet */
    size_t given; /* since the last seed */
    bool seeded;
} rng;

static uint32_t rotl(uint32_t n, int by)
{
    return n << by | n >> (32 - by);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b, *d = rotl(*d ^ *a, 16);
    *c += *d, *b = rotl(*b ^ *c, 12);
    *a += *b, *d = rotl(*d ^ *a, 8);
    *c += *d, *b = rotl(*b ^ *c, 7);
}

void chacha20_block(const uint32_t key[8], uint32_t counter,
                    const uint32_t nonce[3], uint8_t out[64])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t x[16];

    memcpy(&in[4], key, 32);
    in[12] = counter;
    memcpy(&in[13], nonce, 12);
    memcpy(x, in, sizeof(x));

    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 4; j++) /* columns */
            quarter_round(&x[j], &x[4 + j], &x[8 + j], &x[12 + j]);
        for (int j = 0; j < 4; j++) /* diagonals */
            quarter_round(&x[j], &x[4 + (j + 1) % 4], &x[8 + (j + 2) % 4],
                          &x[12 + (j + 3) % 4]);
    }
    for (int i = 0; i < 16; i++)
        x[i] += in[i];
    memcpy(out, x, sizeof(x)); /* we are little-endian, as the RFC's words */
}

/* A new key from the old one, which the new one does not tell.  A key makes
 * one pool only, so the nonce never changes. */
static const uint32_t nonce[3];

static void rekey(void)
{
    uint8_t block[BLOCK];

    chacha20_block(rng.key, 0, nonce, block);
    memcpy(rng.key, block, sizeof(rng.key));
    memset(block, 0, sizeof(block));
    __asm__ volatile("" : : "r"(block) : "memory"); /* it is really wiped */
}

static void refill(void)
{
    for (uint32_t i = 0; i < POOL_BLOCKS; i++)
        chacha20_block(rng.key, i + 1, nonce, rng.pool[i]);
    rekey();
    rng.left = sizeof(rng.pool);
}

/* Until the next rekey() a quarter of the key waits to depend on n, too,
 * besides all that it depended on before. */
static void mix(size_t quarter, uint64_t n)
{
    rng.key[2 * quarter] ^= (uint32_t)n;
    rng.key[2 * quarter + 1] ^= (uint32_t)(n >> 32);
}

static bool has_rdseed(void)
{
    return cpu_cpuid(0, CPUID_EAX) >= 7 &&
           (cpu_cpuid(7, CPUID_EBX) & CPUID_RDSEED);
}

static bool has_rdrand(void)
{
    return cpu_cpuid(1, CPUID_ECX) & CPUID_RDRAND;
}

/* Mix in 256 bits from one of the CPU's two instructions.  One that always
 * says the same is broken; some are, after a suspend. */
static bool mix_cpu(bool (*instruction)(uint64_t *n))
{
    uint64_t n = 0, before = 0;
    bool changed = false;

    for (size_t i = 0; i < 4; i++) {
        int tries = CPU_TRIES;

        while (!instruction(&n))
            if (--tries == 0)
                return false;
        changed |= i > 0 && n != before;
        before = n;
        mix(i, n);
    }
    return changed;
}

/* How long making a key takes is never quite the same. */
static void mix_jitter(void)
{
    for (int i = 0; i < JITTER_SAMPLES; i++) {
        mix(0, cpu_rdtsc());
        rekey();
    }
}

/* False: only the time went in. */
static bool reseed(void)
{
    bool good = (has_rdseed() && mix_cpu(cpu_rdseed)) ||
                (has_rdrand() && mix_cpu(cpu_rdrand));

    mix(0, clock_wall());
    mix(1, clock_now());
    mix(2, cpu_rdtsc());
    rekey();
    rng.left = 0;
    rng.given = 0;
    return good;
}

void random_init(void)
{
    if (!reseed()) {
        say("random: no working RDSEED or RDRAND: "
            "seeded by timing only, guessable");
        mix_jitter();
    }
    rng.seeded = true;
}

void random_bytes(void *out, size_t n)
{
    uint8_t *to = out;

    assert(rng.seeded);
    while (n > 0) {
        if (rng.given >= RESEED_AFTER)
            reseed();
        if (rng.left == 0)
            refill();

        size_t part = n < rng.left ? n : rng.left;
        uint8_t *from = &rng.pool[0][0] + sizeof(rng.pool) - rng.left;

        memcpy(to, from, part);
        memset(from, 0, part);
        to += part;
        n -= part;
        rng.left -= part;
        rng.given += part;
    }
}

uint32_t random_u32(void)
{
    uint32_t n;

    random_bytes(&n, sizeof(n));
    return n;
}

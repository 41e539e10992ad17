/* isn.c: TCP's initial sequence numbers: see isn.h. */

#include "net/isn.h"

#include <stdbool.h>
#include <string.h>

#include "lib/random.h"
#include "xen/clock.h"

#define ISN_TICK_NS 4000

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof(x)); /* SipHash is little endian, as we are */
    return x;
}

static void sip_rounds(uint64_t v[4], unsigned n)
{
    while (n--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void sip_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash(const uint8_t key[16], const void *data, size_t n)
{
    const uint64_t k0 = load_u64(key), k1 = load_u64(key + 8);
    const uint8_t *p = data;
    uint8_t last[8] = {0};
    uint64_t v[4] = {
        k0 ^ 0x736f6d6570736575u,
        k1 ^ 0x646f72616e646f6du,
        k0 ^ 0x6c7967656e657261u,
        k1 ^ 0x7465646279746573u,
    };

    last[7] = (uint8_t)n;
    for (; n >= 8; n -= 8, p += 8)
        sip_absorb(v, load_u64(p));
    memcpy(last, p, n);
    sip_absorb(v, load_u64(last));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t isn_of(const void *local, uint16_t local_port, const void *remote,
                uint16_t remote_port, size_t size)
{
    static uint8_t key[16];
    static bool keyed;
    const uint16_t ports[] = {local_port, remote_port};
    uint8_t ends[16 + 16 + sizeof(ports)];

    memcpy(ends, local, size);
    memcpy(ends + size, remote, size);
    memcpy(ends + 2 * size, ports, sizeof(ports));
    if (!keyed) {
        random_bytes(key, sizeof(key));
        keyed = true;
    }
    return (uint32_t)(siphash(key, ends, 2 * size + sizeof(ports)) +
                      clock_now() / ISN_TICK_NS);
}

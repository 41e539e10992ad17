#include <criterion/criterion.h>
#include <string.h>
#include "lib/random.h"
#include "net/isn.h"
#include "xen/clock.h"

static uint64_t now;

uint64_t clock_now(void)
{
    return now;
}

void random_bytes(void *out, size_t n)
{
    memset(out, 0x5a, n);
}

/* The vectors that SipHash's authors publish: key 00..0f, data 00, 00 01 ... */
Test(isn, hashes_as_published)
{
    uint8_t key[16], data[16];

    for (uint8_t i = 0; i < 16; i++)
        key[i] = data[i] = i;
    cr_assert_eq(siphash(key, data, 0), 0x726fdb47dd0e0e31u);
    cr_assert_eq(siphash(key, data, 1), 0x74f839c593dc67fdu);
    cr_assert_eq(siphash(key, data, 8), 0x93f5f5799a932462u);
    cr_assert_eq(siphash(key, data, 15), 0xa129ca6149be45e5u);
}

static uint32_t isn4(uint32_t local, uint16_t local_port, uint32_t remote,
                     uint16_t remote_port)
{
    return isn_of(&local, local_port, &remote, remote_port, sizeof(local));
}

Test(isn, rises_with_time_for_the_same_ends)
{
    const uint32_t first = isn4(1, 2, 3, 4);

    now += 4000;
    cr_assert_eq(isn4(1, 2, 3, 4), first + 1);
    now += 1000000000;
    cr_assert_eq(isn4(1, 2, 3, 4), first + 250001);
}

Test(isn, differs_between_any_two_ends)
{
    static const uint8_t here[16] = {1}, there[16] = {[15] = 1};
    const uint32_t all[] = {
        isn4(1, 2, 3, 4),
        isn4(2, 2, 3, 4),
        isn4(1, 3, 3, 4),
        isn4(1, 2, 4, 4),
        isn4(1, 2, 3, 5),
        isn4(3, 4, 1, 2),
        isn_of(here, 2, there, 4, 16),
        isn_of(there, 2, here, 4, 16),
        isn_of(here, 2, here, 4, 16),
        isn_of(here, 2, there, 5, 16),
        isn_of(here, 3, there, 4, 16),
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(all[i], all[j]);
}

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

Test(isn, rises_with_time_for_the_same_ends)
{
    const uint32_t first = isn_of(1, 2, 3, 4);

    now += 4000;
    cr_assert_eq(isn_of(1, 2, 3, 4), first + 1);
    now += 1000000000;
    cr_assert_eq(isn_of(1, 2, 3, 4), first + 250001);
}

Test(isn, differs_between_any_two_ends)
{
    const uint32_t all[] = {isn_of(1, 2, 3, 4), isn_of(2, 2, 3, 4),
                            isn_of(1, 3, 3, 4), isn_of(1, 2, 4, 4),
                            isn_of(1, 2, 3, 5), isn_of(3, 4, 1, 2)};

    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(all[i], all[j]);
}

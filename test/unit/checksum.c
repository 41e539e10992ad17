/* The Internet checksum, against its definition. */

#include <criterion/criterion.h>

#include "lib/checksum.h"

/* Words of two bytes, the first one low, added with end-around carry. */
static uint16_t defined(uint16_t sum, const uint8_t *data, size_t n)
{
    uint32_t all = sum;

    for (size_t i = 0; i < n; i++) {
        all += i % 2 ? (uint32_t)data[i] << 8 : data[i];
        all = (all & 0xffff) + (all >> 16);
    }
    return (uint16_t)all;
}

Test(checksum, is_the_sum_of_all_words_wherever_they_lie)
{
    static uint8_t data[200];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37 + i / 7 + 200);
    for (size_t at = 0; at < 8; at++)
        for (size_t n = 0; n < 100; n++)
            for (unsigned sum = 0; sum < 65536; sum += 13107)
                cr_assert_eq(checksum_add(sum, data + at, n),
                             defined((uint16_t)sum, data + at, n));
}

Test(checksum, does_not_lose_carries)
{
    static uint8_t data[65535];

    memset(data, 0xff, sizeof(data));
    for (size_t n = 65500; n <= sizeof(data); n++)
        cr_assert_eq(checksum_add(0xffff, data, n), defined(0xffff, data, n));
    cr_assert_eq(checksum_add(UINT64_MAX - UINT32_MAX, data, 4), 0xffff);
}

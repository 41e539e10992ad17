/* string.S: copies and fills of every size and alignment. */

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#define SIZE 700
#define EDGE 32

static uint8_t from[SIZE + 2 * EDGE], to[SIZE + 2 * EDGE];

static void prepare(void)
{
    for (size_t i = 0; i < sizeof(from); i++) {
        from[i] = (uint8_t)(i * 31 + i / 256 + 1);
        to[i] = 0xee;
    }
}

static void check_edges(size_t at, size_t n)
{
    for (size_t i = 0; i < sizeof(to); i++)
        if (i < at || i >= at + n)
            cr_assert_eq(to[i], 0xee, "%zu, at %zu: byte %zu", n, at, i);
}

Test(string, copies_every_byte_and_no_other)
{
    for (size_t n = 0; n <= SIZE; n++)
        for (size_t align = 0; align < 64; align++) {
            const size_t a = align % 8, b = EDGE + align / 8;

            prepare();
            cr_assert_eq(memcpy(to + b, from + a, n), to + b);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(to[b + i], from[a + i], "%zu: byte %zu", n, i);
            check_edges(b, n);
        }
}

Test(string, fills_every_byte_and_no_other)
{
    for (size_t n = 0; n <= SIZE; n++)
        for (size_t at = EDGE; at < EDGE + 8; at++) {
            prepare();
            cr_assert_eq(memset(to + at, 0x1234, n), to + at);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(to[at + i], 0x34, "%zu: byte %zu", n, i);
            check_edges(at, n);
        }
}

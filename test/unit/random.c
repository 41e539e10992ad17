/* random.c: the cipher by the RFC, the rest by a CPU the test can change. */

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/panic.h"
#include "lib/random.h"
#include "xen/clock.h"

#define KNOWS_RDRAND (1u << 30)
#define KNOWS_RDSEED (1u << 18)

static struct {
    uint32_t leaf0, leaf1, leaf7;
    uint64_t seed, rand; /* what the instructions give; they count up */
    unsigned dry;        /* times they fail first */
    bool stuck;
    unsigned seeds, rands;
    uint64_t tsc, tsc_step, wall, now;
    unsigned said;
} cpu = {.leaf0 = 7, .leaf1 = KNOWS_RDRAND, .leaf7 = KNOWS_RDSEED};

uint32_t cpu_cpuid(uint32_t leaf, enum cpuid_reg which)
{
    return leaf == 0 && which == CPUID_EAX   ? cpu.leaf0
           : leaf == 1 && which == CPUID_ECX ? cpu.leaf1
           : leaf == 7 && which == CPUID_EBX ? cpu.leaf7
                                             : 0;
}

static bool give(uint64_t *source, unsigned *count, uint64_t *n)
{
    if (cpu.dry > 0) {
        cpu.dry--;
        return false;
    }
    ++*count;
    *n = cpu.stuck ? UINT64_MAX : (*source)++;
    return true;
}

bool cpu_rdseed(uint64_t *n)
{
    return give(&cpu.seed, &cpu.seeds, n);
}

bool cpu_rdrand(uint64_t *n)
{
    return give(&cpu.rand, &cpu.rands, n);
}

uint64_t cpu_rdtsc(void)
{
    return cpu.tsc += cpu.tsc_step;
}

uint64_t clock_now(void)
{
    return cpu.now;
}

uint64_t clock_wall(void)
{
    return cpu.wall;
}

void say(const char *fmt, ...)
{
    (void)fmt;
    cpu.said++;
}

Test(random, makes_the_block_of_rfc_8439)
{
    /* 2.3.2 */
    static const uint8_t want[64] = {
        0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd,
        0x1f, 0xa3, 0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0,
        0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2,
        0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05,
        0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e,
        0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
    static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    uint8_t bytes[32], out[64];
    uint32_t key[8];

    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    memcpy(key, bytes, sizeof(key));
    chacha20_block(key, 1, nonce, out);
    cr_assert_arr_eq(out, want, sizeof(out));

    /* A.1, vector 1 */
    static const uint32_t zero[8];
    static const uint8_t first[8] = {0x76, 0xb8, 0xe0, 0xad,
                                     0xa0, 0xf1, 0x3d, 0x90};

    chacha20_block(zero, 0, zero, out);
    cr_assert_arr_eq(out, first, sizeof(first));
}

static void sample(uint8_t out[32])
{
    random_init();
    random_bytes(out, 32);
}

Test(random, takes_the_seed_from_the_best_there_is)
{
    random_init();
    cr_assert_eq(cpu.seeds, 4);
    cr_assert_eq(cpu.rands, 0);

    cpu.leaf7 = 0;
    random_init();
    cr_assert_eq(cpu.seeds, 4);
    cr_assert_eq(cpu.rands, 4);

    cpu.leaf7 = KNOWS_RDSEED;
    cpu.leaf0 = 6; /* so leaf 7 is some other leaf's answer */
    random_init();
    cr_assert_eq(cpu.seeds, 4);
    cr_assert_eq(cpu.rands, 8);
    cr_assert_eq(cpu.said, 0);
}

Test(random, says_so_when_the_cpu_knows_neither)
{
    cpu.leaf1 = cpu.leaf7 = 0;
    random_init();
    cr_assert_eq(cpu.said, 1);
    cr_assert_eq(cpu.seeds + cpu.rands, 0);
}

Test(random, distrusts_a_cpu_that_repeats_itself)
{
    cpu.stuck = true;
    random_init();
    cr_assert_eq(cpu.said, 1);
    cr_assert_eq(cpu.rands, 4, "RDRAND was tried, too");
}

Test(random, is_patient_but_not_for_ever)
{
    cpu.dry = 900;
    random_init();
    cr_assert_eq(cpu.seeds, 4);
    cr_assert_eq(cpu.rands, 0);

    cpu.dry = 1500;
    random_init();
    cr_assert_eq(cpu.seeds, 4);
    cr_assert_eq(cpu.rands, 4);

    cpu.dry = 1000000;
    random_init();
    cr_assert_eq(cpu.said, 1);
}

/* The first bytes of a guest whose world differs by what change() does. */
static void nothing(void)
{
}
static void other_seed(void)
{
    cpu.seed = 1u << 31;
}
static void other_high_half(void)
{
    cpu.seed = 1ull << 63;
}
static void other_rand(void)
{
    cpu.leaf7 = 0;
    cpu.rand = 77;
}
static void other_tsc(void)
{
    cpu.tsc = 1;
}
static void timing_only(void)
{
    cpu.leaf1 = cpu.leaf7 = 0;
}
static void other_jitter(void)
{
    timing_only();
    cpu.tsc = UINT64_MAX; /* the first is the same, the rest is not */
    cpu.tsc_step = 1;
}
static void seeded_before(void)
{
    random_init();
    random_u32();
}
static void seeded_otherwise(void)
{
    seeded_before();
    cpu.seed = 99;
}
static void other_wall(void)
{
    cpu.wall = 1;
}
static void other_now(void)
{
    cpu.now = 1;
}

Test(random, depends_on_everything_that_went_in)
{
    static void (*const change[])(void) = {
        nothing,      other_seed,    other_high_half, other_rand,
        other_tsc,    other_wall,    other_now,       timing_only,
        other_jitter, seeded_before, seeded_otherwise};
    enum { WORLDS = sizeof(change) / sizeof(change[0]) };
    uint8_t out[WORLDS][32];

    for (int i = 0; i < WORLDS; i++) {
        int fd[2];

        cr_assert_eq(pipe(fd), 0);
        if (fork() == 0) { /* each world starts from nothing */
            change[i]();
            sample(out[i]);
            _exit(write(fd[1], out[i], 32) != 32);
        }
        cr_assert_eq(read(fd[0], out[i], 32), 32);
        close(fd[0]), close(fd[1]);
        for (int j = 0; j < i; j++)
            cr_assert_arr_neq(out[i], out[j], 32, "worlds %d and %d", i, j);
    }
}

Test(random, keeps_what_it_knew_when_it_is_stirred_again)
{
    uint8_t a[32], b[32];

    cpu.stuck = true; /* the CPU says the same every time */
    sample(a);
    sample(b);
    cr_assert_arr_neq(a, b, 32);
}

Test(random, gives_each_byte_once)
{
    static uint8_t out[100000];
    static uint32_t seen[100000 / 4];
    size_t n = 0;

    random_init();
    srand(3);
    while (n < sizeof(out)) { /* pieces of all sizes, across refills */
        size_t part = (size_t)rand() % 1500;

        if (part > sizeof(out) - n)
            part = sizeof(out) - n;
        random_bytes(&out[n], part);
        n += part;
    }
    memcpy(seen, out, sizeof(out));
    for (size_t i = 0, same = 0; i < sizeof(out) / 4; i++)
        for (size_t j = i > 300 ? i - 300 : 0; j < i; j++)
            if (seen[i] == seen[j])
                cr_assert_lt(++same, 3);
}

Test(random, has_as_many_ones_as_zeros)
{
    static uint8_t out[1 << 20];
    long ones = 0;

    random_init();
    random_bytes(out, sizeof(out));
    for (size_t i = 0; i < sizeof(out); i++)
        ones += __builtin_popcount(out[i]);
    /* 8 Mbit: 6 standard deviations are 8,700 */
    cr_assert_lt(labs(ones - (long)sizeof(out) * 4), 8700);
}

Test(random, asks_the_cpu_again_after_a_while)
{
    static uint8_t out[1 << 20];

    random_init();
    random_bytes(out, sizeof(out));
    cr_assert_eq(cpu.seeds, 4);
    random_u32();
    cr_assert_eq(cpu.seeds, 8);
    random_u32();
    cr_assert_eq(cpu.seeds, 8);
}

extern const char __data_start[], _end[]; /* this process's own variables */

/* Looks between them, too: not for AddressSanitizer. */
__attribute__((no_sanitize("address"))) static bool
in_memory(const uint32_t given[4])
{
    const uint32_t *end = (const uint32_t *)(const void *)_end;

    for (const uint32_t *m = (const uint32_t *)(const void *)__data_start;
         m + 4 <= end; m++)
        if (m[0] == given[0] && m[1] == given[1] && m[2] == given[2] &&
            m[3] == given[3])
            return true;
    return false;
}

Test(random, leaves_no_trace_of_what_it_gave)
{
    static uint32_t kept[4];
    uint32_t given[4];

    random_init();
    random_bytes(given, sizeof(given));
    cr_assert_not(in_memory(given));
    memcpy(kept, given, sizeof(kept));
    cr_assert(in_memory(kept), "it looks where it says");
}

/* util.h: small helpers that every layer may use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096ul

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that holds member m at address p. */
#define CONTAINER_OF(p, type, m)                                               \
    ((type *)(void *)((char *)(p)-offsetof(type, m)))

/* to is a power of two. */
static inline uintptr_t round_up(uintptr_t n, uintptr_t to)
{
    return (n + to - 1) & ~(to - 1);
}

static inline uintptr_t round_down(uintptr_t n, uintptr_t to)
{
    return n & ~(to - 1);
}

/* util.h: small helpers that every layer may use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096ul

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* What runs seldom among functions that do not: made small, and thought to be
 * unlikely where it is called. */
#define COLD __attribute__((cold))

/* The struct that holds member m at address p. */
#define CONTAINER_OF(p, type, m)                                               \
    ((type *)(void *)((char *)(p)-offsetof(type, m)))

/* to is a power of two. */
static inline uintptr_t round_up(uintptr_t n, uintptr_t to)
{
    return (n + to - 1) & ~(to - 1);
}

/* A hexadecimal digit's worth, or -1. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* verdict.h: how an in-guest test ends: its last line is PASS or FAIL: why. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("FAIL: %s:%d: %s\n", __FILE__, __LINE__, #condition);       \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

static inline int pass(void)
{
    printf("PASS\n");
    return 0;
}

/* crash: argv[1] says how to go wrong. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/sched.h"
#include "kernel/stack.h"
#include "lib/util.h"

static char data[16] = "\xc3"; /* a ret */

static void null_dereference(void)
{
    *(volatile int *)(uintptr_t)(data[1] * 8) = 1;
}

static void write_text(void)
{
    *(volatile char *)(uintptr_t)null_dereference = 0;
}

static void write_rodata(void)
{
    static const char text[] = "constant";

    *(volatile char *)(uintptr_t)text = 0;
}

static void jump_into_data(void)
{
    ((void (*)(void))(uintptr_t)data)();
}

static int deeper(int n)
{
    volatile char frame[500];

    frame[n % 500] = (char)n;
    return n ? deeper(n + 1) + frame[0] : 0;
}

static void overflow_stack(void)
{
    printf("%d\n", deeper(1));
}

/* Jumps over the guard page's neighbours: only the stack's lowest bytes are
 * written, as a large frame might. */
static void deep(void *arg)
{
    char *frame = __builtin_frame_address(0);

    (void)arg;
    memset((char *)((uintptr_t)frame & -PAGE_SIZE) + PAGE_SIZE - STACK_SIZE, 0,
           64);
    thread_yield();
}

static void overflow_canary(void)
{
    thread_create("deep", deep, NULL);
    thread_sleep(NEVER);
}

static void divide(void)
{
    volatile int zero = data[1];

    printf("%d\n", 10 / zero);
}

static void smash(void)
{
    volatile char small[8];
    volatile char *p = small;

    for (int i = data[1]; i < 64; i++)
        p[i] = 'A';
}

static void spin(void)
{
    printf("spinning\n");
    for (;;)
        __asm__ volatile("pause");
}

static void sleep_for_ever(void)
{
    printf("sleeping\n");
    thread_sleep(NEVER);
}

static const struct {
    const char *name;
    void (*fn)(void);
} ways[] = {
    {"null", null_dereference},
    {"text", write_text},
    {"rodata", write_rodata},
    {"jump", jump_into_data},
    {"abort", abort},
    {"stack", overflow_stack},
    {"canary", overflow_canary},
    {"divide", divide},
    {"smash", smash},
    {"spin", spin},
    {"sleep", sleep_for_ever},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
        if (!strcmp(argv[1], ways[i].name))
            ways[i].fn();
    printf("FAIL: survived\n");
    return 1;
}

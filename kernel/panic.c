/* panic.c: messages of the kernel itself, the last of them above all. */

#include "kernel/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "arch/x86_64/address.h"
#include "xen/console.h"
#include "xen/hypercall.h"

#define LINE      256
#define DEPTH     40
#define DRAIN_MS  500
#define STACK_MAX (64 * 1024ul) /* no frame is farther from the next */
/* Of lib/symbols.awk: it cuts longer names; how deep there are pairs of pairs;
 * from where on a byte is one. */
#define SYMBOL_MAX 64
#define PAIR_DEPTH 8
#define PAIR       128

extern const uint8_t symbols_start[], symbols_end[]; /* lib/symbols.awk */
extern const uint8_t text_end[];

static bool panicking;

static void put(const char *text, size_t n)
{
    console_drop(n - console_put(text, n));
}

/* Cut to LINE bytes. */
static void say_line(const char *prefix, const char *fmt, va_list ap)
{
    char line[LINE];

    vsniprintf(line, sizeof(line), fmt, ap);
    put(prefix, strlen(prefix));
    put(line, strlen(line));
    put("\n", 1);
}

void say(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say_line("", fmt, ap);
    va_end(ap);
}

void panic_begin(void)
{
    if (panicking) /* the first one's cause is the one to know */
        panic_end();
    panicking = true;
    console_drain(DRAIN_MS); /* make room: these lines matter most */
}

void panic_end(void)
{
    console_drain(DRAIN_MS);
    sched_op_shutdown(SHUTDOWN_crash);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    panic_begin();
    va_start(ap, fmt);
    say_line("panic: ", fmt, ap);
    va_end(ap);
    /* From the caller on: its frame is where ours points to. */
    backtrace((uint64_t)(uintptr_t)__builtin_return_address(0) - 1,
              *(const uint64_t *)__builtin_frame_address(0));
    panic_end();
}

/* The next number of the symbol table: 7 bits a byte, the lowest first. */
static uint64_t number(const uint8_t **p)
{
    uint64_t value = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = *(*p)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
}

/* The text at *p, in which a byte from PAIR on stands for two. */
static void expand(const uint8_t **p, char *to)
{
    uint8_t pending[PAIR_DEPTH + 1]; /* the next of them is the last */
    size_t n = 0;

    do {
        const uint8_t c = n ? pending[--n] : *(*p)++;

        if (c >= PAIR) {
            const uint8_t *pair = symbols_start + 2ul * (c - PAIR);

            pending[n++] = pair[1];
            pending[n++] = pair[0];
        } else {
            *to++ = (char)c;
        }
    } while (n || to[-1]);
}

/*
 * The table holds pairs, and for each function in the order of addresses its
 * distance from the one before, how many characters their names share, and the
 * rest of its name.
 */
static bool symbol(uint64_t rip, char name[SYMBOL_MAX], uint64_t *offset)
{
    const uint8_t *p = symbols_start + 2ul * PAIR;
    uint64_t at = (uintptr_t)image_start;
    bool found = false;

    while (p < symbols_end) {
        at += number(&p);
        if (at > rip)
            break;
        *offset = rip - at;
        const uint8_t same = *p++;

        expand(&p, name + same);
        found = true;
    }
    return found;
}

static bool in_text(uint64_t rip)
{
    return rip >= (uintptr_t)image_start && rip < (uintptr_t)text_end;
}

static void say_place(uint64_t rip)
{
    char name[SYMBOL_MAX];
    uint64_t offset;

    if (in_text(rip) && symbol(rip, name, &offset))
        say("  %#lx %s+%#lx", rip, name, offset);
    else
        say("  %#lx", rip);
}

void backtrace(uint64_t rip, uint64_t rbp)
{
    say_place(rip);
    for (int i = 0; i < DEPTH && rbp && rbp % 8 == 0; i++) {
        const uint64_t *frame = (const uint64_t *)rbp;

        if (!in_text(frame[1]))
            return;
        say_place(frame[1] - 1); /* inside the call, not after it */
        if (frame[0] <= rbp || frame[0] - rbp > STACK_MAX)
            return;
        rbp = frame[0];
    }
}

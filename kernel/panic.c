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
#define STACK_MAX (64 * 1024ul) /* no frame is farther from the next */
/* Of lib/symbols.awk: it cuts longer names; how deep there are pairs of pairs;
 * the codes that begin a name, and those that are pairs. */
#define SYMBOL_MAX 64
#define PAIR_DEPTH 8
#define BEGIN      32
#define BEGIN_END  48
#define PAIR       123
#define PAIRS      (256 - PAIR + BEGIN)

extern const uint8_t symbols_start[]; /* lib/symbols.awk */
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
    console_drain(CONSOLE_PATIENCE); /* make room: these lines matter most */
}

void panic_end(void)
{
    console_drain(CONSOLE_PATIENCE);
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

/* The n-th name, from 1 on, of those at p. */
static void name_of(unsigned n, const uint8_t *p, char name[SYMBOL_MAX])
{
    uint8_t pending[PAIR_DEPTH + 1]; /* the next of them is the last */
    size_t depth = 0;
    char *to = name;

    for (;;) {
        const uint8_t c = depth ? pending[--depth] : *p++;
        const size_t pair = (uint8_t)(c - PAIR);

        if (pair < PAIRS) {
            pending[depth++] = symbols_start[2 * pair + 1];
            pending[depth++] = symbols_start[2 * pair];
        } else if (c >= BEGIN_END) {
            *to++ = (char)c;
        } else if (n-- == 0) {
            *to = '\0';
            return;
        } else {
            to = name + (c - BEGIN);
        }
    }
}

/* Which function holds rip, and how far from its start.  The table has pairs,
 * then how far it is from each function to the next, up to text_end, then
 * names. */
static uint64_t symbol(uint64_t rip, char name[SYMBOL_MAX])
{
    const uint8_t *p = symbols_start + 2ul * PAIRS;
    uint64_t at = (uintptr_t)image_start, start = at;
    unsigned n = 0;

    while (at < (uintptr_t)text_end) {
        if (at <= rip) {
            start = at;
            n++;
        }
        at += number(&p);
    }
    name_of(n, p, name);
    return rip - start;
}

static bool in_text(uint64_t rip)
{
    return rip >= (uintptr_t)image_start && rip < (uintptr_t)text_end;
}

static void say_place(uint64_t rip)
{
    char name[SYMBOL_MAX];
    uint64_t offset;

    if (!in_text(rip)) {
        say("  %#lx", rip);
        return;
    }
    offset = symbol(rip, name);
    say("  %#lx %s+%#lx", rip, name, offset);
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

/* said.c: see said.h. */

#include "test/fake/said.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"

char fake_said[4096];
unsigned fake_lines;

static void put(const char *fmt, va_list ap)
{
    size_t n = strlen(fake_said);

    vsnprintf(fake_said + n, sizeof(fake_said) - n, fmt, ap);
    n = strlen(fake_said);
    snprintf(fake_said + n, sizeof(fake_said) - n, "\n");
    fake_lines++;
}

void say(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put(fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    abort();
}

void backtrace(uint64_t rip, uint64_t rbp)
{
    say("%#llx %#llx", (unsigned long long)rip, (unsigned long long)rbp);
}

/* panic.c: the kernel's last words, and its others, on stderr. */
#include "kernel/panic.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

void say(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void backtrace(uint64_t rip, uint64_t rbp)
{
    say("  %#llx %#llx", (unsigned long long)rip, (unsigned long long)rbp);
}

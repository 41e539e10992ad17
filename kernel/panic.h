/* panic.h: the end of a guest that found a bug in itself. */
#pragma once

#include <stdarg.h>

/* Say why, print a symbolised backtrace and crash the domain. */
_Noreturn void panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* One line to the console, newline added; for the kernel's own messages. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print the return addresses found by walking frame pointers from rbp, with
 * their symbols; memory outside [stack, end) is not touched. */
void backtrace(const void *rip, const void *rbp, const void *stack,
               const void *end);

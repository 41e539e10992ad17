/* panic.h: the end of a guest that found a bug in itself. */
#pragma once

#include <stdint.h>

/* Say why, print a symbolised backtrace and crash the domain. */
_Noreturn void panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* One line to the console, newline added; for the kernel's own messages. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Say where rip is and the calls that led there, by walking the frame pointers
 * from rbp. */
void backtrace(uint64_t rip, uint64_t rbp);

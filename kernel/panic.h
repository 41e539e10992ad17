/* panic.h: messages of the kernel itself, and the end of a broken guest. */
#pragma once

#include <stdint.h>

/* One line to the console; what does not fit in its ring is counted as
 * dropped.  Never waits. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Say why, print a backtrace and crash the domain: for bugs of our own. */
_Noreturn void panic(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The same in pieces, for traps: between the two, say() what is known.  A
 * second panic inside the first just crashes. */
void panic_begin(void);
_Noreturn void panic_end(void);

/* Say where rip is and the calls that led there, by walking the frame pointers
 * from rbp. */
void backtrace(uint64_t rip, uint64_t rbp);

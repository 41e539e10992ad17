/*
 * console.h: the PV console's ring, raw (xen/io/console.h).
 *
 * Nothing here waits: nobody may be reading at the other end.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "kernel/sched.h"

void console_init(void);

/* Bytes taken, fewer than n when the ring is full. */
size_t console_put(const void *text, size_t n);
size_t console_get(void *text, size_t n);
size_t console_readable(void);
size_t console_space(void);

/* Give the reader up to ms milliseconds of system time to drain the ring. */
void console_drain(unsigned ms);

extern struct waitq console_wake; /* woken when the ring has moved */

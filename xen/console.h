/*
 * console.h: the PV console's ring, raw (xen/io/console.h).
 *
 * Nothing here waits but console_drain(): nobody may be reading at the other
 * end.  A newline is sent as carriage return and newline, as terminals want.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The ring page and its event channel, as start_info names them. */
void console_init(void *ring, uint32_t port);
uint32_t console_port(void);

/* Bytes taken or given: fewer than n when the ring is full or empty. */
size_t console_put(const char *text, size_t n);
size_t console_get(char *text, size_t n);
size_t console_readable(void);
size_t console_space(void);

/* Whoever gives up on output says how much; the exit line tells the sum. */
void console_drop(size_t n);
uint64_t console_dropped(void);

#define CONSOLE_PATIENCE 500 /* ms that a reader gets */

/* Let the reader empty the ring, for ms milliseconds at most: before the
 * domain ends. */
void console_drain(unsigned ms);

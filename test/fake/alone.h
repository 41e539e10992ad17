/*
 * alone.h: kernel/sched.h's wait queues and a clock for a single thread:
 * while it waits, what the test has planned happens.
 */
#pragma once

#include <stdint.h>

extern uint64_t fake_now;
extern unsigned fake_joined; /* places in queues the thread has now */
extern unsigned fake_sleeps; /* times it had to wait */

/* do it when the thread waits at fake_now + delay. */
void fake_after(uint64_t delay, void (*fn)(void));

/*
 * timers.h: lwIP's timers, without malloc, and in step: few wakes.
 */
#pragma once

#include <stdint.h>

/* Run those that are due; when is the next one? */
uint64_t timers_run(void);

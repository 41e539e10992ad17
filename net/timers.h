/*
 * timers.h: lwIP's timers, without malloc, and in step: few wakes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Run those that are due; when is the next one?  Where it is unlikely that one
 * is, the clock is looked at now and then only. */
uint64_t timers_run(bool likely);

/* Would timers_run() give another answer by now? */
bool timers_changed(void);

/* A multicast group may have something to report: was joined or asked for. */
void timers_report(void);

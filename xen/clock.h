/* clock.h: the time, from the page Xen keeps for us (xen/xen.h). */
#pragma once

#include <stdint.h>

/* In ns. */
#define MICROSECOND 1000ul
#define MILLISECOND 1000000ul
#define SECOND      1000000000ul

uint64_t clock_now(void); /* ns since the host booted, monotonic */
uint64_t clock_of_ticks(uint64_t ticks); /* ns in a difference of TSC ticks */
uint64_t clock_wall(void);               /* ns since 1970, as Xen believes it */

/* clock.h: the time, from the page Xen keeps for us (xen/xen.h). */
#pragma once

#include <stdint.h>

uint64_t clock_now(void);  /* ns since the host booted, monotonic */
uint64_t clock_wall(void); /* ns since 1970, as Xen believes it */

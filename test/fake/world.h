/* world.h: the real scheduler, with the fake dom0 moving when it is idle. */
#pragma once

#include <stdbool.h>

/* Run fn in a thread until it returns; false: it waits for ever. */
bool fake_world(void (*fn)(void));

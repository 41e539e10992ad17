/* wait.h: a world with one thread: while it waits, the rest of it moves. */
#pragma once

#include <stdint.h>

extern unsigned fake_waits; /* times the thread had to wait */

/* events.h: event channels and a clock; time passes when nothing else can
 * happen. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

extern uint64_t fake_now;

/* do it at fake_now + delay. */
void fake_later(uint64_t delay, void (*fn)(void));

extern unsigned fake_ports;      /* open event channels */
extern unsigned fake_sent;       /* events to others than xenstored */
extern unsigned fake_ports_left; /* how many may yet be opened */
void fake_event(uint32_t port);  /* the other side sends one */

/* Something outside the guest happens, at deadline the latest; false:
 * nothing will. */
bool fake_step(uint64_t deadline);

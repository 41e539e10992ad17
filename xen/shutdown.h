/*
 * shutdown.h: how the domain ends, by its own will or the toolstack's
 * (control/shutdown in xenstore, docs/misc/xenstore-paths.pandoc).
 */
#pragma once

#define SHUTDOWN_GRACE 10 /* seconds that a program may use, once asked */

/* Start the thread that obeys `xl shutdown` and `xl reboot`. */
void shutdown_init(void);

/* From now on a request does not end the domain but calls tell(), which must
 * not wait; if the domain still runs SHUTDOWN_GRACE later it ends anyway.
 * NULL: requests end it at once, as in the beginning. */
void shutdown_defer(void (*tell)(void));

/* What the toolstack asked for; SHUTDOWN_poweroff when it has not asked. */
unsigned shutdown_reason(void);

/* Say how main ended, and write it to data/exit for the toolstack; waits two
 * seconds at most, in case xenstored is dead.  Threads only. */
void exit_status_publish(int status);

/* Let the console be read, then end the domain: SHUTDOWN_* of xen/sched.h. */
_Noreturn void shutdown_now(unsigned reason);

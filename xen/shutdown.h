/*
 * shutdown.h: how the domain ends, by its own will or the toolstack's
 * (control/shutdown in xenstore, docs/misc/xenstore-paths.pandoc).
 */
#pragma once

/* Start the thread that obeys `xl shutdown` and `xl reboot`. */
void shutdown_init(void);

/* Say how main ended, and write it to data/exit for the toolstack; waits two
 * seconds at most, in case xenstored is dead.  Threads only. */
void exit_status_publish(int status);

/* Let the console be read, then end the domain: SHUTDOWN_* of xen/sched.h. */
_Noreturn void shutdown_now(unsigned reason);

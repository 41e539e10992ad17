/* trap.h: exceptions, all of them fatal, and the NMI, which is not. */
#pragma once

/* From here on a fault says what happened instead of killing the domain
 * silently, and `xl trigger NAME nmi` prints where every thread is: the
 * running one first, then whatever others() says. */
void trap_init(void (*others)(void));

/* An upcall's, see xen/evtchn.h: leaves upcalls masked, as Xen has made them,
 * and goes back, to wherever. */
void trap_upcall_entry(void);

/* shutdown.h: included before all else, it leaves a domain that tests can
 * outlive: xen/hypercall.h stays as it is, but nobody reaches its end. */
#pragma once
#ifndef __ASSEMBLER__

#define sched_op_shutdown real_sched_op_shutdown
#include "xen/hypercall.h"
#undef sched_op_shutdown

_Noreturn void sched_op_shutdown(unsigned reason);

#endif

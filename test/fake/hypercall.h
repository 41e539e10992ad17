/* hypercall.h: included before all else, it leaves a Xen that the test plays:
 * the typed calls of xen/hypercall.h stay as they are. */
#pragma once

#define hypercall1 real_hypercall1
#define hypercall2 real_hypercall2
#define hypercall3 real_hypercall3
#define hypercall4 real_hypercall4
#include "arch/x86_64/hypercall.h"
#undef hypercall1
#undef hypercall2
#undef hypercall3
#undef hypercall4

long hypercall1(long nr, uint64_t a);
long hypercall2(long nr, uint64_t a, uint64_t b);
long hypercall3(long nr, uint64_t a, uint64_t b, uint64_t c);
long hypercall4(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

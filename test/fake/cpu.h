/* cpu.h: included before all else, it leaves a CPU that tests can change:
 * arch/x86_64/cpu.h stays as it is, but nobody reaches its random numbers. */
#pragma once

#define cpu_cpuid  real_cpuid
#define cpu_rdrand real_rdrand
#define cpu_rdseed real_rdseed
#define cpu_rdtsc  real_rdtsc
#include "arch/x86_64/cpu.h"
#undef cpu_cpuid
#undef cpu_rdrand
#undef cpu_rdseed
#undef cpu_rdtsc

uint32_t cpu_cpuid(uint32_t leaf, enum cpuid_reg which);
bool cpu_rdrand(uint64_t *n);
bool cpu_rdseed(uint64_t *n);
uint64_t cpu_rdtsc(void);

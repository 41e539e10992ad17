/* cpu.h: the few instructions that C has no words for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t cpu_rdtsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* One register of a CPUID leaf, as Xen wants this domain to see it: the
 * prefix makes Xen answer even where the CPU itself could (xen/xen.h). */
enum cpuid_reg { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };
static inline uint32_t cpu_cpuid(uint32_t leaf, enum cpuid_reg which)
{
    uint32_t a = leaf, b, c = 0, d;

    __asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
                     : "+a"(a), "=b"(b), "+c"(c), "=d"(d));

    const uint32_t reg[] = {a, b, c, d};

    return reg[which];
}

/* False: the CPU has no random number ready; ask again.  The CPUs that know
 * these: CPUID 1, ECX bit 30 (RDRAND); CPUID 7, EBX bit 18 (RDSEED). */
static inline bool cpu_rdrand(uint64_t *n)
{
    bool ok;

    __asm__ volatile("rdrand %0" : "=r"(*n), "=@ccc"(ok));
    return ok;
}

static inline bool cpu_rdseed(uint64_t *n)
{
    bool ok;

    __asm__ volatile("rdseed %0" : "=r"(*n), "=@ccc"(ok));
    return ok;
}

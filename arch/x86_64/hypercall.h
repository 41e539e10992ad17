/*
 * hypercall.h: how a 64-bit PV guest enters Xen.
 *
 * In a PV guest the syscall instruction is a hypercall: the number in rax,
 * arguments in rdi, rsi, rdx, r10, r8, the result in rax; rcx and r11 are
 * lost (xen/arch-x86/xen-x86_64.h).  Nothing else enters Xen, but trap.S to
 * return from an NMI.
 */
#pragma once

#include <stdint.h>

#define HYPERCALLS 64 /* all numbers are below it */

/* How often each number was called (xen/hypercall.c). */
extern unsigned hypercall_count[HYPERCALLS];

static inline long hypercall4(long nr, uint64_t a, uint64_t b, uint64_t c,
                              uint64_t d)
{
    register uint64_t r10 __asm__("r10") = d;
    long result;

    hypercall_count[nr]++;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long hypercall3(long nr, uint64_t a, uint64_t b, uint64_t c)
{
    long result;

    hypercall_count[nr]++;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long hypercall2(long nr, uint64_t a, uint64_t b)
{
    long result;

    hypercall_count[nr]++;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a), "+S"(b)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long hypercall1(long nr, uint64_t a)
{
    long result;

    hypercall_count[nr]++;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a)
                     : "0"(nr)
                     : "rcx", "r11", "memory");
    return result;
}

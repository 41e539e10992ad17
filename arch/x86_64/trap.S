/*
 * trap.S: the way from Xen into trap.c, and back from an NMI or an
 * upcall.
 *
 * Xen pushes rcx, r11, the error code of those exceptions that have one, and
 * then rip, cs, rflags, rsp, ss on the stack of whoever was interrupted
 * (xen/arch-x86/xen-x86_64.h).  struct regs in trap.c is what lies on the
 * stack when C is called.
 */
#define __ASSEMBLY__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>

        .macro  entry vector, has_code
trap_entry_\vector:
        pop     %rcx
        pop     %r11
        .if     !\has_code
        push    $0
        .endif
        push    $\vector
        jmp     trap_enter
        .endm

        .macro  save_registers
        push    %rax
        push    %rcx
        push    %rdx
        push    %rbx
        push    %rbp
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rbx              /* kept by C */
        mov     %rsp, %rdi
        .endm

        .text
        entry   0, 0
        entry   1, 0
        entry   3, 0
        entry   4, 0
        entry   5, 0
        entry   6, 0
        entry   7, 0
        entry   10, 1
        entry   11, 1
        entry   12, 1
        entry   13, 1
        entry   14, 1
        entry   16, 0
        entry   17, 1
        entry   19, 0

trap_enter:
        cld
        save_registers
        and     $~15, %rsp
        call    trap_fatal
        ud2                             /* it does not return */

/* Xen has masked upcalls, and so it stays: the CPU's iretq does not restore the
 * mask, as Xen's iret does.  It wants to return to ring 3, where Xen says 0 for
 * what it calls the kernel. */
        .globl  trap_upcall_entry
        .type   trap_upcall_entry, @function
trap_upcall_entry:
        pop     %rcx
        pop     %r11
        orb     $3, 8(%rsp)             /* cs */
        iretq
        .size   trap_upcall_entry, . - trap_upcall_entry

        .globl  trap_nmi_entry
        .type   trap_nmi_entry, @function
trap_nmi_entry:
        pop     %rcx
        pop     %r11
        push    $0
        push    $2
        cld
        save_registers
        sub     $512, %rsp
        and     $~15, %rsp              /* as fxsave wants it, and C */
        fxsave  (%rsp)
        call    trap_nmi
        fxrstor (%rsp)
        mov     %rbx, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rbp
        pop     %rbx
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp               /* vector and error code */

        /* struct iret_context: rax, r11, rcx, flags, then what Xen pushed. */
        push    $0
        push    %rcx
        push    %r11
        push    %rax
        mov     $__HYPERVISOR_iret, %eax
        syscall
        .size   trap_nmi_entry, . - trap_nmi_entry

        .section .rodata, "a", @progbits
        .globl  trap_entries            /* for trap.c: vector and address */
        .p2align 3
trap_entries:
        .irp    v, 0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19
        .quad   \v, trap_entry_\v
        .endr
        .quad   -1
        .section .note.GNU-stack, "", @progbits

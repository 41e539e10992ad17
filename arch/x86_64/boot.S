/*
 * boot.S: the ELF notes Xen's domain builder reads and the first
 * instructions of the guest.
 *
 * Xen starts a 64-bit PV guest at XEN_ELFNOTE_ENTRY with paging on, all of
 * the image mapped, upcalls masked, and start_info in rsi (xen/xen.h).
 */
#include <xen/elfnote.h>

/* name, type, then the description: see the ELF specification, "Note". */
        .macro  note name, type, size, value:vararg
        .p2align 2
        .long   2f - 1f, 4f - 3f, \type
1:      .asciz  "\name"
2:      .p2align 2
3:      .\size  \value
4:      .p2align 2
        .endm

        .section .note.Xen, "a", @note
        note    Xen, XEN_ELFNOTE_GUEST_OS, asciz, "mote"
        note    Xen, XEN_ELFNOTE_LOADER, asciz, "generic"
        note    Xen, XEN_ELFNOTE_XEN_VERSION, asciz, "xen-3.0"
        note    Xen, XEN_ELFNOTE_VIRT_BASE, quad, image_start
        note    Xen, XEN_ELFNOTE_PADDR_OFFSET, quad, image_start
        note    Xen, XEN_ELFNOTE_ENTRY, quad, _start
        note    Xen, XEN_ELFNOTE_PAE_MODE, asciz, "yes"

        .section .text.boot, "ax", @progbits
        .globl  _start
        .type   _start, @function
_start:
        cld
        lea     boot_stack_top(%rip), %rsp
        xor     %ebp, %ebp              /* a backtrace ends here */
        mov     %rsi, %rdi
        call    kmain
        ud2                             /* it does not return */
        .size   _start, . - _start

/* The main loop's stack; mm_init() unmaps the page below it. */
        .section .bss.boot, "aw", @nobits
        .globl  boot_stack_guard, boot_stack_top
        .p2align 12
boot_stack_guard:
        .skip   4096
        .skip   8192
boot_stack_top:
        .section .note.GNU-stack, "", @progbits

/*
 * switch.S: void cpu_switch(void **save, void *next)
 *
 * Keep what a C function must keep (System V ABI for AMD64, 3.2.1: six
 * registers, the control bits of MXCSR and of the x87 control word) on this
 * stack, leave its top in *save, and carry on where next was saved.
 * struct frame in kernel/sched.c describes what is pushed.
 */
        .text
        .globl  cpu_switch
        .type   cpu_switch, @function
cpu_switch:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)

        mov     %rsp, (%rdi)
        mov     %rsi, %rsp

        fldcw   4(%rsp)
        ldmxcsr (%rsp)
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   cpu_switch, . - cpu_switch
        .section .note.GNU-stack, "", @progbits

/*
 * string.S: memcpy and memset.
 *
 * newlib's store around the caches, but what is copied here is read next, by
 * the program or by a back-end.  Pieces of a packet's size and more are moved
 * by the string instructions, 8 bytes at a time; what is not a multiple of
 * that is reached from both ends.
 */
        .text
        .globl  memcpy, memset
        .type   memcpy, @function
        .type   memset, @function

memcpy: /* (rdi: to, rsi: from, rdx: n) */
        mov     %rdi, %rax
        cmp     $16, %rdx
        jb      2f
        cmp     $128, %rdx
        ja      1f
        mov     -16(%rsi, %rdx), %r8    /* the last 16 come last */
        mov     -8(%rsi, %rdx), %r9
        lea     -16(%rdi, %rdx), %r10
0:      mov     (%rsi), %rcx
        mov     8(%rsi), %r11
        mov     %rcx, (%rdi)
        mov     %r11, 8(%rdi)
        add     $16, %rsi
        add     $16, %rdi
        cmp     %r10, %rdi
        jb      0b
        mov     %r8, (%r10)
        mov     %r9, 8(%r10)
        ret
1:      mov     -8(%rsi, %rdx), %r8
        lea     -8(%rdi, %rdx), %r9
        mov     %rdx, %rcx
        shr     $3, %rcx
        rep movsq
        mov     %r8, (%r9)
        ret
2:      cmp     $8, %edx
        jb      3f
        mov     (%rsi), %rcx
        mov     -8(%rsi, %rdx), %r8
        mov     %rcx, (%rdi)
        mov     %r8, -8(%rdi, %rdx)
        ret
3:      cmp     $4, %edx
        jb      4f
        mov     (%rsi), %ecx
        mov     -4(%rsi, %rdx), %r8d
        mov     %ecx, (%rdi)
        mov     %r8d, -4(%rdi, %rdx)
        ret
4:      sub     $1, %edx                /* 1 to 3: first, middle and last */
        jb      5f
        movzbl  (%rsi, %rdx), %ecx
        movzbl  (%rsi), %r8d
        mov     %cl, (%rdi, %rdx)
        shr     $1, %edx
        movzbl  (%rsi, %rdx), %ecx
        mov     %cl, (%rdi, %rdx)
        mov     %r8b, (%rdi)
5:      ret
        .size   memcpy, . - memcpy

memset: /* (rdi: to, esi: the byte, rdx: n) */
        mov     %rdi, %r8
        movzbl  %sil, %eax
        movabs  $0x0101010101010101, %rcx
        imul    %rcx, %rax
        cmp     $16, %rdx
        jb      2f
        mov     %rax, -16(%rdi, %rdx)
        mov     %rax, -8(%rdi, %rdx)
        mov     %rdx, %rcx
        shr     $3, %rcx
        cmp     $128, %rdx
        ja      1f
0:      mov     %rax, (%rdi)
        add     $8, %rdi
        dec     %ecx
        jnz     0b
        mov     %r8, %rax
        ret
1:      rep stosq
        mov     %r8, %rax
        ret
2:      cmp     $8, %edx
        jb      3f
        mov     %rax, (%rdi)
        mov     %rax, -8(%rdi, %rdx)
        mov     %r8, %rax
        ret
3:      cmp     $4, %edx
        jb      4f
        mov     %eax, (%rdi)
        mov     %eax, -4(%rdi, %rdx)
        mov     %r8, %rax
        ret
4:      sub     $1, %edx
        jb      5f
        mov     %al, (%rdi, %rdx)
        shr     $1, %edx
        mov     %al, (%rdi, %rdx)
        mov     %al, (%rdi)
5:      mov     %r8, %rax
        ret
        .size   memset, . - memset
        .section .note.GNU-stack, "", @progbits

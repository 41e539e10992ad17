/* trap.c: exceptions, all of them fatal, and the NMI, which is not. */

#include "arch/x86_64/trap.h"

#include "arch/x86_64/address.h"
#include "kernel/panic.h"
#include "lib/util.h"
#include "xen/hypercall.h"

/* As trap.S leaves them on the stack. */
struct regs {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, code;
    uint64_t rip, cs, rflags, rsp, ss;
};

struct trap_entry {
    int64_t vector; /* -1: the end */
    uint64_t address;
};

extern const struct trap_entry trap_entries[]; /* trap.S */
void trap_nmi_entry(void);
_Noreturn void trap_fatal(const struct regs *r);
void trap_nmi(const struct regs *r);

#define VECTOR_PAGE_FAULT 14
#define FAULT_WRITE       2u
#define FAULT_FETCH       16u

/* Intel SDM volume 3, table 6-1. */
static const char *const names[] = {
    [0] = "divide error",
    [1] = "debug exception",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid opcode",
    [7] = "no coprocessor",
    [10] = "invalid TSS",
    [11] = "segment not present",
    [12] = "stack fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [16] = "x87 error",
    [17] = "alignment check",
    [19] = "SIMD error",
};

static void (*say_others)(void);

static const char *access_of(uint64_t code)
{
    return code & FAULT_FETCH   ? "executing"
           : code & FAULT_WRITE ? "writing"
                                : "reading";
}

void trap_fatal(const struct regs *r)
{
    uint64_t address = shared_info->vcpu_info[0].arch.cr2;

    panic_begin();
    if (r->vector == VECTOR_PAGE_FAULT)
        say("panic: page fault %s %#lx%s", access_of(r->code), address,
            address < PAGE_SIZE ? " (NULL pointer)" : "");
    else
        say("panic: %s, error code %#lx", names[r->vector], r->code);
    say("  rip %016lx rsp %016lx rflags %08lx", r->rip, r->rsp, r->rflags);
    say("  rax %016lx rbx %016lx rcx %016lx", r->rax, r->rbx, r->rcx);
    say("  rdx %016lx rsi %016lx rdi %016lx", r->rdx, r->rsi, r->rdi);
    say("  rbp %016lx r8  %016lx r9  %016lx", r->rbp, r->r8, r->r9);
    say("  r10 %016lx r11 %016lx r12 %016lx", r->r10, r->r11, r->r12);
    say("  r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
    backtrace(r->rip, r->rbp);
    panic_end();
}

void trap_nmi(const struct regs *r)
{
    say("nmi: running:");
    backtrace(r->rip, r->rbp);
    say_others();
}

void trap_init(void (*others)(void))
{
    struct trap_info table[ARRAY_LEN(names) + 1];
    unsigned n = 0;

    say_others = others;
    for (const struct trap_entry *e = trap_entries; e->vector >= 0; e++)
        table[n++] = (struct trap_info){
            .vector = (uint8_t)e->vector,
            .cs = FLAT_KERNEL_CS,
            .address = e->address,
        };
    table[n] = (struct trap_info){0}; /* ends it */
    if (trap_op_set_table(table) ||
        callback_op_register(CALLBACKTYPE_nmi, trap_nmi_entry))
        panic("trap: Xen refused the trap table");
}

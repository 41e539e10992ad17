/*
 * hypercall.h: the hypercalls mote makes, typed.
 *
 * Those that can fail return 0 or -errno in newlib's numbers; Xen's are
 * Linux's, which differ from 35 up (xen/errno.h).
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/x86_64/hypercall.h"
#include "xen/abi.h"

/* A hypercall's result as 0 or -errno. */
int hypercall_errno(long result);

/* An address as the hypercalls want it. */
static inline uint64_t hypercall_arg(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static inline void evtchn_op_send(uint32_t port)
{
    struct evtchn_send op = {.port = port};

    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
               hypercall_arg(&op));
}

static inline int evtchn_op_alloc_unbound(uint16_t peer, uint32_t *port)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = peer};
    long err = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                          hypercall_arg(&op));

    *port = op.port;
    return hypercall_errno(err);
}

static inline void evtchn_op_close(uint32_t port)
{
    struct evtchn_close op = {.port = port};

    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_close,
               hypercall_arg(&op));
}

/* VIRQ virq of the one vCPU comes as events of *port from now on. */
static inline int evtchn_op_bind_virq(uint32_t virq, uint32_t *port)
{
    struct evtchn_bind_virq op = {.virq = virq};
    long err = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
                          hypercall_arg(&op));

    *port = op.port;
    return hypercall_errno(err);
}

/* Unmask upcalls, and sleep unless one is pending. */
static inline void sched_op_block(void)
{
    hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
}

/* Sleep until one of the ports is pending or system time reaches deadline
 * (0: no deadline); works although upcalls are masked. */
static inline void sched_op_poll(evtchn_port_t *ports, unsigned n,
                                 uint64_t deadline)
{
    struct sched_poll op = {.nr_ports = n, .timeout = deadline};

    set_xen_guest_handle(op.ports, ports);
    hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, hypercall_arg(&op));
}

_Noreturn static inline void sched_op_shutdown(unsigned reason)
{
    struct sched_shutdown op = {.reason = reason};

    for (;;)
        hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, hypercall_arg(&op));
}

/* No VIRQ_TIMER but those that are asked for: by default there are a hundred a
 * second. */
static inline int vcpu_op_stop_ticks(void)
{
    return hypercall_errno(
        hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0));
}

/* VIRQ_TIMER when system time reaches deadline, instead of what was set before;
 * at once if it has. */
static inline int vcpu_op_set_timer(uint64_t deadline)
{
    struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = deadline};

    return hypercall_errno(hypercall3(__HYPERVISOR_vcpu_op,
                                      VCPUOP_set_singleshot_timer, 0,
                                      hypercall_arg(&op)));
}

/* Set the page table entry that maps address. */
static inline int mmu_op_map(const void *address, uint64_t entry)
{
    return hypercall_errno(hypercall3(__HYPERVISOR_update_va_mapping,
                                      hypercall_arg(address), entry,
                                      UVMF_INVLPG));
}

/* Set n page table entries, each named by its machine address. */
static inline int mmu_op_update(const struct mmu_update *updates, size_t n)
{
    return hypercall_errno(hypercall4(
        __HYPERVISOR_mmu_update, hypercall_arg(updates), n, 0, DOMID_SELF));
}

static inline int mmu_op_flush(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

    return hypercall_errno(hypercall4(__HYPERVISOR_mmuext_op,
                                      hypercall_arg(&op), 1, 0, DOMID_SELF));
}

static inline int gnttab_op_setup(unsigned long *frames, unsigned n)
{
    struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = n};
    long err;

    set_xen_guest_handle(op.frame_list, frames);
    err = hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
                     hypercall_arg(&op), 1);
    return err ? hypercall_errno(err) : op.status ? -EIO : 0;
}

static inline int trap_op_set_table(const struct trap_info *table)
{
    return hypercall_errno(
        hypercall1(__HYPERVISOR_set_trap_table, hypercall_arg(table)));
}

static inline int callback_op_register(uint16_t type, void (*entry)(void))
{
    struct callback_register op = {
        .type = type,
        .address = (unsigned long)(uintptr_t)entry,
    };

    return hypercall_errno(hypercall2(__HYPERVISOR_callback_op,
                                      CALLBACKOP_register, hypercall_arg(&op)));
}

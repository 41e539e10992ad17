/*
 * shared.h: every access to memory that Xen or another domain can also touch.
 *
 * The atomics keep the compiler from reading such memory twice or tearing an
 * access; the names say what order the other side may rely on.
 */
#pragma once

#define load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define load_relaxed(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define swap_full(p, v)     __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define and_full(p, v)      __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define swap_if(p, old, v)                                                     \
    __atomic_compare_exchange_n((p), (old), (v), 0, __ATOMIC_SEQ_CST,          \
                                __ATOMIC_ACQUIRE) /* else *old is what is */
#define full_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define read_barrier() __atomic_thread_fence(__ATOMIC_ACQUIRE)

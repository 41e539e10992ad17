/* lock.c: newlib's locks, for threads that share a FILE: a thread may wait in
 * the middle of a stdio call, and others run meanwhile. */

#include <stdbool.h>
#include <stdlib.h>
#include <sys/lock.h>

#include "kernel/sched.h"

struct __lock {
    struct thread *owner;
    unsigned depth; /* 0: free */
    struct waitq wake;
};

/* Those newlib names. */
struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

/* Without memory a FILE goes without a lock. */
void __retarget_lock_init_recursive(_LOCK_T *lock)
{
    *lock = calloc(1, sizeof(**lock));
}

void __retarget_lock_init(_LOCK_T *lock)
{
    __retarget_lock_init_recursive(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
    free(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
    free(lock);
}

static bool try(struct __lock *lock)
{
    if (lock->depth && lock->owner != thread_self())
        return false;
    lock->owner = thread_self();
    lock->depth++;
    return true;
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
    while (lock && !try(lock))
        waitq_wait(&lock->wake);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
    __retarget_lock_acquire_recursive(lock);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
    return !lock || try(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
    return __retarget_lock_try_acquire_recursive(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
    if (lock && --lock->depth == 0)
        waitq_wake(&lock->wake);
}

void __retarget_lock_release(_LOCK_T lock)
{
    __retarget_lock_release_recursive(lock);
}

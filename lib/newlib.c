/* newlib.c: the system calls newlib asks for (newlib's manual, "Syscalls"). */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/slab.h"
#include "lib/fd.h"
#include "lib/heap.h"
#include "lib/posix.h"
#include "xen/abi.h"
#include "xen/netfront.h"
#include "xen/shutdown.h"
#include "xen/stamp.h"

char **environ = (char *[]){NULL};

ssize_t read(int fd, void *data, size_t n)
{
    return posix_result(fd_read(fd, data, n));
}

ssize_t write(int fd, const void *data, size_t n)
{
    return posix_result(fd_write(fd, data, n));
}

int close(int fd)
{
    return posix_status(fd_close(fd));
}

off_t lseek(int fd, off_t offset, int whence)
{
    return posix_result(fd_seek(fd, offset, whence));
}

int fstat(int fd, struct stat *st)
{
    return posix_status(fd_stat(fd, st));
}

int isatty(int fd)
{
    if (fd_isatty(fd))
        return 1;
    errno = ENOTTY;
    return 0;
}

int dup(int fd)
{
    return posix_status(fd_dup(fd));
}

int dup2(int fd, int to)
{
    return posix_status(fd_dup2(fd, to));
}

int fcntl(int fd, int command, ...)
{
    va_list ap;

    va_start(ap, command);
    int arg = va_arg(ap, int);
    va_end(ap);
    return posix_status(fd_control(fd, command, arg));
}

void *sbrk(ptrdiff_t n)
{
    return heap_grow(n);
}

/* There is one process, and no signal ever arrives from outside. */
pid_t getpid(void)
{
    return 1;
}

int kill(pid_t pid, int signal)
{
    (void)pid;
    panic("signal %d raised", signal);
}

void abort(void)
{
    panic("abort() called");
}

void __assert_func(const char *file, int line, const char *function,
                   const char *expression)
{
    panic("%s:%d: %s: assertion failed: %s", file, line, function, expression);
}

/* Set by kmain() before anything that checks it. */
uintptr_t __stack_chk_guard;

_Noreturn void __stack_chk_fail(void); /* the compiler calls it */
void __stack_chk_fail(void)
{
    panic("stack smashed");
}

#pragma weak buf_idle /* there are none without a network */
#pragma weak net_posted
#pragma weak slab_idle

/* What a leak shows in: pages that nobody has, or that only wait to be used,
 * and what malloc() has and has not given out. */
static size_t free_memory(void)
{
    const size_t posted = net_posted ? net_posted() : 0;
    const size_t pages = page_count_free() + (buf_idle ? buf_idle(posted) : 0) +
                         (slab_idle ? slab_idle() : 0);

    return pages * PAGE_SIZE + (heap_size() ? mallinfo().fordblks : 0);
}

void _exit(int status)
{
    stamp_tell();
    say("%lu bytes of memory were free", free_memory());
    exit_status_publish(status);
    shutdown_now(shutdown_reason());
}

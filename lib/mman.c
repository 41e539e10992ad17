/* mman.c: files where they lie in memory: see lib/include/sys/mman.h. */

#include <sys/mman.h>

#include <errno.h>
#include <stddef.h>

#include "lib/fd.h"

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
    union {
        const void *read;
        void *any; /* POSIX's type, though nobody may write there */
    } data;
    int err = 0;

    (void)addr; /* a hint */
    if (n == 0 || (flags != MAP_SHARED && flags != MAP_PRIVATE))
        err = -EINVAL;
    else if (prot != PROT_READ)
        err = -EACCES;
    else
        err = fd_map(fd, offset, n, &data.read);
    if (err == 0)
        return data.any;
    errno = -err;
    return MAP_FAILED;
}

int munmap(void *addr, size_t n)
{
    (void)addr;
    (void)n;
    return 0;
}

/* posix.c: the descriptor calls of lib/newlib.c, for programs that are run on
 * the build machine but with mote's files: hidden, so that nobody else's calls
 * come here. */

#include <errno.h>
#include <stdarg.h>
#include <sys/types.h>

#include "lib/fd.h"
#include "lib/posix.h"

ssize_t read(int fd, void *data, size_t n);
ssize_t write(int fd, const void *data, size_t n);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int dup(int fd);
int dup2(int fd, int to);
int fcntl(int fd, int command, ...);

ssize_t read(int fd, void *data, size_t n)
{
    return posix_result(fd_read(fd, data, n));
}

ssize_t write(int fd, const void *data, size_t n)
{
    return posix_result(fd_write(fd, data, n));
}

off_t lseek(int fd, off_t offset, int whence)
{
    return posix_result(fd_seek(fd, offset, whence));
}

int fstat(int fd, struct stat *st)
{
    return posix_status(fd_stat(fd, st));
}

int close(int fd)
{
    return posix_status(fd_close(fd));
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
    int arg;

    va_start(ap, command);
    arg = va_arg(ap, int);
    va_end(ap);
    return posix_status(fd_control(fd, command, arg));
}

/* uio.c: readv() and writev(): see uio.h. */

#include "lib/uio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/posix.h"

ssize_t uio_total(const struct iovec *iov, size_t n)
{
    size_t total = 0;

    if (n > UIO_MAXIOV)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(total, iov[i].iov_len, &total) ||
            total > LONG_MAX)
            return -EINVAL;
    return (ssize_t)total;
}

void uio_gather(void *to, const struct iovec *iov, size_t n)
{
    uint8_t *at = to;

    for (size_t i = 0; i < n; i++) {
        if (iov[i].iov_len) /* the base of an empty one may be NULL */
            memcpy(at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
}

void uio_scatter(const struct iovec *iov, size_t n, const void *from,
                 size_t size)
{
    const uint8_t *at = from;

    for (size_t i = 0; i < n && size; i++) {
        const size_t m = size < iov[i].iov_len ? size : iov[i].iov_len;

        if (m)
            memcpy(iov[i].iov_base, at, m);
        at += m;
        size -= m;
    }
}

/* Not even an empty datagram, but the descriptor must be one to write to. */
static ssize_t write_nothing(int fd)
{
    const int flags = fd_control(fd, F_GETFL, 0);

    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
}

/* A plain file is read piece by piece, until they are full or it ends. */
static ssize_t read_plain(int fd, const struct iovec *iov, int n)
{
    ssize_t done = 0, more = 0;

    for (int i = 0; i < n && more >= 0; i++)
        if ((more = fd_read(fd, iov[i].iov_base, iov[i].iov_len)) > 0)
            done += more;
    return done ? done : more;
}

/* One call of the file's, through memory of our own: a datagram is one, and a
 * read that has something does not wait for more. */
static ssize_t move(int fd, const struct iovec *iov, int n, bool out)
{
    const ssize_t total = n < 0 ? -EINVAL : uio_total(iov, (size_t)n);
    size_t size = (size_t)total;
    ssize_t done;
    void *data;

    if (total < 0)
        return total;
    if (out && total == 0)
        return write_nothing(fd);
    if (!out && fd_seek(fd, 0, SEEK_CUR) >= 0)
        return read_plain(fd, iov, n);
    if (n == 1)
        return out ? fd_write(fd, iov->iov_base, size)
                   : fd_read(fd, iov->iov_base, size);
    if (!out && size > UIO_READ_MAX)
        size = UIO_READ_MAX;
    data = malloc(size + 1);
    if (!data)
        return -ENOMEM;
    if (out) {
        uio_gather(data, iov, (size_t)n);
        done = fd_write(fd, data, size);
    } else {
        done = fd_read(fd, data, size);
        if (done > 0)
            uio_scatter(iov, (size_t)n, data, (size_t)done);
    }
    free(data);
    return done;
}

ssize_t readv(int fd, const struct iovec *iov, int n)
{
    return posix_result(move(fd, iov, n, false));
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
    return posix_result(move(fd, iov, n, true));
}

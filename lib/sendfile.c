/* sendfile.c: from a file to a descriptor: see lib/include/sys/sendfile.h. */

#include <sys/sendfile.h>

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/posix.h"

/* What is left of a file from at on, at most n bytes of it, and where. */
static ssize_t find(int in, off_t at, size_t n, const void **data)
{
    struct stat st;
    int err = fd_stat(in, &st);

    if (err || at < 0)
        return err ? err : -EINVAL;
    if (at > st.st_size)
        at = st.st_size;
    if (n > (size_t)(st.st_size - at))
        n = (size_t)(st.st_size - at);
    err = fd_map(in, at, n, data);
    return err == -ENODEV ? -EINVAL : err ? err : (ssize_t)n;
}

/* Some of it may be gone before the other side takes no more. */
static ssize_t write_all(int out, const char *data, size_t n)
{
    size_t done = 0;

    while (done < n) {
        const ssize_t more = fd_write(out, data + done, n - done);

        if (more < 0)
            return done ? (ssize_t)done : more;
        done += (size_t)more;
    }
    return (ssize_t)done;
}

static ssize_t transfer(int out, int in, off_t *offset, size_t n)
{
    const off_t is = fd_seek(in, 0, SEEK_CUR), at = offset ? *offset : is;
    const int flags = fd_control(out, F_GETFL, 0);
    const void *data = NULL;
    ssize_t done;

    if (is < 0)
        return is == -ESPIPE && !offset ? -EINVAL : (ssize_t)is;
    if ((done = find(in, at, n, &data)) < 0)
        return done;
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    done = write_all(out, data, (size_t)done);
    if (done > 0 && offset)
        *offset = at + done;
    else if (done > 0)
        fd_seek(in, at + done, SEEK_SET);
    return done;
}

ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
    return posix_result(transfer(out, in, offset, n));
}

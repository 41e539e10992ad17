/* ioctl.c: ioctl(): sys/ioctl.h. */

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>

#include "lib/fd.h"
#include "lib/posix.h"

static int control(struct file *f, unsigned long request, int *value)
{
    size_t n;

    switch (request) {
    case FIONREAD:
        if (!f->ops->unread)
            return -ENOTTY;
        n = f->ops->unread(f);
        *value = n < INT_MAX ? (int)n : INT_MAX;
        return 0;
    case FIONBIO:
        f->flags = (f->flags & ~O_NONBLOCK) | (*value ? O_NONBLOCK : 0);
        return 0;
    default:
        return -ENOTTY;
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    struct file *f = fd_get(fd);
    va_list ap;
    int *value;
    int err;

    if (!f)
        return -1;
    va_start(ap, request);
    value = va_arg(ap, int *);
    va_end(ap);
    err = control(f, request, value);
    file_put(f);
    return posix_status(err);
}

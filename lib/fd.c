/* fd.c: open files: see fd.h. */

#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16

static struct {
    struct file **files; /* by descriptor; NULL where free */
    int size;
    int lowest; /* no descriptor below is free */
} table;

void file_init(struct file *f, const struct file_ops *ops, int flags)
{
    *f = (struct file){.ops = ops, .flags = flags & (O_ACCMODE | O_NONBLOCK)};
}

void file_became(struct file *f, unsigned events)
{
    struct watch *w = f->watches;

    waitq_wake(&f->changed);
    while (w) {
        struct watch *next = w->next; /* changed() may free w */

        w->changed(w, events);
        w = next;
    }
}

void file_changed(struct file *f)
{
    file_became(f, 0);
}

int file_wait(struct file *f, uint64_t deadline)
{
    int err;

    if (f->fds == 0)
        return -EBADF;
    if (f->flags & O_NONBLOCK)
        return -EAGAIN;
    err = waitq_wait_until(&f->changed, deadline);
    return f->fds == 0 ? -EBADF : err;
}

unsigned file_ready(struct file *f, unsigned wanted)
{
    unsigned ready =
        f->ops->ready ? f->ops->ready(f, wanted) : POLLIN | POLLOUT;

    /* the same by POSIX's other names */
    return ready | (ready & POLLIN ? POLLRDNORM : 0) |
           (ready & POLLOUT ? POLLWRNORM : 0);
}

void file_put(struct file *f)
{
    if (--f->refs == 0 && f->ops->close)
        f->ops->close(f);
}

/* Make room for descriptor fd. */
static int grow(int fd)
{
    int size = table.size ? table.size : FIRST_SIZE;
    struct file **files;

    if (fd >= FD_LIMIT)
        return -EMFILE;
    while (size <= fd)
        size *= 2;
    if (size == table.size)
        return 0;
    files = calloc((size_t)size, sizeof(struct file *));
    if (!files)
        return -ENOMEM;
    for (int i = 0; i < table.size; i++)
        files[i] = table.files[i];
    free(table.files);
    table.files = files;
    table.size = size;
    return 0;
}

/* The first free descriptor from this one on. */
static int find(int fd)
{
    int err;

    while (fd < table.size && table.files[fd])
        fd++;
    err = grow(fd);
    return err ? err : fd;
}

int fd_room(void)
{
    const int fd = find(table.lowest);

    if (fd >= 0)
        table.lowest = fd;
    return fd < 0 ? fd : 0;
}

int fd_open(struct file *f)
{
    const int err = fd_room();

    return err ? err : fd_install(table.lowest++, f);
}

int fd_install(int fd, struct file *f)
{
    int err = fd < 0 ? -EBADF : grow(fd);

    if (err)
        return err;
    if (table.files[fd])
        return -EBUSY;
    table.files[fd] = f;
    f->refs++;
    f->fds++;
    return fd;
}

struct file *fd_get(int fd)
{
    struct file *f = fd >= 0 && fd < table.size ? table.files[fd] : NULL;

    if (f)
        f->refs++;
    else
        errno = EBADF;
    return f;
}

int fd_close(int fd)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    table.files[fd] = NULL;
    if (fd < table.lowest)
        table.lowest = fd;
    if (--f->fds == 0)
        file_changed(f);
    file_put(f); /* the descriptor's reference */
    file_put(f); /* ours */
    return 0;
}

ssize_t fd_read(int fd, void *data, size_t n)
{
    struct file *f = fd_get(fd);
    ssize_t done = -EINVAL;

    if (!f)
        return -EBADF;
    if ((f->flags & O_ACCMODE) == O_WRONLY)
        done = -EBADF;
    else if (n == 0)
        done = 0; /* POSIX: and nothing else happens */
    else if (f->ops->read)
        done = f->ops->read(f, data, n);
    file_put(f);
    return done;
}

ssize_t fd_write(int fd, const void *data, size_t n)
{
    struct file *f = fd_get(fd);
    ssize_t done = -EINVAL;

    if (!f)
        return -EBADF;
    if ((f->flags & O_ACCMODE) == O_RDONLY)
        done = -EBADF;
    else if (f->ops->write)
        done = f->ops->write(f, data, n);
    file_put(f);
    return done;
}

off_t fd_seek(int fd, off_t offset, int whence)
{
    struct file *f = fd_get(fd);
    off_t at = -ESPIPE;

    if (!f)
        return -EBADF;
    if (f->ops->seek)
        at = f->ops->seek(f, offset, whence);
    file_put(f);
    return at;
}

int fd_stat(int fd, struct stat *st)
{
    struct file *f = fd_get(fd);
    int err = 0;

    if (!f)
        return -EBADF;
    memset(st, 0, sizeof(*st));
    if (f->ops->stat)
        err = f->ops->stat(f, st);
    file_put(f);
    return err;
}

bool fd_isatty(int fd)
{
    struct stat st;

    return fd_stat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

int fd_map(int fd, off_t offset, size_t n, const void **data)
{
    struct file *f = fd_get(fd);
    int err = -ENODEV;

    if (!f)
        return -EBADF;
    if (f->ops->map)
        err = f->ops->map(f, offset, n, data);
    file_put(f);
    return err;
}

int fd_dup(int fd)
{
    return fd_control(fd, F_DUPFD, 0);
}

int fd_dup2(int fd, int to)
{
    struct file *f;
    int err;

    if (to < 0 || to >= FD_LIMIT)
        return -EBADF;
    f = fd_get(fd); /* kept: it may live in descriptor to */
    if (!f)
        return -EBADF;
    if (fd != to) {
        fd_close(to);
        err = fd_install(to, f);
    } else {
        err = to;
    }
    file_put(f);
    return err;
}

static int control(struct file *f, int command, int arg)
{
    switch (command) {
    case F_DUPFD:
        if (arg < 0 || arg >= FD_LIMIT)
            return -EINVAL;
        arg = find(arg > table.lowest ? arg : table.lowest);
        return arg < 0 ? arg : fd_install(arg, f);
    case F_GETFL:
        return f->flags;
    case F_SETFL:
        f->flags = (f->flags & O_ACCMODE) | (arg & O_NONBLOCK);
        return 0;
    case F_GETFD: /* there is no exec() to close anything */
    case F_SETFD:
        return 0;
    default:
        return -EINVAL;
    }
}

int fd_control(int fd, int command, int arg)
{
    struct file *f = fd_get(fd);
    int result;

    if (!f)
        return -EBADF;
    result = control(f, command, arg);
    file_put(f);
    return result;
}

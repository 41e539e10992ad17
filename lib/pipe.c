/* pipe.c: pipe(), between threads: see pipe.h. */

#include "lib/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/posix.h"
#include "lib/util.h"

/* Bytes that can be copied in one go from place at. */
static size_t run(size_t at, size_t n)
{
    return n < PIPE_SIZE - at ? n : PIPE_SIZE - at;
}

static void copy_out(const struct pipe *p, char *data, size_t n)
{
    const size_t m = run(p->first, n);

    memcpy(data, p->bytes + p->first, m);
    memcpy(data + m, p->bytes, n - m);
}

static void copy_in(struct pipe *p, const char *data, size_t n)
{
    const size_t at = (p->first + p->count) % PIPE_SIZE, m = run(at, n);

    memcpy(p->bytes + at, data, m);
    memcpy(p->bytes, data + m, n - m);
    p->count += n;
}

ssize_t pipe_read(struct pipe *p, void *data, size_t n, bool dontwait,
                  bool peek)
{
    int err;

    if (n == 0)
        return 0;
    while (p->count == 0) {
        if (p->ended)
            return 0;
        if ((err = dontwait ? -EAGAIN : file_wait(p->reader, NEVER)))
            return err;
    }
    n = n < p->count ? n : p->count;
    copy_out(p, data, n);
    if (peek)
        return (ssize_t)n;
    p->first = (p->first + n) % PIPE_SIZE;
    p->count -= n;
    if (p->writer)
        file_changed(p->writer);
    return (ssize_t)n;
}

ssize_t pipe_write(struct pipe *p, const void *data, size_t n, bool dontwait)
{
    size_t done = 0;
    int err;

    while (p->reader && !p->ended) {
        const size_t room = PIPE_SIZE - p->count, left = n - done;
        const size_t m = left < room ? left : room;

        if (m == left || (m && n > PIPE_ATOMIC)) {
            copy_in(p, (const char *)data + done, m);
            done += m;
            file_changed(p->reader);
        }
        if (done == n)
            return (ssize_t)n;
        if ((err = dontwait ? -EAGAIN : file_wait(p->writer, NEVER)))
            return done ? (ssize_t)done : err;
    }
    return done ? (ssize_t)done : -EPIPE;
}

bool pipe_readable(const struct pipe *p)
{
    return p->count || p->ended;
}

bool pipe_writable(const struct pipe *p)
{
    return !p->reader || p->ended || PIPE_SIZE - p->count >= PIPE_ATOMIC;
}

static void free_unused(struct pipe *p)
{
    if (!p->reader && !p->writer)
        free(p);
}

void pipe_close_reader(struct pipe *p)
{
    p->reader = NULL;
    if (p->writer)
        file_changed(p->writer);
    free_unused(p);
}

void pipe_close_writer(struct pipe *p)
{
    p->writer = NULL;
    p->ended = true;
    if (p->reader)
        file_changed(p->reader);
    free_unused(p);
}

/* One end as a file. */
struct pipe_end {
    struct file file; /* first */
    struct pipe *pipe;
};

static struct pipe *pipe_of(struct file *f)
{
    return CONTAINER_OF(f, struct pipe_end, file)->pipe;
}

static ssize_t end_read(struct file *f, void *data, size_t n)
{
    return pipe_read(pipe_of(f), data, n, false, false);
}

static ssize_t end_write(struct file *f, const void *data, size_t n)
{
    return n ? pipe_write(pipe_of(f), data, n, false) : 0;
}

static int end_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFIFO | S_IRUSR | S_IWUSR;
    return 0;
}

static unsigned reader_ready(struct file *f, unsigned wanted)
{
    const struct pipe *p = pipe_of(f);

    (void)wanted;
    return (p->count ? POLLIN : 0) | (p->ended ? POLLHUP : 0);
}

static unsigned writer_ready(struct file *f, unsigned wanted)
{
    const struct pipe *p = pipe_of(f);

    (void)wanted;
    return (pipe_writable(p) ? POLLOUT : 0) | (p->reader ? 0 : POLLERR);
}

static size_t end_unread(struct file *f)
{
    return pipe_of(f)->count;
}

static void reader_close(struct file *f)
{
    pipe_close_reader(pipe_of(f));
    free(CONTAINER_OF(f, struct pipe_end, file));
}

static void writer_close(struct file *f)
{
    pipe_close_writer(pipe_of(f));
    free(CONTAINER_OF(f, struct pipe_end, file));
}

static const struct file_ops reader_ops = {.read = end_read,
                                           .stat = end_stat,
                                           .ready = reader_ready,
                                           .unread = end_unread,
                                           .close = reader_close};
static const struct file_ops writer_ops = {.write = end_write,
                                           .stat = end_stat,
                                           .ready = writer_ready,
                                           .unread = end_unread,
                                           .close = writer_close};

static struct pipe_end *end_new(struct pipe *p, const struct file_ops *ops,
                                int flags)
{
    struct pipe_end *e = malloc(sizeof(*e));

    if (!e)
        return NULL;
    file_init(&e->file, ops, flags);
    e->pipe = p;
    return e;
}

static int open_pipe(int fds[2], int flags)
{
    struct pipe *p = calloc(1, sizeof(*p));
    struct pipe_end *in = p ? end_new(p, &reader_ops, flags | O_RDONLY) : NULL;
    struct pipe_end *out =
        in ? end_new(p, &writer_ops, flags | O_WRONLY) : NULL;
    int from = -ENOMEM, to = -ENOMEM;

    if (out && (from = fd_open(&in->file)) >= 0 &&
        (to = fd_open(&out->file)) >= 0) {
        p->reader = &in->file;
        p->writer = &out->file;
        fds[0] = from;
        fds[1] = to;
        return 0;
    }
    if (from >= 0) { /* frees in and p, as there is no writer */
        fd_close(from);
        free(out);
        return to;
    }
    free(out);
    free(in);
    free(p);
    return from;
}

int pipe2(int fds[2], int flags)
{
    return posix_status(flags & ~(O_NONBLOCK | O_CLOEXEC)
                            ? -EINVAL
                            : open_pipe(fds, flags & O_NONBLOCK));
}

int pipe(int fds[2])
{
    return pipe2(fds, 0);
}

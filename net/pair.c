/* pair.c: socketpair(): two stream sockets of this program, connected. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/pipe.h"
#include "lib/posix.h"
#include "lib/util.h"
#include "net/socket.h"

struct pair {
    struct socket socket; /* first */
    struct pipe *in, *out;
    bool shut_recv, shut_send;
};

static struct pair *pair_of(struct socket *s)
{
    return CONTAINER_OF(s, struct pair, socket);
}

static ssize_t pair_recv(struct socket *s, void *data, size_t n, int flags,
                         struct end *from)
{
    struct pair *p = pair_of(s);
    ssize_t got;
    size_t done = 0;

    (void)from;
    if (p->shut_recv)
        return 0;
    do {
        got = pipe_read(p->in, (char *)data + done, n - done,
                        flags & MSG_DONTWAIT, flags & MSG_PEEK);
        if (got > 0)
            done += (size_t)got;
    } while (got > 0 && done < n &&
             (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL);
    return done ? (ssize_t)done : got;
}

static ssize_t pair_send(struct socket *s, const void *data, size_t n,
                         int flags, const struct end *to)
{
    struct pair *p = pair_of(s);

    if (to)
        return -EISCONN;
    return p->shut_send ? -EPIPE
                        : pipe_write(p->out, data, n, flags & MSG_DONTWAIT);
}

static int pair_shutdown(struct socket *s, int how)
{
    struct pair *p = pair_of(s);

    if (how != SHUT_WR) {
        p->shut_recv = true;
        p->in->ended = true;
        if (p->in->writer)
            file_changed(p->in->writer);
    }
    if (how != SHUT_RD) {
        p->shut_send = true;
        p->out->ended = true;
        if (p->out->reader)
            file_changed(p->out->reader);
    }
    file_changed(&s->file);
    return 0;
}

static int pair_set(struct socket *s, int level, int name, int value)
{
    (void)s;
    (void)level;
    (void)name;
    (void)value;
    return -ENOPROTOOPT;
}

static int pair_get(struct socket *s, int level, int name, int *value)
{
    (void)s;
    if (level != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (name == SO_SNDBUF || name == SO_RCVBUF)
        *value = PIPE_SIZE;
    else if (name == SO_ACCEPTCONN || name == SO_PROTOCOL)
        *value = 0;
    else
        return -ENOPROTOOPT;
    return 0;
}

/* It is what it is for all its life. */
static int no_end(struct socket *s, const struct end *end)
{
    (void)s;
    (void)end;
    return -EINVAL;
}

static int pair_connect(struct socket *s, const struct end *end)
{
    (void)s;
    (void)end;
    return -EISCONN;
}

static int pair_listen(struct socket *s, int backlog)
{
    (void)s;
    (void)backlog;
    return -EINVAL;
}

static int pair_accept(struct socket *s, struct socket **accepted)
{
    (void)s;
    (void)accepted;
    return -EINVAL;
}

static int pair_name(struct socket *s, struct end *end)
{
    (void)s;
    (void)end;
    return -EOPNOTSUPP; /* there are no names for these */
}

static unsigned pair_ready(struct file *f, unsigned wanted)
{
    const struct pair *p = CONTAINER_OF(f, struct pair, socket.file);
    const bool over = p->in->ended && p->out->ended;

    (void)wanted;
    return (pipe_readable(p->in) ? POLLIN : 0) |
           (p->in->ended ? POLLRDHUP : 0) |
           (pipe_writable(p->out) ? POLLOUT : 0) | (over ? POLLHUP : 0);
}

static ssize_t pair_read(struct file *f, void *data, size_t n)
{
    return pair_recv(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static ssize_t pair_write(struct file *f, const void *data, size_t n)
{
    return pair_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static size_t pair_unread(struct file *f)
{
    return CONTAINER_OF(f, struct pair, socket.file)->in->count;
}

/* The other end reads what is left and then the end. */
static void pair_close(struct file *f)
{
    struct pair *p = CONTAINER_OF(f, struct pair, socket.file);

    p->in->ended = true; /* it will hear EPIPE */
    pipe_close_reader(p->in);
    pipe_close_writer(p->out);
    free(p);
}

static const struct socket_ops pair_ops = {
    .file = {.read = pair_read,
             .write = pair_write,
             .stat = socket_stat,
             .ready = pair_ready,
             .unread = pair_unread,
             .close = pair_close},
    .type = SOCK_STREAM,
    .bind = no_end,
    .listen = pair_listen,
    .accept = pair_accept,
    .connect = pair_connect,
    .send = pair_send,
    .recv = pair_recv,
    .shutdown = pair_shutdown,
    .local = pair_name,
    .remote = pair_name,
    .set = pair_set,
    .get = pair_get,
};

/* Everything that takes memory, before anything is visible. */
static int create(struct pair *pair[2], int flags)
{
    struct pipe *there = calloc(1, sizeof(*there));
    struct pipe *back = calloc(1, sizeof(*back));

    pair[0] = calloc(1, sizeof(*pair[0]));
    pair[1] = calloc(1, sizeof(*pair[1]));
    if (!there || !back || !pair[0] || !pair[1]) {
        free(there);
        free(back);
        free(pair[0]);
        free(pair[1]);
        return -ENOBUFS;
    }
    for (int i = 0; i < 2; i++) {
        pair[i]->out = i ? back : there;
        pair[i]->in = i ? there : back;
        pair[i]->out->writer = &pair[i]->socket.file;
        pair[i]->in->reader = &pair[i]->socket.file;
        socket_init(&pair[i]->socket, &pair_ops);
        pair[i]->socket.file.flags |= flags;
    }
    return 0;
}

static int open_pair(int family, int type, int protocol, int fds[2])
{
    const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct pair *pair[2];
    int err;

    if (family != AF_UNIX)
        return family == AF_INET ? -EOPNOTSUPP : -EAFNOSUPPORT;
    if ((type & ~flags) != SOCK_STREAM)
        return -EINVAL;
    if (protocol)
        return -EPROTONOSUPPORT;
    if ((err = create(pair, flags & SOCK_NONBLOCK ? O_NONBLOCK : 0)))
        return err;
    fds[0] = fd_open(&pair[0]->socket.file);
    if (fds[0] < 0) {
        pair_close(&pair[0]->socket.file);
        pair_close(&pair[1]->socket.file);
        return fds[0];
    }
    fds[1] = fd_open(&pair[1]->socket.file);
    if (fds[1] < 0) {
        fd_close(fds[0]);
        pair_close(&pair[1]->socket.file);
        return fds[1];
    }
    return 0;
}

int socketpair(int family, int type, int protocol, int fds[2])
{
    return posix_status(open_pair(family, type, protocol, fds));
}

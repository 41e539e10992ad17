/* stream.c: stream sockets: TCP, over lwIP's raw API: see stream.h. */

#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/lwip.h"

#define WRITE_MAX 0x8000 /* tcp_write() takes 16 bits */

/* The reader has taken n bytes: the peer may send as many more. */
static void open_window(struct stream *s, size_t n)
{
    while (s->pcb && n) {
        const u16_t m = n < UINT16_MAX ? (u16_t)n : UINT16_MAX;

        tcp_recved(s->pcb, m);
        n -= m;
    }
    net_touch();
}

static ssize_t stream_recv(struct socket *sock, void *data, size_t n, int flags,
                           struct end *from)
{
    struct stream *s = stream_of(sock);
    const uint64_t deadline = socket_deadline(sock->recv_timeout);
    int err;

    (void)from;
    while (!s->inbox.bytes) {
        if (sock->error)
            return socket_take_error(sock);
        if (s->state == NEW || s->state == LISTENING)
            return -ENOTCONN;
        if (s->eof || s->shut_recv || !s->pcb || n == 0)
            return 0;
        if ((err = socket_wait(sock, deadline, flags)))
            return err;
    }
    if (flags & MSG_PEEK)
        return (ssize_t)inbox_peek(&s->inbox, data, n);
    n = inbox_take(&s->inbox, data, n);
    open_window(s, n);
    return (ssize_t)n;
}

/* Hand lwIP as much as it takes; it copies.  With more to come at once, what
 * went in whole waits for it: a head and its body in one segment. */
static size_t push(struct stream *s, const uint8_t *data, size_t n, bool more)
{
    size_t done = 0;

    while (done < n && !budget_low()) {
        size_t m = n - done;

        if (m > tcp_sndbuf(s->pcb))
            m = tcp_sndbuf(s->pcb);
        if (m > WRITE_MAX)
            m = WRITE_MAX;
        if (m == 0 || tcp_write(s->pcb, data + done, (u16_t)m,
                                more || done + m < n
                                    ? TCP_WRITE_FLAG_COPY | TCP_WRITE_FLAG_MORE
                                    : TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        done += m;
    }
    if (!more || done < n)
        tcp_output(s->pcb);
    net_touch();
    return done;
}

/* May we send?  0: yes; -EAGAIN: the connection is still being made. */
static int sendable(struct stream *s)
{
    if (s->socket.error)
        return socket_take_error(&s->socket);
    if (s->state == CONNECTING)
        return -EAGAIN;
    if (s->state != CONNECTED)
        return -ENOTCONN;
    return s->shut_send || !s->pcb ? -EPIPE : 0;
}

static ssize_t stream_send(struct socket *sock, const void *data, size_t n,
                           int flags, const struct end *to)
{
    struct stream *s = stream_of(sock);
    const uint64_t deadline = socket_deadline(sock->send_timeout);
    size_t done = 0;
    int err;

    (void)to;
    for (;;) {
        err = sendable(s);
        if (err && err != -EAGAIN)
            break;
        if (!err) {
            done += push(s, (const uint8_t *)data + done, n - done,
                         flags & MSG_MORE);
            if (done == n)
                return (ssize_t)done;
        }
        s->full = true;
        if ((err = socket_wait(sock, deadline, flags)))
            break;
    }
    return done ? (ssize_t)done : err;
}

static int stream_shutdown(struct socket *sock, int how)
{
    struct stream *s = stream_of(sock);

    if (s->state != CONNECTED)
        return -ENOTCONN;
    if (how != SHUT_WR) {
        s->shut_recv = true;
        open_window(s, s->inbox.bytes);
        inbox_drop(&s->inbox);
    }
    if (how != SHUT_RD && !s->shut_send) {
        s->shut_send = true;
        if (s->pcb)
            tcp_shutdown(s->pcb, 0, 1);
    }
    stream_changed(s);
    net_touch();
    return 0;
}

static int stream_local(struct socket *sock, struct end *end)
{
    const struct stream *s = stream_of(sock);

    *end = (struct end){0};
    if (s->pcb) {
        end->addr = ip_2_ip4(&s->pcb->local_ip)->addr;
        end->port = s->pcb->local_port;
    }
    return 0;
}

static int stream_remote(struct socket *sock, struct end *end)
{
    const struct stream *s = stream_of(sock);

    if (s->state != CONNECTED || !s->pcb)
        return -ENOTCONN;
    end->addr = ip_2_ip4(&s->pcb->remote_ip)->addr;
    end->port = s->pcb->remote_port;
    return 0;
}

static bool *option(struct stream *s, int level, int name)
{
    if (level == SOL_SOCKET && name == SO_REUSEADDR)
        return &s->reuse;
    if (level == SOL_SOCKET && name == SO_KEEPALIVE)
        return &s->keepalive;
    if (level == IPPROTO_TCP && name == TCP_NODELAY)
        return &s->nodelay;
    return NULL;
}

static int stream_set(struct socket *sock, int level, int name, int value)
{
    struct stream *s = stream_of(sock);
    bool *on = option(s, level, name);

    if (!on)
        return -ENOPROTOOPT;
    *on = value != 0;
    stream_apply_options(s);
    return 0;
}

static int stream_get(struct socket *sock, int level, int name, int *value)
{
    struct stream *s = stream_of(sock);
    const bool *on = option(s, level, name);

    if (on)
        *value = *on;
    else if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF))
        *value = TCP_WND; /* one size both ways */
    else if (level == SOL_SOCKET && name == SO_ACCEPTCONN)
        *value = s->state == LISTENING;
    else if (level == IPPROTO_TCP && name == TCP_MAXSEG)
        *value = s->state == CONNECTED && s->pcb ? s->pcb->mss : TCP_MSS;
    else
        return -ENOPROTOOPT;
    return 0;
}

static unsigned ready(struct stream *s)
{
    const bool over = !s->pcb || (s->eof && s->shut_send);
    unsigned events = s->socket.error ? POLLERR | POLLIN : 0;

    switch (s->state) {
    case NEW:
        return events | POLLOUT | POLLHUP;
    case LISTENING:
        return events | (s->first ? POLLIN : 0);
    case CONNECTING:
        return events;
    default:
        break;
    }
    if (s->inbox.bytes || s->eof || s->shut_recv || over)
        events |= POLLIN;
    if (s->eof || s->shut_recv || over)
        events |= POLLRDHUP;
    if (over)
        events |= POLLHUP;
    if (over || s->shut_send || stream_writable(s))
        events |= POLLOUT; /* or it will fail at once */
    else
        s->full = true;
    return events;
}

static unsigned stream_ready(struct file *f)
{
    return ready(CONTAINER_OF(f, struct stream, socket.file));
}

static ssize_t stream_read(struct file *f, void *data, size_t n)
{
    return stream_recv(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static ssize_t stream_write(struct file *f, const void *data, size_t n)
{
    return stream_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

/* FIN behind what is still to be sent, or RST when something was not read:
 * lwIP knows by its window. */
static void end_connection(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    if (s->state == LISTENING)
        tcp_arg(pcb, NULL);
    else
        stream_let_go(s);
    if (tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

static void stream_free(struct stream *s)
{
    if (s->pcb)
        end_connection(s);
    inbox_drop(&s->inbox);
    free(s);
}

static void stream_close(struct file *f)
{
    struct stream *s = CONTAINER_OF(f, struct stream, socket.file), *pending;

    while ((pending = s->first)) {
        s->first = pending->next;
        if (pending->pcb) { /* nobody will ever answer */
            struct tcp_pcb *pcb = pending->pcb;

            stream_let_go(pending);
            tcp_abort(pcb);
        }
        stream_free(pending);
    }
    stream_free(s);
    net_touch();
}

const struct socket_ops stream_ops = {
    .file = {.read = stream_read,
             .write = stream_write,
             .stat = socket_stat,
             .ready = stream_ready,
             .close = stream_close},
    .type = SOCK_STREAM,
    .bind = stream_bind,
    .listen = stream_listen,
    .accept = stream_accept,
    .connect = stream_connect,
    .send = stream_send,
    .recv = stream_recv,
    .shutdown = stream_shutdown,
    .local = stream_local,
    .remote = stream_remote,
    .set = stream_set,
    .get = stream_get,
};

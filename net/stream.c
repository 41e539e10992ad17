/* stream.c: stream sockets: TCP, over lwIP's raw API: see stream.h. */

#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/util.h"
#include "net/budget.h"
#include "net/gso.h"
#include "net/lwip.h"
#include "net/payload.h"
#include "xen/clock.h"
#include "xen/start.h"

#define COPY_MAX 4096 /* bytes in one of lwIP's own copies */

/* The reader has taken n bytes: the peer may send as many more. */
static inline void open_window(struct stream *s, size_t n)
{
    while (s->pcb && n) {
        const u16_t m = n < UINT16_MAX ? (u16_t)n : UINT16_MAX;

        tcp_recved(s->pcb, m);
        n -= m;
    }
    net_touch();
}

/* With nothing to read: 0: it is worth waiting for more; -errno; -EPIPE: the
 * end, which is no error. */
static COLD int readable_later(struct stream *s)
{
    if (s->socket.error)
        return socket_take_error(&s->socket);
    if (s->state == NEW || s->state == LISTENING)
        return -ENOTCONN;
    return s->eof || s->shut_recv || !s->pcb ? -EPIPE : 0;
}

static ssize_t stream_recv(struct socket *sock, void *data, size_t n, int flags,
                           struct end *from)
{
    struct stream *s = stream_of(sock);
    const uint64_t deadline = socket_deadline(sock->recv_timeout);
    size_t done = 0;
    int err;

    (void)from;
    if (flags & MSG_PEEK && s->inbox.bytes)
        return (ssize_t)inbox_peek(&s->inbox, data, n);
    for (;;) {
        const size_t m =
            inbox_take(&s->inbox, (uint8_t *)data + done, n - done);

        open_window(s, m);
        done += m;
        if (done == n || (done && !(flags & MSG_WAITALL)))
            return (ssize_t)done;
        if (done && sock->error)
            return (ssize_t)done; /* the next call tells */
        if ((err = readable_later(s)) ||
            (err = socket_wait(sock, deadline, flags)))
            break;
        if (flags & MSG_PEEK && s->inbox.bytes)
            return (ssize_t)inbox_peek(&s->inbox, data, n);
    }
    return done ? (ssize_t)done : err == -EPIPE ? 0 : err;
}

/* Hand lwIP some of n bytes: how many it took.  What lies in the ramdisk stays
 * there, much else gets pages, and the rest is for lwIP to copy. */
static size_t queue(struct tcp_pcb *pcb, const uint8_t *data, size_t n,
                    bool more)
{
    const bool stays = n >= IN_PLACE_MIN && start_in_ramdisk(data, n);
    size_t m;

    if ((m = gso_send(pcb, data, n, stays, more)))
        return m;
    m = n < COPY_MAX ? n : COPY_MAX;
    return gso_write(pcb, data, (u16_t)m,
                     more || m < n ? TCP_WRITE_FLAG_COPY | TCP_WRITE_FLAG_MORE
                                   : TCP_WRITE_FLAG_COPY) == ERR_OK
               ? m
               : 0;
}

/* How much of n bytes it may queue now, or more: a segment has room in the
 * least of shares. */
static inline size_t room_for(const struct stream *s, size_t n)
{
    if (s->pcb->snd_buf >= TCP_SND_BUF && n <= s->pcb->mss && !budget_low())
        return n;
    return stream_rest(s, stream_share(s));
}

/* As much as it takes.  It is sent when this thread waits, together with what
 * it writes until then; with more to come, what went in whole waits for that: a
 * head and its body in one segment. */
static size_t push(struct stream *s, const uint8_t *data, size_t n, bool more)
{
    size_t done = 0;

    while (done < n) {
        size_t m = n - done, room = room_for(s, m);

        if (m > room && !stream_writable(s) && s->pcb->unacked)
            break; /* no crumbs: there will be more room soon */
        if (m > room)
            m = room;
        if (m == 0 ||
            !(m = queue(s->pcb, data + done, m, more || done + m < n)))
            break;
        done += m;
    }
    if (!more || done < n)
        net_later(&s->output);
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
        if (done && sock->error)
            return (ssize_t)done; /* the next call tells */
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

static COLD int stream_shutdown(struct socket *sock, int how)
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

static COLD int stream_local(struct socket *sock, struct end *end)
{
    const struct stream *s = stream_of(sock);

    *end = (struct end){0};
    if (s->pcb)
        end_set(end, &s->pcb->local_ip, s->pcb->local_port);
    return 0;
}

static COLD int stream_remote(struct socket *sock, struct end *end)
{
    const struct stream *s = stream_of(sock);

    if (s->state != CONNECTED || !s->pcb)
        return -ENOTCONN;
    end_set(end, &s->pcb->remote_ip, s->pcb->remote_port);
    return 0;
}

static unsigned ready(struct stream *s, unsigned wanted)
{
    const bool over = !s->pcb || (s->eof && s->shut_send);
    unsigned events = s->socket.error ? POLLERR | POLLIN : 0;

    switch (s->state) {
    case NEW:
        return events | POLLOUT | POLLHUP | (events ? POLLRDHUP : 0);
    case LISTENING:
        return events | (s->first || s->starved ? POLLIN : 0);
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
    if (!(wanted & POLL_WRITE))
        return events;
    if (over || s->shut_send || stream_writable(s))
        events |= POLLOUT; /* or it will fail at once */
    else
        s->full = true;
    return events;
}

static unsigned stream_ready(struct file *f, unsigned wanted)
{
    return ready(CONTAINER_OF(f, struct stream, socket.file), wanted);
}

static ssize_t stream_read(struct file *f, void *data, size_t n)
{
    return stream_recv(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static size_t stream_unread(struct file *f)
{
    return CONTAINER_OF(f, struct stream, socket.file)->inbox.bytes;
}

static ssize_t stream_write(struct file *f, const void *data, size_t n)
{
    return stream_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

/* FIN behind what is still to be sent, or RST when something was not read:
 * lwIP knows by its window, but not once our FIN is sent. */
static void end_connection(struct stream *s)
{
    const struct linger *l = &s->socket.linger;
    struct tcp_pcb *pcb = s->pcb;

    if (s->state == LISTENING)
        tcp_arg(pcb, NULL);
    else
        stream_let_go(s);
    if ((l->l_onoff && l->l_linger == 0 && s->state == CONNECTED) ||
        (s->shut_send && s->inbox.bytes) || tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

/* SO_LINGER: until the peer has acknowledged everything and the FIN. */
static COLD void linger(struct stream *s)
{
    const uint64_t deadline =
        clock_now() + (uint64_t)s->socket.linger.l_linger * SECOND;

    if (!s->shut_send)
        tcp_shutdown(s->pcb, 0, 1);
    s->shut_send = true;
    s->lingering = true;
    net_touch();
    while (s->pcb && (s->pcb->unsent || s->pcb->unacked))
        if (waitq_wait_until(&s->socket.file.changed, deadline))
            break;
}

static void stream_free(struct stream *s)
{
    if (s->pcb)
        end_connection(s);
    inbox_drop(&s->inbox);
    budget_free(s);
}

static void stream_close(struct file *f)
{
    struct stream *s = CONTAINER_OF(f, struct stream, socket.file), *pending;
    const struct linger *l = &s->socket.linger;

    if (l->l_onoff && l->l_linger > 0 && s->state == CONNECTED && s->pcb &&
        !s->inbox.bytes)
        linger(s);
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
             .unread = stream_unread,
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

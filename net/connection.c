/* connection.c: how TCP connections begin, and what lwIP tells us about them:
 * see stream.h. */

#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "net/budget.h"
#include "net/ends.h"
#include "net/gso.h"
#include "net/lwip.h"
#include "net/quirk.h"

#define POLL_EVERY  4   /* half seconds: a writer that waits for memory */
#define ORPHAN_POLL 120 /* half seconds without progress after close() */
#define PORT_TRIES  8
#define BACKLOG_MAX 255 /* lwIP counts in 8 bits */

/* A connection we have closed: the peer has a minute for each step towards
 * its end, told by lastack. */
static err_t on_orphan_poll(void *arg, struct tcp_pcb *pcb)
{
    if ((uintptr_t)arg == pcb->lastack) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    tcp_arg(pcb, (void *)(uintptr_t)pcb->lastack);
    return ERR_OK;
}

static err_t on_orphan_sent(void *arg, struct tcp_pcb *pcb, u16_t n)
{
    (void)arg;
    gso_acknowledged(pcb, n);
    return ERR_OK;
}

void stream_let_go(struct stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    s->pcb = NULL;
    net_forget(&s->output);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, on_orphan_sent);
    tcp_err(pcb, NULL);
    tcp_arg(pcb, (void *)(uintptr_t)(pcb->lastack - 1)); /* some progress */
    tcp_poll(pcb, on_orphan_poll, ORPHAN_POLL);
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct stream *s = arg;

    (void)err;
    if (!p) {
        s->eof = true;
        if (s->shut_send)
            stream_let_go(s);
    } else if (s->shut_recv) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
    } else {
        inbox_put(&s->inbox, p);
        file_became(&s->socket.file, POLL_READ);
        return ERR_OK;
    }
    stream_changed(s);
    return ERR_OK;
}

static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct stream *s = arg;

    (void)pcb;
    if (s->lingering || (s->full && stream_writable(s))) {
        s->full = false;
        stream_changed(s);
    }
    return ERR_OK;
}

/* Now and then.  When memory is low, what came too early can come again. */
static err_t on_tick(void *arg, struct tcp_pcb *pcb)
{
    if (budget_low())
        tcp_free_ooseq(pcb);
    return on_poll(arg, pcb);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t n)
{
    if (n > pcb->mss) /* for fewer it does nothing */
        gso_acknowledged(pcb, n);
    return on_poll(arg, pcb);
}

/* lwIP has freed the pcb. */
static void on_err(void *arg, err_t err)
{
    struct stream *s = arg;

    s->pcb = NULL;
    net_forget(&s->output);
    if (s->state == CONNECTING) {
        s->state = NEW;
        s->socket.error = err == ERR_RST ? ECONNREFUSED : -net_errno(err);
    } else if (err != ERR_CLSD) { /* what was sent after their close() */
        s->socket.error = err == ERR_RST && s->eof ? EPIPE : -net_errno(err);
    }
    stream_changed(s);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct stream *s = arg;

    (void)pcb;
    (void)err; /* always ERR_OK */
    s->state = CONNECTED;
    stream_changed(s);
    return ERR_OK;
}

static void attach(struct stream *s, struct tcp_pcb *pcb)
{
    s->pcb = pcb;
    tcp_arg(pcb, s);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_err);
    tcp_poll(pcb, on_tick, POLL_EVERY);
}

static void on_turn(struct net_waiter *w)
{
    tcp_output(CONTAINER_OF(w, struct stream, output)->pcb);
}

struct socket *stream_new(int family)
{
    struct stream *s = budget_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    socket_init(&s->socket, &stream_ops);
    s->socket.family = family;
    s->options = stream_default_options;
    s->output.ready = on_turn;
    return &s->socket;
}

/* The program may have the means to make memory free again. */
static err_t starve(struct stream *l)
{
    l->starved = true;
    stream_changed(l);
    return ERR_MEM;
}

/* A connection is complete.  ERR_MEM makes lwIP reset it. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct stream *l = arg, *s;
    struct socket *new;

    if (err != ERR_OK || !l || l->pending >= l->backlog)
        return ERR_MEM;
    if (budget_low() || !(new = stream_new(l->socket.family)))
        return starve(l);
    s = stream_of(new);
    s->state = CONNECTED;
    s->options = l->options;
    s->socket.v6only = l->socket.v6only;
    s->socket.linger = l->socket.linger;
    attach(s, pcb);
    stream_apply_options(s);
    tcp_backlog_delayed(pcb); /* counts as pending until accept() */
    if (l->last)
        l->last->next = s;
    else
        l->first = s;
    l->last = s;
    l->pending++;
    stream_changed(l);
    return ERR_OK;
}

/* A pcb for bind() or connect(), the first or one after a failure. */
static int need_pcb(struct stream *s)
{
    struct tcp_pcb *pcb;

    if (s->pcb)
        return 0;
    pcb = tcp_new_ip_type(socket_pcb_type(&s->socket));
    if (!pcb)
        return -ENOBUFS;
    attach(s, pcb);
    stream_apply_options(s);
    return 0;
}

/* As tcp_bind(), which knows nothing of both kinds of addresses at once. */
static int bind_to(struct stream *s, const ip_addr_t *addr, uint16_t port)
{
    return quirk_taken(s->pcb, addr, port)
               ? -EADDRINUSE
               : net_errno(tcp_bind(s->pcb, addr, port));
}

/* A port that nobody has, not even at an address of the other kind, which
 * would have been none of our business: who then asks for the same port at more
 * addresses gets it. */
static int bind_random(struct stream *s, const ip_addr_t *addr)
{
    for (unsigned i = 0; i < PORT_TRIES; i++) {
        const uint16_t port = socket_random_port();

        if (!quirk_taken(s->pcb, IP_ANY_TYPE, port) &&
            tcp_bind(s->pcb, addr, port) == ERR_OK)
            return 0;
    }
    return net_errno(tcp_bind(s->pcb, addr, 0)); /* lwIP tries them all */
}

/* To any address, if it has no port yet. */
static int need_port(struct stream *s)
{
    ip_addr_t any;
    int err;

    if (s->pcb->local_port)
        return 0;
    err = end_local(&s->socket, NULL, &any);
    return err ? err : bind_random(s, &any);
}

int stream_bind(struct socket *sock, const struct end *local)
{
    struct stream *s = stream_of(sock);
    ip_addr_t addr;
    int err;

    if (s->state != NEW || (s->pcb && s->pcb->local_port))
        return -EINVAL;
    if ((err = end_local(sock, local, &addr)) || (err = need_pcb(s)))
        return err;
    return local->port ? bind_to(s, &addr, local->port) : bind_random(s, &addr);
}

int stream_listen(struct socket *sock, int backlog)
{
    struct stream *s = stream_of(sock);
    struct tcp_pcb *pcb;
    err_t result;
    int err;

    if (s->state != NEW && s->state != LISTENING)
        return -EINVAL;
    backlog = backlog < 1 ? 1 : backlog > BACKLOG_MAX ? BACKLOG_MAX : backlog;
    if (s->state == NEW) {
        if ((err = need_pcb(s)) || (err = need_port(s)))
            return err;
        if (quirk_taken(s->pcb, &s->pcb->local_ip, s->pcb->local_port))
            return -EADDRINUSE; /* by one that listened first */
        tcp_poll(s->pcb, NULL, 0);
        pcb = tcp_listen_with_backlog_and_err(s->pcb, BACKLOG_MAX, &result);
        if (!pcb)
            return net_errno(result);
        s->pcb = pcb;
        s->state = LISTENING;
        tcp_accept(pcb, on_accept);
        ends_listen(pcb);
    }
    s->backlog = backlog;
    tcp_backlog_set(s->pcb, (u8_t)backlog);
    return 0;
}

int stream_accept(struct socket *sock, struct socket **accepted)
{
    struct stream *l = stream_of(sock), *s;
    const uint64_t deadline = socket_deadline(sock->recv_timeout);
    int err;

    if (l->state != LISTENING)
        return -EINVAL;
    while (!(s = l->first)) {
        if (l->starved) {
            l->starved = false;
            return -ENOBUFS;
        }
        if ((err = socket_wait(sock, deadline, 0)))
            return err;
    }
    if ((err = fd_room())) {
        thread_yield(); /* who tries again at once does not stop the others */
        return err;
    }
    l->first = s->next;
    if (!l->first)
        l->last = NULL;
    s->next = NULL;
    l->pending--;
    if (s->pcb)
        tcp_backlog_accepted(s->pcb);
    *accepted = &s->socket;
    return 0;
}

static int start_connect(struct stream *s, const struct end *remote)
{
    ip_addr_t addr;
    int err;

    if ((err = need_pcb(s)) ||
        (err = end_remote(remote, &s->pcb->local_ip, &addr)) ||
        (err = socket_wait_route(&s->socket, &addr, 0)) ||
        (err = need_pcb(s)) || (err = need_port(s)))
        return err;
    s->pcb->remote_ip = addr; /* some options are for one family */
    stream_apply_options(s);
    err = net_errno(tcp_connect(s->pcb, &addr, remote->port, on_connected));
    if (err)
        return err;
    if (!ends_connect(s->pcb)) {
        struct tcp_pcb *pcb = s->pcb;

        stream_let_go(s);
        tcp_abort(pcb);
        return -ENOBUFS;
    }
    s->state = CONNECTING;
    net_touch();
    return 0;
}

int stream_connect(struct socket *sock, const struct end *remote)
{
    struct stream *s = stream_of(sock);
    const uint64_t deadline = socket_deadline(sock->send_timeout);
    int err;

    if (!remote) /* a connection cannot be taken back */
        return s->state == NEW ? 0 : -EAFNOSUPPORT;
    if (sock->error)
        return socket_take_error(sock);
    if (s->state == CONNECTED || s->state == LISTENING)
        return -EISCONN;
    if (s->state == CONNECTING && sock->file.flags & O_NONBLOCK)
        return -EALREADY;
    if (s->state == NEW && (err = start_connect(s, remote)))
        return err;
    while (s->state == CONNECTING)
        if ((err = socket_wait(sock, deadline, 0)))
            return err == -EAGAIN ? -EINPROGRESS : err;
    return s->state == CONNECTED ? 0 : socket_take_error(sock);
}

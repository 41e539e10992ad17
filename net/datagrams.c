/* datagrams.c: datagrams until they are read: see datagrams.h. */

#include "net/datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/ip.h>

#include "lib/util.h"
#include "net/budget.h"

#define SEND_MAX 65507 /* told by SO_SNDBUF: the most that UDP takes */

static struct datagrams *of(struct socket *s)
{
    return CONTAINER_OF(s, struct datagrams, socket);
}

static struct datagrams *of_file(struct file *f)
{
    return CONTAINER_OF(f, struct datagrams, socket.file);
}

static COLD void on_room(struct net_waiter *w)
{
    file_changed(&CONTAINER_OF(w, struct datagrams, room)->socket.file);
}

COLD void datagrams_init(struct datagrams *d, int family,
                         const struct socket_ops *ops)
{
    socket_init(&d->socket, ops);
    d->socket.family = family;
    d->room.ready = on_room;
    d->ttl = d->hops = IP_DEFAULT_TTL;
}

void datagrams_put(struct datagrams *d, struct pbuf *p,
                   const struct ip_addr *addr, uint16_t port)
{
    struct datagram *g;

    if (d->count == DATAGRAMS_MAX || d->bytes + p->tot_len > DATAGRAMS_BYTES ||
        d->shut_recv || budget_low()) {
        d->dropped++;
        pbuf_free(p);
        return;
    }
    g = &d->queue[(d->first + d->count++) % DATAGRAMS_MAX];
    g->p = p;
    end_set(&g->from, addr, port);
    d->bytes += p->tot_len;
    file_became(&d->socket.file, POLL_READ);
}

COLD int datagrams_await_room(struct datagrams *d, uint64_t deadline, int flags)
{
    net_await_room(&d->room);
    return socket_wait(&d->socket, deadline, flags);
}

void datagrams_address(struct datagrams *d, const struct ip_addr *to)
{
    d->pcb->tos = IP_IS_V6(to) ? d->tclass : d->tos;
    d->pcb->ttl = IP_IS_V6(to) ? d->hops : d->ttl;
}

const struct ip_addr *datagrams_source(const struct datagrams *d,
                                       struct netif *netif)
{
    const struct ip_pcb *pcb = d->pcb;
    const ip_addr_t *addr = NULL;

    if (!ip_addr_isany(&pcb->local_ip))
        return &pcb->local_ip;
    if (netif)
        addr = ip_netif_get_local_ip(netif, &pcb->remote_ip);
    return addr ? addr : &pcb->local_ip;
}

COLD void datagrams_shutdown(struct datagrams *d, int how)
{
    d->shut_recv |= how != SHUT_WR;
    d->shut_send |= how != SHUT_RD;
    file_changed(&d->socket.file);
}

/* Forget the first one. */
static inline void remove_first(struct datagrams *d)
{
    struct pbuf *p = d->queue[d->first].p;

    d->first = (d->first + 1) % DATAGRAMS_MAX;
    d->count--;
    d->bytes -= p->tot_len;
    pbuf_free(p);
}

COLD void datagrams_drop(struct datagrams *d)
{
    net_forget(&d->room);
    while (d->count)
        remove_first(d);
}

ssize_t datagrams_recv(struct socket *s, void *data, size_t n, int flags,
                       struct end *from)
{
    struct datagrams *d = of(s);
    const uint64_t deadline = socket_deadline(s->recv_timeout);
    const struct datagram *g;
    size_t got, whole;
    int err;

    for (;;) {
        if (s->error)
            return socket_take_error(s);
        if (d->count)
            break;
        if (d->shut_recv)
            return 0;
        if ((err = socket_wait(s, deadline, flags)))
            return err;
    }
    g = &d->queue[d->first];
    whole = g->p->tot_len;
    got = n < whole ? n : whole;
    if (g->p->next)
        pbuf_copy_partial(g->p, data, (u16_t)got, 0);
    else
        memcpy(data, g->p->payload, got);
    if (from)
        *from = g->from;
    if (!(flags & MSG_PEEK))
        remove_first(d);
    return (ssize_t)(flags & MSG_TRUNC ? whole : got);
}

COLD int datagrams_listen(struct socket *s, int backlog)
{
    (void)s;
    (void)backlog;
    return -EOPNOTSUPP;
}

COLD int datagrams_accept(struct socket *s, struct socket **accepted)
{
    (void)s;
    (void)accepted;
    return -EOPNOTSUPP;
}

/* The bit of lwIP's so_options that an option stands for; 0: unknown. */
static COLD u8_t option(int level, int name)
{
    if (level != SOL_SOCKET)
        return 0;
    return name == SO_REUSEADDR   ? SOF_REUSEADDR
           : name == SO_BROADCAST ? SOF_BROADCAST
           : name == SO_KEEPALIVE ? SOF_KEEPALIVE /* means nothing here */
                                  : 0;
}

/* What an option of a family puts into the headers; NULL: unknown. */
static COLD uint8_t *header_option(struct datagrams *d, int level, int name)
{
    if (level == IPPROTO_IP)
        return name == IP_TTL ? &d->ttl : name == IP_TOS ? &d->tos : NULL;
    if (level == IPPROTO_IPV6 && d->socket.family == AF_INET6)
        return name == IPV6_UNICAST_HOPS ? &d->hops
               : name == IPV6_TCLASS     ? &d->tclass
                                         : NULL;
    return NULL;
}

/* -1 means the default, to IPv6's. */
static COLD int set_header_option(uint8_t *option, int level, int name,
                                  int value)
{
    const int min = level == IPPROTO_IPV6 ? -1 : name == IP_TTL;

    if (value < min || value > UINT8_MAX)
        return -EINVAL;
    if (value == -1)
        value = name == IPV6_UNICAST_HOPS ? IP_DEFAULT_TTL : 0;
    *option = (uint8_t)value;
    return 0;
}

COLD int datagrams_set(struct socket *s, int level, int name, int value)
{
    struct datagrams *d = of(s);
    uint8_t *header = header_option(d, level, name);
    const u8_t bit = option(level, name);

    if (header)
        return set_header_option(header, level, name, value);
    if (!bit)
        return -ENOPROTOOPT;
    if (value)
        ip_set_option(d->pcb, bit);
    else
        ip_reset_option(d->pcb, bit);
    return 0;
}

COLD int datagrams_get(struct socket *s, int level, int name, int *value)
{
    struct datagrams *d = of(s);
    const uint8_t *header = header_option(d, level, name);
    const u8_t bit = option(level, name);

    if (header)
        *value = *header;
    else if (bit)
        *value = ip_get_option(d->pcb, bit) != 0;
    else if (level == SOL_SOCKET && name == SO_SNDBUF)
        *value = SEND_MAX;
    else if (level == SOL_SOCKET && name == SO_RCVBUF)
        *value = (int)DATAGRAMS_BYTES;
    else if (level == SOL_SOCKET && name == SO_ACCEPTCONN)
        *value = 0;
    else if (level == SOL_SOCKET && name == SO_PROTOCOL)
        *value = d->protocol;
    else
        return -ENOPROTOOPT;
    return 0;
}

ssize_t datagrams_read(struct file *f, void *data, size_t n)
{
    return datagrams_recv(&of_file(f)->socket, data, n, 0, NULL);
}

unsigned datagrams_ready(struct file *f, unsigned wanted)
{
    struct datagrams *d = of_file(f);
    unsigned events = d->socket.error ? POLLERR : 0;

    if (d->count || d->shut_recv)
        events |= POLLIN;
    if (d->shut_recv)
        events |= POLLRDHUP;
    if (d->shut_recv && d->shut_send)
        events |= POLLHUP;
    if (!net_full())
        events |= POLLOUT;
    else if (wanted & POLL_WRITE)
        net_await_room(&d->room);
    return events;
}

size_t datagrams_unread(struct file *f)
{
    const struct datagrams *d = of_file(f);

    return d->count ? d->queue[d->first].p->tot_len : 0;
}

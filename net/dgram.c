/* dgram.c: datagram sockets: UDP, over lwIP's raw API: see socket.h. */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/nd6.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#include "lib/util.h"
#include "net/budget.h"
#include "net/lwip.h"
#include "net/socket.h"

#define QUEUE_MAX    256                  /* datagrams nobody has read */
#define QUEUE_BYTES  ((size_t)256 * 1024) /* in them */
#define PAYLOAD_MAX  (UINT16_MAX - IP_HLEN - UDP_HLEN)
#define PAYLOAD6_MAX (UINT16_MAX - IP6_HLEN - UDP_HLEN) /* lwIP's: 40 less */
#define PORT_TRIES   8
#define SEND_TRIES   64

struct datagram {
    struct pbuf *p;
    struct end from;
};

struct dgram {
    struct socket socket; /* first */
    struct udp_pcb *pcb;
    struct datagram queue[QUEUE_MAX];
    unsigned first, count;
    size_t bytes;
    size_t dropped; /* because the queue was full */
    bool shut_recv, shut_send;
    u8_t tos, ttl, tclass, hops; /* of IPv4; of IPv6 */
    struct net_waiter room;      /* while the interface is full */
};

static struct dgram *dgram_of(struct socket *s)
{
    return CONTAINER_OF(s, struct dgram, socket);
}

static void on_recv(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                    const ip_addr_t *addr, u16_t port)
{
    struct dgram *d = arg;
    struct datagram *g;

    (void)pcb;
    if (!p) { /* net/unreach.c */
        d->socket.error = ECONNREFUSED;
        file_changed(&d->socket.file);
        return;
    }
    if (d->count == QUEUE_MAX || d->bytes + p->tot_len > QUEUE_BYTES ||
        d->shut_recv || budget_low()) {
        d->dropped++;
        pbuf_free(p);
        return;
    }
    g = &d->queue[(d->first + d->count++) % QUEUE_MAX];
    g->p = p;
    end_set(&g->from, addr, port);
    d->bytes += p->tot_len;
    file_changed(&d->socket.file);
}

static void on_room(struct net_waiter *w)
{
    file_changed(&CONTAINER_OF(w, struct dgram, room)->socket.file);
}

struct socket *dgram_new(int family)
{
    struct dgram *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    socket_init(&d->socket, &dgram_ops);
    d->socket.family = family;
    d->pcb = udp_new_ip_type(socket_pcb_type(&d->socket));
    if (!d->pcb) {
        free(d);
        return NULL;
    }
    d->room.ready = on_room;
    d->ttl = d->hops = UDP_TTL;
    udp_recv(d->pcb, on_recv, d);
    return &d->socket;
}

static int bind_random(struct dgram *d, const ip_addr_t *addr)
{
    for (unsigned i = 0; i < PORT_TRIES; i++)
        if (udp_bind(d->pcb, addr, socket_random_port()) == ERR_OK)
            return 0;
    return net_errno(udp_bind(d->pcb, addr, 0)); /* lwIP tries them all */
}

static int dgram_bind(struct socket *sock, const struct end *local)
{
    struct dgram *d = dgram_of(sock);
    ip_addr_t addr;
    int err;

    if (d->pcb->local_port)
        return -EINVAL;
    err = end_local(sock, local, &addr);
    if (err)
        return err;
    return local->port ? net_errno(udp_bind(d->pcb, &addr, local->port))
                       : bind_random(d, &addr);
}

static int dgram_listen(struct socket *sock, int backlog)
{
    (void)sock;
    (void)backlog;
    return -EOPNOTSUPP;
}

static int dgram_accept(struct socket *sock, struct socket **accepted)
{
    (void)sock;
    (void)accepted;
    return -EOPNOTSUPP;
}

static int need_port(struct dgram *d)
{
    ip_addr_t any;
    int err;

    if (d->pcb->local_port)
        return 0;
    err = end_local(&d->socket, NULL, &any);
    return err ? err : bind_random(d, &any);
}

/* A port, and a way to an address. */
static int prepare(struct dgram *d, const struct end *to, ip_addr_t *addr,
                   int flags)
{
    int err;

    if ((err = need_port(d)) ||
        (to && (err = end_remote(to, &d->pcb->local_ip, addr))))
        return err;
    return socket_wait_route(&d->socket, addr, flags);
}

/* remote NULL: take it back. */
static int dgram_connect(struct socket *sock, const struct end *remote)
{
    struct dgram *d = dgram_of(sock);
    ip_addr_t addr;
    int err;

    if (!remote) {
        udp_disconnect(d->pcb);
        return 0;
    }
    err = prepare(d, remote, &addr, 0);
    return err ? err : net_errno(udp_connect(d->pcb, &addr, remote->port));
}

/* Does the way there take n bytes in one piece? */
static bool fits(const ip_addr_t *addr, struct netif *netif, size_t n)
{
    return !netif->mtu ||
           (IP_IS_V6(addr) ? n + IP6_HLEN + UDP_HLEN <=
                                 nd6_get_destination_mtu(ip_2_ip6(addr), netif)
                           : n + IP_HLEN + UDP_HLEN <= netif->mtu);
}

/*
 * The back-end sums whole datagrams only, so lwIP must do it for one that it
 * will cut into fragments.  Of those it does not say when one finds no slot.
 */
static err_t transmit(struct dgram *d, struct pbuf *p, const ip_addr_t *addr,
                      uint16_t port)
{
    struct netif *netif = ip_route(&d->pcb->local_ip, addr);
    u16_t saved;
    bool whole;
    err_t err;

    if (!netif)
        return ERR_RTE;
    whole = fits(addr, netif, p->tot_len);
    saved = netif->chksum_flags;
    if (!whole)
        netif->chksum_flags |= NETIF_CHECKSUM_GEN_UDP;
    d->pcb->tos = IP_IS_V6(addr) ? d->tclass : d->tos;
    d->pcb->ttl = IP_IS_V6(addr) ? d->hops : d->ttl;
    err = udp_sendto_if(d->pcb, p, addr, port, netif);
    netif->chksum_flags = saved;
    return whole || !net_full() ? err : ERR_MEM;
}

static int send_one(struct dgram *d, const void *data, size_t n,
                    const ip_addr_t *addr, uint16_t port)
{
    struct pbuf *p = pbuf_alloc_reference((void *)(uintptr_t)data, (u16_t)n,
                                          PBUF_REF); /* copied if it waits */
    err_t err;

    if (!p)
        return -ENOBUFS;
    err = transmit(d, p, addr, port);
    pbuf_free(p);
    net_touch();
    if (err == ERR_VAL) /* lwIP's IP_SOF_BROADCAST */
        return -EACCES;
    if (err == ERR_MEM && net_full())
        return -EAGAIN;
    return net_errno(err);
}

static ssize_t dgram_send(struct socket *sock, const void *data, size_t n,
                          int flags, const struct end *to)
{
    struct dgram *d = dgram_of(sock);
    const uint64_t deadline = socket_deadline(sock->send_timeout);
    ip_addr_t addr = d->pcb->remote_ip;
    uint16_t port = d->pcb->remote_port;
    int err;

    if (sock->error)
        return socket_take_error(sock);
    if (to)
        port = to->port;
    else if (!(d->pcb->flags & UDP_FLAGS_CONNECTED))
        return -EDESTADDRREQ;
    if (d->shut_send)
        return -EPIPE;
    if (n > PAYLOAD_MAX)
        return -EMSGSIZE;
    if (port == 0)
        return -EINVAL;
    if ((err = prepare(d, to, &addr, flags)))
        return err;
    if (IP_IS_V6_VAL(addr) && n > PAYLOAD6_MAX)
        return -EMSGSIZE;
    /* Not for ever: each try may cost what room there is in fragments. */
    for (unsigned tries = 0;
         (err = send_one(d, data, n, &addr, port)) == -EAGAIN; tries++) {
        if (tries == SEND_TRIES)
            return -ENOBUFS;
        net_await_room(&d->room);
        if ((err = socket_wait(sock, deadline, flags)))
            break;
    }
    return err ? err : (ssize_t)n;
}

static ssize_t dgram_recv(struct socket *sock, void *data, size_t n, int flags,
                          struct end *from)
{
    struct dgram *d = dgram_of(sock);
    const uint64_t deadline = socket_deadline(sock->recv_timeout);
    const struct datagram *g;
    size_t got, whole;
    int err;

    for (;;) {
        if (sock->error)
            return socket_take_error(sock);
        if (d->count)
            break;
        if (d->shut_recv)
            return 0;
        if ((err = socket_wait(sock, deadline, flags)))
            return err;
    }
    g = &d->queue[d->first];
    whole = g->p->tot_len;
    got = pbuf_copy_partial(g->p, data, (u16_t)(n < whole ? n : whole), 0);
    if (from)
        *from = g->from;
    if (!(flags & MSG_PEEK)) {
        d->first = (d->first + 1) % QUEUE_MAX;
        d->count--;
        d->bytes -= whole;
        pbuf_free(g->p);
    }
    return (ssize_t)(flags & MSG_TRUNC ? whole : got);
}

static int dgram_shutdown(struct socket *sock, int how)
{
    struct dgram *d = dgram_of(sock);

    if (!(d->pcb->flags & UDP_FLAGS_CONNECTED))
        return -ENOTCONN;
    d->shut_recv |= how != SHUT_WR;
    d->shut_send |= how != SHUT_RD;
    file_changed(&sock->file);
    return 0;
}

/* The address that datagrams to the peer leave with: lwIP chooses for each. */
static const ip_addr_t *source(const struct udp_pcb *pcb)
{
    struct netif *netif = ip_route(&pcb->local_ip, &pcb->remote_ip);
    const ip_addr_t *addr = NULL;

    if (netif)
        addr = ip_netif_get_local_ip(netif, &pcb->remote_ip);
    return addr ? addr : &pcb->local_ip;
}

static int dgram_local(struct socket *sock, struct end *end)
{
    const struct udp_pcb *pcb = dgram_of(sock)->pcb;
    const bool choose =
        pcb->flags & UDP_FLAGS_CONNECTED && ip_addr_isany(&pcb->local_ip);

    end_set(end, choose ? source(pcb) : &pcb->local_ip, pcb->local_port);
    return 0;
}

static int dgram_remote(struct socket *sock, struct end *end)
{
    const struct dgram *d = dgram_of(sock);

    if (!(d->pcb->flags & UDP_FLAGS_CONNECTED))
        return -ENOTCONN;
    end_set(end, &d->pcb->remote_ip, d->pcb->remote_port);
    return 0;
}

/* The bit of lwIP's so_options that an option stands for; 0: unknown. */
static u8_t option(int level, int name)
{
    if (level != SOL_SOCKET)
        return 0;
    return name == SO_REUSEADDR   ? SOF_REUSEADDR
           : name == SO_BROADCAST ? SOF_BROADCAST
           : name == SO_KEEPALIVE ? SOF_KEEPALIVE /* means nothing here */
                                  : 0;
}

/* What an option of a family puts into the headers; NULL: unknown. */
static u8_t *header_option(struct dgram *d, int level, int name)
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
static int set_header_option(u8_t *option, int level, int name, int value)
{
    const int min = level == IPPROTO_IPV6 ? -1 : name == IP_TTL;

    if (value < min || value > UINT8_MAX)
        return -EINVAL;
    if (value == -1)
        value = name == IPV6_UNICAST_HOPS ? UDP_TTL : 0;
    *option = (u8_t)value;
    return 0;
}

static int dgram_set(struct socket *sock, int level, int name, int value)
{
    struct dgram *d = dgram_of(sock);
    u8_t *header = header_option(d, level, name);
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

static int dgram_get(struct socket *sock, int level, int name, int *value)
{
    struct dgram *d = dgram_of(sock);
    const u8_t *header = header_option(d, level, name);
    const u8_t bit = option(level, name);

    if (header)
        *value = *header;
    else if (bit)
        *value = ip_get_option(d->pcb, bit) != 0;
    else if (level == SOL_SOCKET && name == SO_SNDBUF)
        *value = PAYLOAD_MAX;
    else if (level == SOL_SOCKET && name == SO_RCVBUF)
        *value = (int)QUEUE_BYTES;
    else if (level == SOL_SOCKET && name == SO_ACCEPTCONN)
        *value = 0;
    else if (level == SOL_SOCKET && name == SO_PROTOCOL)
        *value = IPPROTO_UDP;
    else
        return -ENOPROTOOPT;
    return 0;
}

static unsigned dgram_ready(struct file *f)
{
    struct dgram *d = CONTAINER_OF(f, struct dgram, socket.file);
    unsigned events = d->socket.error ? POLLERR : 0;

    if (d->count || d->shut_recv)
        events |= POLLIN;
    if (d->shut_recv)
        events |= POLLRDHUP;
    if (d->shut_recv && d->shut_send)
        events |= POLLHUP;
    if (!net_full())
        events |= POLLOUT;
    else
        net_await_room(&d->room);
    return events;
}

static ssize_t dgram_read(struct file *f, void *data, size_t n)
{
    return dgram_recv(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static size_t dgram_unread(struct file *f)
{
    const struct dgram *d = CONTAINER_OF(f, struct dgram, socket.file);

    return d->count ? d->queue[d->first].p->tot_len : 0;
}

static ssize_t dgram_write(struct file *f, const void *data, size_t n)
{
    return dgram_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static void dgram_close(struct file *f)
{
    struct dgram *d = CONTAINER_OF(f, struct dgram, socket.file);

    net_forget(&d->room);
    udp_remove(d->pcb);
    for (; d->count; d->count--, d->first = (d->first + 1) % QUEUE_MAX)
        pbuf_free(d->queue[d->first].p);
    free(d);
}

const struct socket_ops dgram_ops = {
    .file = {.read = dgram_read,
             .write = dgram_write,
             .stat = socket_stat,
             .ready = dgram_ready,
             .unread = dgram_unread,
             .close = dgram_close},
    .type = SOCK_DGRAM,
    .bind = dgram_bind,
    .listen = dgram_listen,
    .accept = dgram_accept,
    .connect = dgram_connect,
    .send = dgram_send,
    .recv = dgram_recv,
    .shutdown = dgram_shutdown,
    .local = dgram_local,
    .remote = dgram_remote,
    .set = dgram_set,
    .get = dgram_get,
};

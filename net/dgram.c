/* dgram.c: datagram sockets: UDP, over lwIP's raw API: see socket.h. */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/nd6.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#include "lib/util.h"
#include "net/datagrams.h"
#include "net/direct.h"
#include "net/iface.h"
#include "net/lwip.h"
#include "net/multicast.h"
#include "net/socket.h"

#define PAYLOAD_MAX  (UINT16_MAX - IP_HLEN - UDP_HLEN)
#define PAYLOAD6_MAX (UINT16_MAX - IP6_HLEN - UDP_HLEN) /* lwIP's: 40 less */
#define PORT_TRIES   8
#define SEND_TRIES   64

struct dgram {
    struct datagrams base; /* first */
    struct udp_pcb *pcb;
    struct multicast multicast;
};

static struct dgram *dgram_of(struct socket *s)
{
    return CONTAINER_OF(s, struct dgram, base.socket);
}

static void on_recv(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                    const ip_addr_t *addr, u16_t port)
{
    struct datagrams *d = arg;

    (void)pcb;
    if (p) {
        datagrams_put(d, p, addr, port);
    } else { /* net/unreach.c */
        d->socket.error = ECONNREFUSED;
        file_changed(&d->socket.file);
    }
}

COLD struct socket *dgram_new(int family)
{
    struct dgram *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    datagrams_init(&d->base, family, &dgram_ops);
    d->pcb = udp_new_ip_type(socket_pcb_type(&d->base.socket));
    if (!d->pcb) {
        free(d);
        return NULL;
    }
    d->base.pcb = (struct ip_pcb *)d->pcb;
    d->base.protocol = IPPROTO_UDP;
    udp_recv(d->pcb, on_recv, &d->base);
    multicast_init(&d->multicast, d->pcb, family);
    return &d->base.socket;
}

static COLD int bind_random(struct dgram *d, const ip_addr_t *addr)
{
    for (unsigned i = 0; i < PORT_TRIES; i++)
        if (udp_bind(d->pcb, addr, socket_random_port()) == ERR_OK)
            return 0;
    return net_errno(udp_bind(d->pcb, addr, 0)); /* lwIP tries them all */
}

static COLD int dgram_bind(struct socket *sock, const struct end *local)
{
    struct dgram *d = dgram_of(sock);
    ip_addr_t addr;
    int err;

    if (d->pcb->local_port)
        return -EINVAL;
    err = end_local(sock, local, &addr);
    if (err == -EADDRNOTAVAIL && multicast_is_group(&addr))
        err = 0; /* and nothing but this group's will come */
    if (err)
        return err;
    return local->port ? net_errno(udp_bind(d->pcb, &addr, local->port))
                       : bind_random(d, &addr);
}

static COLD int need_port(struct dgram *d)
{
    ip_addr_t any;
    int err;

    if (d->pcb->local_port)
        return 0;
    err = end_local(&d->base.socket, NULL, &any);
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
    multicast_set_scope(&d->multicast, addr);
    return socket_wait_route(&d->base.socket, addr, flags);
}

/* remote NULL: take it back. */
static COLD int dgram_connect(struct socket *sock, const struct end *remote)
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
 * By way of lwIP.  The back-end sums whole datagrams only, so lwIP must do it
 * for one that it will cut into fragments.  Of those it does not say when one
 * finds no slot.
 */
static COLD err_t transmit(struct dgram *d, const void *data, size_t n,
                           const ip_addr_t *addr, uint16_t port,
                           struct netif *netif)
{
    struct pbuf *p = pbuf_alloc_reference((void *)(uintptr_t)data, (u16_t)n,
                                          PBUF_REF); /* copied if it waits */
    const bool whole = fits(addr, netif, n);
    const u16_t saved = netif->chksum_flags;
    err_t err;

    if (!p)
        return ERR_BUF;
    if (!whole)
        netif->chksum_flags |= NETIF_CHECKSUM_GEN_UDP;
    err = udp_sendto_if(d->pcb, p, addr, port, netif);
    netif->chksum_flags = saved;
    pbuf_free(p);
    return whole || !net_full() ? err : ERR_MEM;
}

static int send_one(struct dgram *d, const void *data, size_t n,
                    const ip_addr_t *addr, uint16_t port)
{
    struct netif *netif = multicast_route(&d->multicast, addr);
    struct buf *b = NULL;
    struct iface *i;
    err_t err;

    if (!netif)
        return -ENETUNREACH;
    datagrams_address(&d->base, addr);
    if ((i = iface_of(netif)))
        b = direct_frame(d->pcb, netif, data, n, addr, port,
                         net_counts(i->net));
    err = b ? iface_send(i, b) : transmit(d, data, n, addr, port, netif);
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
    if (d->base.shut_send)
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
        if ((err = datagrams_await_room(&d->base, deadline, flags)))
            break;
    }
    return err ? err : (ssize_t)n;
}

static COLD int dgram_shutdown(struct socket *sock, int how)
{
    struct dgram *d = dgram_of(sock);

    if (!(d->pcb->flags & UDP_FLAGS_CONNECTED))
        return -ENOTCONN;
    datagrams_shutdown(&d->base, how);
    return 0;
}

static COLD int dgram_local(struct socket *sock, struct end *end)
{
    struct dgram *d = dgram_of(sock);
    const ip_addr_t *addr = &d->pcb->local_ip;

    if (d->pcb->flags & UDP_FLAGS_CONNECTED)
        addr = datagrams_source(
            &d->base, multicast_route(&d->multicast, &d->pcb->remote_ip));
    end_set(end, addr, d->pcb->local_port);
    return 0;
}

static COLD int dgram_remote(struct socket *sock, struct end *end)
{
    const struct dgram *d = dgram_of(sock);

    if (!(d->pcb->flags & UDP_FLAGS_CONNECTED))
        return -ENOTCONN;
    end_set(end, &d->pcb->remote_ip, d->pcb->remote_port);
    return 0;
}

static ssize_t dgram_write(struct file *f, const void *data, size_t n)
{
    return dgram_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static COLD struct multicast *dgram_multicast(struct socket *sock)
{
    return &dgram_of(sock)->multicast;
}

static COLD void dgram_close(struct file *f)
{
    struct dgram *d = CONTAINER_OF(f, struct dgram, base.socket.file);

    multicast_leave_all(&d->multicast);
    udp_remove(d->pcb);
    datagrams_drop(&d->base);
    free(d);
}

const struct socket_ops dgram_ops = {
    .file = {.read = datagrams_read,
             .write = dgram_write,
             .stat = socket_stat,
             .ready = datagrams_ready,
             .unread = datagrams_unread,
             .close = dgram_close},
    .type = SOCK_DGRAM,
    .bind = dgram_bind,
    .listen = datagrams_listen,
    .accept = datagrams_accept,
    .connect = dgram_connect,
    .send = dgram_send,
    .recv = datagrams_recv,
    .shutdown = dgram_shutdown,
    .local = dgram_local,
    .remote = dgram_remote,
    .set = datagrams_set,
    .get = datagrams_get,
    .multicast = dgram_multicast,
};

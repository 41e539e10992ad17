/* ping.c: ping sockets: netinet/ip_icmp.h says what they are. */

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/priv/raw_priv.h>
#include <lwip/raw.h>

#include "lib/util.h"
#include "net/datagrams.h"
#include "net/lwip.h"
#include "net/quirk.h"
#include "net/socket.h"

#define SIZE_MAX4   (UINT16_MAX - IP_HLEN)
#define SIZE_MAX6   (UINT16_MAX - IP6_HLEN) /* lwIP's: 40 less */
#define CHECKSUM_AT 2

/* The header is the same for both, but for the types. */
static const struct kind {
    uint8_t protocol, request, reply;
    uint16_t check, size_max;
} kinds[] = {
    {IP_PROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY, NETIF_CHECKSUM_CHECK_ICMP,
     SIZE_MAX4},
    {IP6_NEXTH_ICMP6, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY,
     NETIF_CHECKSUM_CHECK_ICMP6, SIZE_MAX6},
};

struct ping {
    struct datagrams base; /* first */
    struct raw_pcb *pcb;
    const struct kind *kind;
    uint16_t id; /* 0: none yet */
    struct ping *next;
};

static struct ping *pings; /* all there are */

static struct ping *ping_of(struct socket *s)
{
    return CONTAINER_OF(s, struct ping, base.socket);
}

/* p begins at the message.  What has not left the machine has no sum. */
static bool sum_right(const struct ping *g, struct pbuf *p)
{
    if (!(ip_current_input_netif()->chksum_flags & g->kind->check))
        return true;
    return ip_current_is_v6()
               ? ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len,
                                   ip6_current_src_addr(),
                                   ip6_current_dest_addr()) == 0
               : inet_chksum_pbuf(p) == 0;
}

/* 1: taken.  Whatever is not a reply to us, lwIP goes on with. */
static u8_t on_recv(void *arg, struct raw_pcb *pcb, struct pbuf *p,
                    const ip_addr_t *from)
{
    struct ping *g = arg;
    const u16_t header = ip_current_header_tot_len();
    struct icmphdr h;

    (void)pcb;
    if (pbuf_copy_partial(p, &h, sizeof(h), header) != sizeof(h) ||
        h.type != g->kind->reply || h.code || !g->id ||
        ntohs(h.un.echo.id) != g->id || pbuf_remove_header(p, header))
        return 0;
    if (!sum_right(g, p)) {
        pbuf_add_header_force(p, header); /* a page has no room to lwIP */
        return 0;
    }
    datagrams_put(&g->base, p, from, 0);
    return 1;
}

raw_input_state_t __real_raw_input(struct pbuf *p, struct netif *from);
void __real_raw_netif_ip_addr_changed(const ip_addr_t *old,
                                      const ip_addr_t *now);

static int input(struct pbuf *p, struct netif *from)
{
    return (int)__real_raw_input(p, from);
}

static const struct quirk_raw raw = {input, __real_raw_netif_ip_addr_changed};

struct socket *ping_new(int family)
{
    struct ping *g = calloc(1, sizeof(*g));
    const bool v6 = family == AF_INET6;

    if (!g)
        return NULL;
    quirk_raw = &raw;
    datagrams_init(&g->base, family, &ping_ops);
    g->kind = &kinds[v6];
    g->pcb = raw_new_ip_type(v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4,
                             g->kind->protocol);
    if (!g->pcb) {
        free(g);
        return NULL;
    }
    g->base.pcb = (struct ip_pcb *)g->pcb;
    g->base.protocol = g->kind->protocol;
    g->base.socket.v6only = v6;
    g->pcb->chksum_reqd = v6;
    g->pcb->chksum_offset = CHECKSUM_AT;
    raw_recv(g->pcb, on_recv, g);
    g->next = pings;
    pings = g;
    return &g->base.socket;
}

static bool is_taken(uint16_t id)
{
    const struct ping *g = pings;

    while (g && g->id != id)
        g = g->next;
    return g != NULL;
}

static void need_id(struct ping *g)
{
    uint16_t id;

    if (g->id)
        return;
    do
        id = socket_random_port();
    while (is_taken(id));
    g->id = id;
}

static int ping_bind(struct socket *sock, const struct end *local)
{
    struct ping *g = ping_of(sock);
    ip_addr_t addr;
    int err;

    if (g->id)
        return -EINVAL;
    if ((err = end_local(sock, local, &addr)))
        return err;
    if (local->port && is_taken(local->port))
        return -EADDRINUSE;
    if (IP_IS_ANY_TYPE_VAL(addr))
        IP_SET_TYPE_VAL(addr, IPADDR_TYPE_V6);
    if (IP_GET_TYPE(&addr) != IP_GET_TYPE(&g->pcb->local_ip))
        return -EINVAL;
    raw_bind(g->pcb, &addr);
    g->id = local->port;
    need_id(g);
    return 0;
}

/* An id, and a way to an address: that of to or, without one, of the peer. */
static int prepare(struct ping *g, const struct end *to, ip_addr_t *addr,
                   int flags)
{
    int err;

    need_id(g);
    if (to && (err = end_remote(to, &g->pcb->local_ip, addr)))
        return err == -ENETUNREACH || err == -EAFNOSUPPORT ? -EINVAL : err;
    return socket_wait_route(&g->base.socket, addr, flags);
}

/* remote NULL: take it back. */
static int ping_connect(struct socket *sock, const struct end *remote)
{
    struct ping *g = ping_of(sock);
    ip_addr_t addr;
    int err;

    if (!remote) {
        raw_disconnect(g->pcb);
        return 0;
    }
    err = prepare(g, remote, &addr, 0);
    return err ? err : net_errno(raw_connect(g->pcb, &addr));
}

static bool is_request(const struct ping *g, const void *data, size_t n)
{
    struct icmphdr h;

    if (n < sizeof(h))
        return false;
    memcpy(&h, data, sizeof(h));
    return h.type == g->kind->request && h.code == 0;
}

static int send_one(struct ping *g, const void *data, size_t n,
                    const ip_addr_t *addr)
{
    struct pbuf *p = pbuf_alloc(PBUF_IP, (u16_t)n, PBUF_RAM);
    struct icmphdr *h;
    err_t err;

    if (!p)
        return -ENOBUFS;
    h = memcpy(p->payload, data, n);
    h->un.echo.id = htons(g->id);
    h->checksum = 0;
    if (!g->pcb->chksum_reqd)
        h->checksum = inet_chksum_pbuf(p);
    datagrams_address(&g->base, addr);
    err = raw_sendto(g->pcb, p, addr);
    pbuf_free(p);
    net_touch();
    if (err == ERR_VAL) /* lwIP's IP_SOF_BROADCAST */
        return -EACCES;
    if (err == ERR_MEM && net_full())
        return -EAGAIN;
    return net_errno(err);
}

static ssize_t ping_send(struct socket *sock, const void *data, size_t n,
                         int flags, const struct end *to)
{
    struct ping *g = ping_of(sock);
    const uint64_t deadline = socket_deadline(sock->send_timeout);
    ip_addr_t addr = g->pcb->remote_ip;
    int err;

    if (n > g->kind->size_max)
        return -EMSGSIZE;
    if (!is_request(g, data, n))
        return -EINVAL;
    if (!to && !(g->pcb->flags & RAW_FLAGS_CONNECTED))
        return -EDESTADDRREQ;
    if (g->base.shut_send)
        return -EPIPE;
    if ((err = prepare(g, to, &addr, flags)))
        return err;
    if ((err = send_one(g, data, n, &addr)) == -EAGAIN &&
        !(err = datagrams_await_room(&g->base, deadline, flags)) &&
        (err = send_one(g, data, n, &addr)) == -EAGAIN)
        err = -ENOBUFS;
    return err ? err : (ssize_t)n;
}

static int ping_shutdown(struct socket *sock, int how)
{
    struct ping *g = ping_of(sock);

    if (!(g->pcb->flags & RAW_FLAGS_CONNECTED))
        return -ENOTCONN;
    datagrams_shutdown(&g->base, how);
    return 0;
}

static int ping_local(struct socket *sock, struct end *end)
{
    struct ping *g = ping_of(sock);

    end_set(end,
            g->pcb->flags & RAW_FLAGS_CONNECTED
                ? datagrams_source(
                      &g->base, ip_route(&g->pcb->local_ip, &g->pcb->remote_ip))
                : &g->pcb->local_ip,
            g->id);
    return 0;
}

static int ping_remote(struct socket *sock, struct end *end)
{
    const struct ping *g = ping_of(sock);

    if (!(g->pcb->flags & RAW_FLAGS_CONNECTED))
        return -ENOTCONN;
    end_set(end, &g->pcb->remote_ip, 0);
    return 0;
}

static ssize_t ping_write(struct file *f, const void *data, size_t n)
{
    return ping_send(CONTAINER_OF(f, struct socket, file), data, n, 0, NULL);
}

static void ping_close(struct file *f)
{
    struct ping *g = CONTAINER_OF(f, struct ping, base.socket.file);
    struct ping **at = &pings;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    raw_remove(g->pcb);
    datagrams_drop(&g->base);
    free(g);
}

const struct socket_ops ping_ops = {
    .file = {.read = datagrams_read,
             .write = ping_write,
             .stat = socket_stat,
             .ready = datagrams_ready,
             .unread = datagrams_unread,
             .close = ping_close},
    .type = SOCK_DGRAM,
    .bind = ping_bind,
    .listen = datagrams_listen,
    .accept = datagrams_accept,
    .connect = ping_connect,
    .send = ping_send,
    .recv = datagrams_recv,
    .shutdown = ping_shutdown,
    .local = ping_local,
    .remote = ping_remote,
    .set = datagrams_set,
    .get = datagrams_get,
};

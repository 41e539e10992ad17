/* stream_option.c: a stream's options: see stream.h. */

#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define FLAG    1    /* a maximum that means: on or off */
#define DEFAULT (-1) /* a minimum, and a value: what it was at first */

const struct stream_options stream_default_options = {
    .ttl = TCP_TTL,
    .hops = TCP_TTL,
    .keep_idle = 7200,
    .keep_interval = 75,
    .keep_count = 9,
};

/* The ranges are Linux's. */
static const struct option {
    int level, name;
    size_t at; /* in struct stream_options */
    int min, max;
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, offsetof(struct stream_options, reuse), 0, FLAG},
    {SOL_SOCKET, SO_KEEPALIVE, offsetof(struct stream_options, keepalive), 0,
     FLAG},
    {SOL_SOCKET, SO_BROADCAST, offsetof(struct stream_options, broadcast), 0,
     FLAG},
    {IPPROTO_TCP, TCP_NODELAY, offsetof(struct stream_options, nodelay), 0,
     FLAG},
    {IPPROTO_IP, IP_TOS, offsetof(struct stream_options, tos), 0, 255},
    {IPPROTO_IP, IP_TTL, offsetof(struct stream_options, ttl), 1, 255},
    {IPPROTO_IPV6, IPV6_TCLASS, offsetof(struct stream_options, tclass),
     DEFAULT, 255},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, offsetof(struct stream_options, hops),
     DEFAULT, 255},
    {IPPROTO_TCP, TCP_KEEPIDLE, offsetof(struct stream_options, keep_idle), 1,
     32767},
    {IPPROTO_TCP, TCP_KEEPINTVL, offsetof(struct stream_options, keep_interval),
     1, 32767},
    {IPPROTO_TCP, TCP_KEEPCNT, offsetof(struct stream_options, keep_count), 1,
     127},
};

static const struct option *find(const struct stream *s, int level, int name)
{
    if (level == IPPROTO_IPV6 && s->socket.family != AF_INET6)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

static int *place(struct stream_options *s, const struct option *o)
{
    return (int *)(void *)((char *)s + o->at);
}

static void apply_flag(struct tcp_pcb *pcb, u8_t bit, int on)
{
    if (on)
        ip_set_option(pcb, bit);
    else
        ip_reset_option(pcb, bit);
}

void stream_apply_options(struct stream *s)
{
    const struct stream_options *o = &s->options;
    struct tcp_pcb *pcb = s->pcb;
    bool v6;

    if (!pcb)
        return;
    v6 = IP_IS_V6_VAL(pcb->remote_ip);
    apply_flag(pcb, SOF_REUSEADDR, o->reuse);
    apply_flag(pcb, SOF_KEEPALIVE, o->keepalive);
    pcb->tos = (u8_t)(v6 ? o->tclass : o->tos);
    pcb->ttl = (u8_t)(v6 ? o->hops : o->ttl);
    if (s->state == LISTENING)
        return; /* a listener's pcb is shorter */
    if (o->nodelay)
        tcp_nagle_disable(pcb);
    else
        tcp_nagle_enable(pcb);
    pcb->keep_idle = (u32_t)o->keep_idle * 1000;
    pcb->keep_intvl = (u32_t)o->keep_interval * 1000;
    pcb->keep_cnt = (u32_t)o->keep_count;
}

int stream_set(struct socket *sock, int level, int name, int value)
{
    struct stream *s = stream_of(sock);
    const struct option *o = find(s, level, name);
    struct stream_options defaults = stream_default_options;

    if (!o)
        return -ENOPROTOOPT;
    if (o->max == FLAG)
        value = value != 0;
    if (value < o->min || value > o->max)
        return -EINVAL;
    *place(&s->options, o) = value == DEFAULT ? *place(&defaults, o) : value;
    stream_apply_options(s);
    return 0;
}

int stream_get(struct socket *sock, int level, int name, int *value)
{
    struct stream *s = stream_of(sock);
    const struct option *o = find(s, level, name);

    if (o)
        *value = *place(&s->options, o);
    else if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF))
        *value = (int)TCP_WND; /* one size both ways */
    else if (level == SOL_SOCKET && name == SO_ACCEPTCONN)
        *value = s->state == LISTENING;
    else if (level == SOL_SOCKET && name == SO_PROTOCOL)
        *value = IPPROTO_TCP;
    else if (level == IPPROTO_TCP && name == TCP_MAXSEG)
        *value = s->state == CONNECTED && s->pcb ? s->pcb->mss : TCP_MSS;
    else
        return -ENOPROTOOPT;
    return 0;
}

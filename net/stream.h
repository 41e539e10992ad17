/*
 * stream.h: a stream socket, for the three files that make it: connection.c
 * has its beginning (bind, listen, accept, connect) and what lwIP tells it,
 * stream_option.c its options, stream.c the rest.
 */
#pragma once

#include <stdbool.h>

#include <lwip/tcp.h>

#include "lib/util.h"
#include "net/budget.h"
#include "net/inbox.h"
#include "net/lwip.h"
#include "net/socket.h"

struct stream_options {
    int reuse, keepalive, broadcast, nodelay; /* 0 or 1 */
    int tos, ttl;                             /* of IPv4 */
    int tclass, hops;                         /* of IPv6 */
    int keep_idle, keep_interval, keep_count; /* seconds; how often */
};

struct stream {
    struct socket socket; /* first */
    enum { NEW, LISTENING, CONNECTING, CONNECTED } state;
    struct tcp_pcb *pcb; /* NULL: none yet, or lwIP goes on without us */
    struct inbox inbox;  /* received, not read */
    bool eof;            /* the peer will send no more */
    bool shut_recv, shut_send;
    bool full;                /* someone waits to send */
    bool lingering;           /* close() waits for the last acknowledgement */
    struct net_waiter output; /* what was written is to be sent */
    struct stream_options options;
    /* A listener's connections that nobody has accepted yet. */
    struct stream *first, *last, *next;
    int pending, backlog;
    bool starved; /* one was refused for want of memory: accept() says so */
};

static inline struct stream *stream_of(struct socket *s)
{
    return CONTAINER_OF(s, struct stream, socket);
}

static inline void stream_changed(struct stream *s)
{
    file_changed(&s->socket.file);
}

/* How long its queue may be: at least a segment, so that any number of peers
 * that do not read leave something for others. */
static inline size_t stream_share(const struct stream *s)
{
    size_t share;

    if (budget_low())
        return 0;
    share = budget_share();
    return share > s->pcb->mss ? share : s->pcb->mss;
}

/* Bytes that it may queue now, of this share. */
static inline size_t stream_rest(const struct stream *s, size_t share)
{
    size_t left = s->pcb->snd_buf; /* tcp_sndbuf() says 65,535 at most */
    size_t queued = left < TCP_SND_BUF ? TCP_SND_BUF - left : 0;

    if (queued >= share)
        return 0;
    return share - queued < left ? share - queued : left;
}

/* Worth waking a writer for?  Where nothing is queued it is, but when memory
 * is low. */
static inline bool stream_writable(const struct stream *s)
{
    size_t share, room;

    if (s->pcb->snd_buf >= TCP_SND_BUF)
        return !budget_low();
    share = stream_share(s);
    room = stream_rest(s, share);
    return (room >= TCP_SNDLOWAT || room > share / 2) &&
           tcp_sndqueuelen(s->pcb) < TCP_SNDQUEUELOWAT;
}

/* lwIP finishes the connection alone and must not know us any more: it frees
 * a pcb in TIME_WAIT without a word. */
void stream_let_go(struct stream *s);

/* stream_option.c: the options of a new stream; give the pcb, if there is
 * one, those of s. */
extern const struct stream_options stream_default_options;
void stream_apply_options(struct stream *s);
int stream_set(struct socket *sock, int level, int name, int value);
int stream_get(struct socket *sock, int level, int name, int *value);

int stream_bind(struct socket *sock, const struct end *local);
int stream_listen(struct socket *sock, int backlog);
int stream_accept(struct socket *sock, struct socket **accepted);
int stream_connect(struct socket *sock, const struct end *remote);

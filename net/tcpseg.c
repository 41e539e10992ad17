/* tcpseg.c: lwIP's TCP segments, from outside: see tcpseg.h. */

#include "net/tcpseg.h"

#include <string.h>

#include "net/budget.h"
#include "net/payload.h"

#define PIECES_MAX 0x8000u /* of a connection: lwIP counts them in 16 bits */

/* Where payload byte n of a segment lies: the link to the pbuf that has it, and
 * where in that. */
static struct pbuf **locate(struct tcp_seg *seg, u16_t n, u16_t *at)
{
    struct pbuf **link = &seg->p;
    u16_t skip = (u16_t)(seg->p->tot_len - seg->len + n);

    for (; skip >= (*link)->len; link = &(*link)->next)
        skip = (u16_t)(skip - (*link)->len);
    *at = skip;
    return link;
}

/* The bytes of p from at on, which stay where they are if they ever do. */
static struct pbuf *tail_of(struct pbuf *p, u16_t at)
{
    const u16_t n = (u16_t)(p->len - at);
    const uint8_t *from = (const uint8_t *)p->payload + at;
    struct pbuf *tail;

    if (payload_stays(p))
        return payload_tail(p, at);
    tail = pbuf_alloc(PBUF_RAW, n, PBUF_RAM);
    if (tail)
        memcpy(tail->payload, from, n);
    return tail;
}

/* A segment with room for n bytes behind its header.  lwIP frees it as one of
 * its own (MEMP_MEM_MALLOC). */
static struct tcp_seg *make(const struct tcp_pcb *pcb, u32_t seqno, u16_t flags,
                            size_t n)
{
    struct pbuf *p = pbuf_alloc(PBUF_IP, (u16_t)(TCP_HLEN + n), PBUF_RAM);
    struct tcp_seg *seg = p ? budget_malloc(sizeof(*seg)) : NULL;
    struct tcp_hdr *header;

    if (!seg) {
        if (p)
            pbuf_free(p);
        return NULL;
    }
    header = p->payload; /* the rest is filled in when it is sent */
    header->src = lwip_htons(pcb->local_port);
    header->dest = lwip_htons(pcb->remote_port);
    header->seqno = lwip_htonl(seqno);
    header->urgp = 0;
    TCPH_HDRLEN_FLAGS_SET(header, TCP_HLEN / 4, flags);
    seg->next = NULL;
    seg->p = p;
    seg->len = 0;
    seg->flags = 0;
    seg->tcphdr = header;
    return seg;
}

/* What seg's chain has from link on, or what tail holds of that, goes to the
 * end of to's. */
static void move_payload(struct tcp_seg *seg, struct pbuf **link,
                         struct pbuf *tail, struct pbuf *to)
{
    struct pbuf *p = *link, *rest = p;
    u16_t moved;

    if (tail) {
        p->len = (u16_t)(p->len - tail->len);
        rest = tail;
        if (p->next)
            pbuf_cat(tail, p->next);
        p->next = NULL;
    } else {
        *link = NULL;
    }
    moved = rest->tot_len;
    for (struct pbuf *q = seg->p; q; q = q->next)
        q->tot_len = (u16_t)(q->tot_len - moved);
    seg->len = (u16_t)(seg->len - moved);
    pbuf_cat(to, rest);
}

bool tcpseg_cut(struct tcp_pcb *pcb, struct tcp_seg *seg, u16_t n)
{
    struct pbuf **link, *tail = NULL;
    struct tcp_seg *new;
    u16_t at;

    if (seg->p->ref != 1 || seg->flags || pcb->snd_queuelen >= PIECES_MAX ||
        pcb->lastack - lwip_ntohl(seg->tcphdr->seqno) - n - 1 < seg->len)
        return false;
    if (!(new = make(pcb, lwip_ntohl(seg->tcphdr->seqno) + n,
                     TCPH_FLAGS(seg->tcphdr) & (TCP_PSH | TCP_FIN), 0)))
        return false;
    link = locate(seg, n, &at);
    if (at && !(tail = tail_of(*link, at))) {
        tcp_seg_free(new);
        return false;
    }
    new->len = (u16_t)(seg->len - n);
    move_payload(seg, link, tail, new->p);
    TCPH_UNSET_FLAG(seg->tcphdr, TCP_PSH | TCP_FIN);
    new->next = seg->next;
    seg->next = new;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + (tail ? 2 : 1));
    if (!new->next)
        pcb->unsent_oversize = 0;
    return true;
}

bool tcpseg_drop_arrived(struct tcp_pcb *pcb, struct tcp_seg **queue)
{
    struct tcp_seg *seg = *queue;
    u32_t arrived;

    if (!seg)
        return true;
    arrived = pcb->lastack - lwip_ntohl(seg->tcphdr->seqno);
    if (arrived == 0 || arrived >= seg->len)
        return true;
    if (!tcpseg_cut(pcb, seg, (u16_t)arrived))
        return false;
    pcb->snd_buf += arrived; /* which lwIP counts by whole segments */
    *queue = seg->next;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen - pbuf_clen(seg->p));
    tcp_seg_free(seg);
    return true;
}

struct tcp_seg *tcpseg_last(const struct tcp_pcb *pcb)
{
    struct tcp_seg *last = pcb->unsent;

    while (last && last->next)
        last = last->next;
    return last;
}

/* May lwIP's last unsent segment get n more bytes? */
static bool is_open(const struct tcp_seg *last, u32_t n, u32_t limit)
{
    return last && last->len && last->len + n <= limit && !last->flags &&
           !(TCPH_FLAGS(last->tcphdr) & (TCP_SYN | TCP_FIN));
}

/* n more bytes are queued in seg. */
static void count(struct tcp_pcb *pcb, struct tcp_seg *seg, size_t n, bool push)
{
    seg->len = (u16_t)(seg->len + n);
    if (push)
        TCPH_SET_FLAG(seg->tcphdr, TCP_PSH);
    pcb->unsent_oversize = 0; /* lwIP has reserved nothing behind it */
    pcb->snd_lbb += (u32_t)n;
    pcb->snd_buf -= (u32_t)n;
}

size_t tcpseg_extend(struct tcp_pcb *pcb, struct tcp_seg *last,
                     const void *data, size_t n, u32_t limit, bool more)
{
    struct pbuf *tail;
    size_t m;

    if (!is_open(last, 1, limit))
        return 0;
    m = LWIP_MIN(limit - last->len, pcb->snd_buf);
    m = LWIP_MIN(m, n);
    for (tail = last->p; tail->next; tail = tail->next)
        ;
    if (m == 0 || !(m = payload_extend(tail, data, m)))
        return 0;
    for (struct pbuf *p = last->p; p; p = p->next)
        p->tot_len = (u16_t)(p->tot_len + m);
    tail->len = (u16_t)(tail->len + m);
    count(pcb, last, m, m == n && !more);
    return m;
}

bool tcpseg_write(struct tcp_pcb *pcb, const void *data, u16_t n)
{
    struct tcp_seg *seg;

    if (n > pcb->snd_buf || pcb->snd_queuelen >= TCP_SND_QUEUELEN ||
        !(seg = make(pcb, pcb->snd_lbb, 0, n)))
        return false;
    memcpy(seg->tcphdr + 1, data, n);
    pcb->unsent = seg;
    pcb->snd_queuelen++;
    count(pcb, seg, n, true);
    return true;
}

bool tcpseg_append(struct tcp_pcb *pcb, struct tcp_seg *last,
                   struct pbuf *payload, u32_t limit, bool push)
{
    const u16_t n = payload->tot_len, pieces = pbuf_clen(payload);
    struct tcp_seg *seg = last;

    if (n > pcb->snd_buf || pcb->snd_queuelen + pieces >= TCP_SND_QUEUELEN)
        return false;
    if (!is_open(last, n, limit)) {
        if (!(seg = make(pcb, pcb->snd_lbb, 0, 0)))
            return false;
        pcb->snd_queuelen++;
        if (last)
            last->next = seg;
        else
            pcb->unsent = seg;
    }
    pbuf_cat(seg->p, payload);
    count(pcb, seg, n, push);
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + pieces);
    return true;
}

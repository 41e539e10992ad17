/* tcpout.c: what TCP sends over IPv4: see tcpout.h. */

#include "net/tcpout.h"

#include <stdbool.h>

#include <lwip/ip4.h>
#include <lwip/priv/tcp_priv.h>

#include "net/frame.h"
#include "net/gso.h"
#include "net/iface.h"
#include "net/plain.h"
#include "net/recovery.h"
#include "net/route.h"

/* The frame that p, a segment, makes, with more of IP's header in like; NULL:
 * lwIP must make it.  What exceeds the MTU is cut later, or refused. */
static struct buf *frame_of(const struct ip_hdr *like, const struct pbuf *p,
                            struct iface *i)
{
    struct buf *b = buf_alloc();
    struct plain *h;

    if (!b)
        return NULL;
    h = (void *)b->page;
    h->ip = *like;
    h->ip._len = lwip_htons((u16_t)(sizeof(*like) + p->tot_len));
    h->ip._proto = IP_PROTO_TCP;
    if (!plain_address(h, &i->netif)) {
        buf_free(b);
        return NULL;
    }
    b->len = sizeof(*h);
    b = frame_append(b, p, net_counts(i->net));
    if (!b)
        return NULL;
    ((struct tcp_hdr *)(void *)(h + 1))->chksum = plain_pseudo_sum(h);
    b->flags = BUF_CSUM_BLANK;
    b->gso_size = gso_size(&i->netif, sizeof(*like) + p->tot_len, false);
    return b;
}

err_t __real_ip4_output_if(struct pbuf *p, const ip4_addr_t *src,
                           const ip4_addr_t *dest, u8_t ttl, u8_t tos,
                           u8_t proto, struct netif *netif);

err_t __wrap_ip4_output_if(struct pbuf *p, const ip4_addr_t *src,
                           const ip4_addr_t *dest, u8_t ttl, u8_t tos,
                           u8_t proto, struct netif *netif)
{
    struct iface *i = proto == IP_PROTO_TCP ? iface_of(netif) : NULL;
    struct buf *b = NULL;

    if (i && !i->full)
        b = frame_of(&(const struct ip_hdr){._tos = tos,
                                            ._ttl = ttl,
                                            .src.addr = src->addr,
                                            .dest.addr = dest->addr},
                     p, i);
    return b ? iface_send(i, b)
             : __real_ip4_output_if(p, src, dest, ttl, tos, proto, netif);
}

/* Only the one segment, for the first time, and it may go. */
static bool is_alone(const struct tcp_pcb *pcb, const struct tcp_seg *seg)
{
    const u32_t seqno = lwip_ntohl(seg->tcphdr->seqno);

    return !seg->next && seg->len <= pcb->mss && pcb->state == ESTABLISHED &&
           !(pcb->flags & TF_TROUBLE) && seqno == pcb->snd_nxt &&
           seqno - pcb->lastack + seg->len <=
               LWIP_MIN(pcb->snd_wnd, pcb->cwnd) &&
           tcp_do_output_nagle(pcb) && seg->p->ref == 1 &&
           seg->p->payload == seg->tcphdr && IP_IS_V4_VAL(pcb->remote_ip) &&
           pcb->netif_idx == NETIF_NO_INDEX;
}

/* Send it. */
static bool send_alone(struct tcp_pcb *pcb, struct tcp_seg *seg)
{
    const ip4_addr_t *from = ip_2_ip4(&pcb->local_ip),
                     *to = ip_2_ip4(&pcb->remote_ip);
    struct netif *netif = route_v4(from, to);
    struct iface *i = netif ? iface_of(netif) : NULL;
    struct buf *b;

    if (!i || i->full)
        return false;
    TCPH_SET_FLAG(seg->tcphdr, TCP_ACK);
    seg->tcphdr->ackno = lwip_htonl(pcb->rcv_nxt);
    seg->tcphdr->wnd =
        lwip_htons(TCPWND_MIN16(RCV_WND_SCALE(pcb, pcb->rcv_ann_wnd)));
    b = frame_of(&(const struct ip_hdr){._tos = pcb->tos,
                                        ._ttl = pcb->ttl,
                                        .src.addr = from->addr,
                                        .dest.addr = to->addr},
                 seg->p, i);
    return b && iface_send(i, b) == ERR_OK;
}

/* What is different then. */
static void sent(struct tcp_pcb *pcb, struct tcp_seg *seg)
{
    struct tcp_seg **end = &pcb->unacked;

    while (*end)
        end = &(*end)->next;
    *end = seg;
    pcb->unsent = NULL;
    if (!pcb->rttest) {
        pcb->rttest = tcp_ticks;
        pcb->rtseq = pcb->snd_nxt;
    }
    pcb->snd_nxt += seg->len;
    pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_ann_wnd;
    if (pcb->rtime < 0)
        pcb->rtime = 0;
    pcb->persist_backoff = 0;
    pcb->unsent_oversize = 0;
    tcp_clear_flags(pcb, TF_ACK_DELAY | TF_ACK_NOW | TF_NAGLEMEMERR);
}

err_t __real_tcp_output(struct tcp_pcb *pcb);

err_t __wrap_tcp_output(struct tcp_pcb *pcb)
{
    struct tcp_seg *seg = pcb->unsent;
    err_t err;

    if (tcp_input_pcb == pcb) /* then it does nothing now */
        return ERR_OK;
    if (seg && is_alone(pcb, seg) && send_alone(pcb, seg)) {
        sent(pcb, seg);
        return ERR_OK;
    }
    recovery_continue(pcb);
    gso_fit(pcb);
    err = __real_tcp_output(pcb);
    recovery_settle(pcb);
    if (!pcb->unsent) /* what lwIP probed a closed window with has arrived */
        pcb->persist_backoff = 0;
    return err;
}

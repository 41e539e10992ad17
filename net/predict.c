/* predict.c: TCP segments that are expected: see predict.h. */

#include "net/predict.h"

#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "net/frame.h"
#include "net/gso.h"
#include "net/plain.h"
#include "net/recovery.h"

#define HEADERS   (sizeof(struct plain) + TCP_HLEN)
#define LOOKED_AT 32 /* pcbs: those that were busy last come first */

/* No options, an acknowledgement, perhaps pushed, and nothing else. */
#define PLAIN_TCP PP_HTONS(TCP_HLEN / 4 << 12 | TCP_ACK)

static bool is_of(const struct tcp_pcb *pcb, const struct plain *h,
                  const struct tcp_hdr *tcp)
{
    return pcb->remote_port == lwip_ntohs(tcp->src) &&
           pcb->local_port == lwip_ntohs(tcp->dest) &&
           IP_IS_V4_VAL(pcb->remote_ip) &&
           ip_2_ip4(&pcb->remote_ip)->addr == h->ip.src.addr &&
           ip_2_ip4(&pcb->local_ip)->addr == h->ip.dest.addr &&
           pcb->netif_idx == NETIF_NO_INDEX;
}

/* The connection, which comes first in lwIP's list from now on, as there. */
static struct tcp_pcb *find(const struct plain *h, const struct tcp_hdr *tcp)
{
    struct tcp_pcb **link = &tcp_active_pcbs, *pcb;

    for (unsigned n = 0; (pcb = *link) && n < LOOKED_AT; n++) {
        if (is_of(pcb, h, tcp)) {
            if (n == 0)
                return pcb;
            *link = pcb->next;
            pcb->next = tcp_active_pcbs;
            tcp_active_pcbs = pcb;
            return pcb;
        }
        link = &pcb->next;
    }
    return NULL;
}

/* In order, within the window, and news: n bytes of data, or that ours have
 * arrived. */
static bool is_expected(const struct tcp_pcb *pcb, const struct tcp_hdr *tcp,
                        size_t n)
{
    const u32_t arrived = lwip_ntohl(tcp->ackno) - pcb->lastack;

    return pcb->state == ESTABLISHED &&
           !(pcb->flags & (TF_RXCLOSED | TF_TROUBLE)) &&
           lwip_ntohl(tcp->seqno) == pcb->rcv_nxt && n <= pcb->rcv_wnd &&
           arrived <= pcb->snd_nxt - pcb->lastack && (n || arrived) &&
           !pcb->ooseq && !pcb->refused_data && pcb->recv &&
           (!pcb->unsent ||
            lwip_ntohl(pcb->unsent->tcphdr->seqno) == pcb->snd_nxt);
}

/* RFC 9293, 3.10.7.4 */
static void follow_window(struct tcp_pcb *pcb, u32_t seqno, u32_t ackno,
                          u32_t window)
{
    if (!TCP_SEQ_LT(pcb->snd_wl1, seqno) &&
        !(pcb->snd_wl1 == seqno && TCP_SEQ_LT(pcb->snd_wl2, ackno)) &&
        !(pcb->snd_wl2 == ackno && window > pcb->snd_wnd))
        return;
    pcb->snd_wnd = window;
    pcb->snd_wnd_max = LWIP_MAX(pcb->snd_wnd_max, window);
    pcb->snd_wl1 = seqno;
    pcb->snd_wl2 = ackno;
}

/* Slow start (RFC 3465, 2.2), then congestion avoidance (2.1). */
static void open_window(struct tcp_pcb *pcb, u32_t arrived)
{
    if (pcb->cwnd < pcb->ssthresh) {
        TCP_WND_INC(pcb->cwnd, LWIP_MIN(arrived, 2u * pcb->mss));
        return;
    }
    TCP_WND_INC(pcb->bytes_acked, arrived);
    if (pcb->bytes_acked >= pcb->cwnd) {
        pcb->bytes_acked -= pcb->cwnd;
        TCP_WND_INC(pcb->cwnd, pcb->mss);
    }
}

/* Free the segments that have arrived whole: their bytes. */
static u32_t free_arrived(struct tcp_pcb *pcb)
{
    struct tcp_seg *seg;
    u32_t n = 0;

    while (
        (seg = pcb->unacked) &&
        TCP_SEQ_LEQ(lwip_ntohl(seg->tcphdr->seqno) + seg->len, pcb->lastack)) {
        pcb->unacked = seg->next;
        pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen - pbuf_clen(seg->p));
        n += seg->len;
        tcp_seg_free(seg);
    }
    return n;
}

static void set_timeout(struct tcp_pcb *pcb)
{
    pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
}

/* The one segment that is timed has arrived (RFC 6298, 2, in lwIP's units). */
static void measure(struct tcp_pcb *pcb)
{
    const int error = (int)(tcp_ticks - pcb->rttest) - (pcb->sa >> 3);

    pcb->sa = (s16_t)(pcb->sa + error);
    pcb->sv = (s16_t)(pcb->sv + (error < 0 ? -error : error) - (pcb->sv >> 2));
    pcb->rttest = 0;
    set_timeout(pcb);
}

/* What was under way has arrived up to ackno: bytes that are not under way any
 * more, for the program to be told. */
static u32_t advance(struct tcp_pcb *pcb, u32_t ackno)
{
    u32_t freed;

    open_window(pcb, ackno - pcb->lastack);
    pcb->lastack = ackno;
    pcb->nrtx = pcb->dupacks = pcb->polltmr = 0;
    freed = free_arrived(pcb);
    pcb->snd_buf += freed;
    pcb->rtime = pcb->unacked ? 0 : -1;
    set_timeout(pcb);
    return freed;
}

static void take(struct tcp_pcb *pcb, struct pbuf *p)
{
    pcb->rcv_nxt += p->tot_len;
    pcb->rcv_wnd -= p->tot_len;
    tcp_update_rcv_ann_wnd(pcb);
    gso_received(pcb, p);
    tcp_ack(pcb);
}

/* As lwIP, which sends nothing before both callbacks have returned. */
static void tell(struct tcp_pcb *pcb, u32_t freed, struct pbuf *p)
{
    tcp_input_pcb = pcb;
    for (u32_t n; freed; freed -= n) {
        n = LWIP_MIN(freed, UINT16_MAX);
        if (pcb->sent)
            pcb->sent(pcb->callback_arg, pcb, (u16_t)n);
    }
    if (p)
        pcb->recv(pcb->callback_arg, pcb, p, ERR_OK);
    tcp_input_pcb = NULL;
    if (pcb->unsent || pcb->flags & TF_ACK_NOW)
        tcp_output(pcb);
}

bool predict_received(const struct plain *h, struct buf *b,
                      struct net_counts *counts)
{
    const struct tcp_hdr *tcp = (const void *)(h + 1);
    const size_t n = plain_size(h) - TCP_HLEN;
    const u32_t seqno = lwip_ntohl(tcp->seqno), ackno = lwip_ntohl(tcp->ackno);
    const u32_t window = lwip_ntohs(tcp->wnd);
    struct tcp_pcb *pcb;
    struct pbuf *p = NULL;
    u32_t freed = 0;

    if ((tcp->_hdrlen_rsvd_flags & ~PP_HTONS(TCP_PSH)) != PLAIN_TCP ||
        (b->next && buf_total(b) != HEADERS + n) || !(pcb = find(h, tcp)) ||
        !is_expected(pcb, tcp, n))
        return false;
    b->off = (uint16_t)(b->off + HEADERS);
    b->len = (uint16_t)(b->next ? b->len - HEADERS : n);
    if (!n)
        buf_free(b);
    else if (!(p = frame_payload(b, counts)))
        return true;
    pcb->tmr = tcp_ticks;
    pcb->keep_cnt_sent = pcb->persist_probe = 0;
    follow_window(pcb, seqno, ackno, SND_WND_SCALE(pcb, window));
    if (ackno != pcb->lastack)
        freed = advance(pcb, ackno);
    if (pcb->rttest && TCP_SEQ_LT(pcb->rtseq, ackno))
        measure(pcb);
    if (p)
        take(pcb, p);
    tell(pcb, freed, p);
    return true;
}

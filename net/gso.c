/* gso.c: TCP segments larger than the MSS: see gso.h. */

#include "net/gso.h"

#include <stdbool.h>
#include <string.h>

#include <lwip/ip.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "lib/util.h"

#define LINK_HEADER 14
#define PAYLOAD_MAX                                                            \
    (16 * 4096 - 512) /* in 64 KB with all headers, and in 17                  \
                         slots, wherever its pages begin */
#define WINDOW_PART 4 /* a segment is so much of it: acknowledgements flow */

/* Can segments be larger than the MSS on the way to its peer? */
static bool is_offloaded(const struct tcp_pcb *pcb)
{
    const struct netif *netif = pcb->netif_idx != NETIF_NO_INDEX
                                    ? netif_get_by_index(pcb->netif_idx)
                                    : ip_route(&pcb->local_ip, &pcb->remote_ip);

    return netif && netif->chksum_flags &
                        (IP_IS_V6_VAL(pcb->remote_ip) ? GSO_V6 : GSO_V4);
}

/* How much may be under way when what is written now is sent: in slow start the
 * window has grown by then, by all that is to be acknowledged before. */
static u32_t window_then(const struct tcp_pcb *pcb)
{
    u32_t window = pcb->cwnd;

    if (window < pcb->ssthresh)
        window += pcb->snd_lbb - pcb->lastack;
    return LWIP_MIN(pcb->snd_wnd_max, window);
}

/* The MSS at which lwIP may add to what is unsent.  In trouble segments are
 * small, so that what was lost is all that is sent again. */
static u16_t raised(const struct tcp_pcb *pcb, u16_t n)
{
    const struct tcp_seg *last = pcb->unsent;
    const u32_t window = window_then(pcb) / WINDOW_PART;
    u32_t size = pcb->mss, least = 0;

    while (last && last->next)
        last = last->next;
    if (last) /* what it has, and what lwIP has reserved for it, stays in it */
        least = (u32_t)last->len + pcb->unsent_oversize;
    if (least + n > size && !(pcb->flags & (TF_RTO | TF_INFR)) &&
        window >= 2 * size && is_offloaded(pcb))
        size = LWIP_MIN(window, PAYLOAD_MAX) / size * size;
    return (u16_t)LWIP_MAX(size, least);
}

err_t gso_write(struct tcp_pcb *pcb, const void *data, u16_t n, u8_t flags)
{
    const u16_t mss = pcb->mss;
    err_t err;

    pcb->mss = raised(pcb, n);
    err = tcp_write(pcb, data, n, flags);
    pcb->mss = mss;
    return err;
}

u16_t gso_size(const struct netif *netif, const struct pbuf *p)
{
    const u16_t most = (u16_t)(netif->mtu - IP6_HLEN - TCP_HLEN);
    const struct tcp_pcb *pcb;

    if (p->tot_len <= netif->mtu + LINK_HEADER)
        return 0;
    if (!netif->hints) /* it has waited for a neighbour's address */
        return most;
    pcb = CONTAINER_OF(netif->hints, const struct tcp_pcb, netif_hints);
    return LWIP_MIN(pcb->mss, most);
}

/* Where payload byte n of a segment lies: the pbuf that has it, where in that,
 * and the pbuf before. */
static struct pbuf *locate(const struct tcp_seg *seg, u16_t n,
                           struct pbuf **before, u16_t *at)
{
    struct pbuf *p = seg->p;
    u16_t skip = (u16_t)(p->tot_len - seg->len + n);

    *before = NULL;
    while (skip >= p->len) {
        skip = (u16_t)(skip - p->len);
        *before = p;
        p = p->next;
    }
    *at = skip;
    return p;
}

/* The bytes of p from at on, which stay where they are if they never move. */
static struct pbuf *tail_of(const struct pbuf *p, u16_t at)
{
    const bool is_rom =
        (p->type_internal & (PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS |
                             PBUF_TYPE_FLAG_DATA_VOLATILE)) == 0;
    const u16_t n = (u16_t)(p->len - at);
    uint8_t *from = (uint8_t *)p->payload + at;
    struct pbuf *tail = pbuf_alloc(PBUF_RAW, n, is_rom ? PBUF_ROM : PBUF_RAM);

    if (tail && is_rom)
        tail->payload = from;
    else if (tail)
        memcpy(tail->payload, from, n);
    return tail;
}

/* An empty segment that follows payload byte n of seg: its header is all. */
static struct tcp_seg *following(const struct tcp_seg *seg, u16_t n)
{
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, TCP_HLEN, PBUF_RAM);
    struct tcp_seg *new = p ? memp_malloc(MEMP_TCP_SEG) : NULL;

    if (!new) {
        if (p)
            pbuf_free(p);
        return NULL;
    }
    *new = (struct tcp_seg){.p = p, .tcphdr = p->payload, .flags = seg->flags};
    *new->tcphdr = (struct tcp_hdr){
        .src = seg->tcphdr->src,
        .dest = seg->tcphdr->dest,
        .seqno = lwip_htonl(lwip_ntohl(seg->tcphdr->seqno) + n),
    };
    TCPH_HDRLEN_FLAGS_SET(new->tcphdr, TCP_HLEN / 4,
                          TCPH_FLAGS(seg->tcphdr) & (TCP_PSH | TCP_FIN));
    return new;
}

/* What seg's chain has behind before, or behind the first `at` bytes of the
 * pbuf after it, goes to the end of to's. */
static void move_payload(struct tcp_seg *seg, struct pbuf *before,
                         struct pbuf *p, struct pbuf *tail, struct pbuf *to)
{
    struct pbuf *rest = p;
    u16_t moved;

    if (tail) {
        p->len = (u16_t)(p->len - tail->len);
        rest = tail;
        if (p->next)
            pbuf_cat(tail, p->next);
        p->next = NULL;
    } else {
        before->next = NULL;
    }
    moved = rest->tot_len;
    for (struct pbuf *q = seg->p; q; q = q->next)
        q->tot_len = (u16_t)(q->tot_len - moved);
    seg->len = (u16_t)(seg->len - moved);
    pbuf_cat(to, rest);
}

/* Leave n bytes in seg, of either queue, and make the rest the next one; false:
 * no memory, or seg waits in lwIP's ARP queue.  Data without options only. */
static bool cut(struct tcp_pcb *pcb, struct tcp_seg *seg, u16_t n)
{
    struct pbuf *before, *p, *tail = NULL;
    struct tcp_seg *new;
    u16_t at;

    if (seg->p->ref != 1 || seg->flags)
        return false;
    p = locate(seg, n, &before, &at);
    if (at && !(tail = tail_of(p, at)))
        return false;
    if (!(new = following(seg, n))) {
        if (tail)
            pbuf_free(tail);
        return false;
    }
    new->len = (u16_t)(seg->len - n);
    move_payload(seg, before, p, tail, new->p);
    TCPH_UNSET_FLAG(seg->tcphdr, TCP_PSH | TCP_FIN);
    new->next = seg->next;
    seg->next = new;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen + (tail ? 2 : 1));
    if (!new->next)
        pcb->unsent_oversize = 0;
    return true;
}

/* What has arrived of the first segment in a queue must not be sent again: a
 * segment that ends before pcb->lastack would never fit into lwIP's window.
 * False: no memory. */
static bool drop_arrived(struct tcp_pcb *pcb, struct tcp_seg **queue)
{
    struct tcp_seg *seg = *queue;
    u32_t arrived;

    if (!seg)
        return true;
    arrived = pcb->lastack - lwip_ntohl(seg->tcphdr->seqno);
    if (arrived == 0 || arrived >= seg->len)
        return true;
    if (!cut(pcb, seg, (u16_t)arrived))
        return false;
    pcb->snd_buf += arrived; /* which lwIP counts by whole segments */
    *queue = seg->next;
    pcb->snd_queuelen = (u16_t)(pcb->snd_queuelen - pbuf_clen(seg->p));
    tcp_seg_free(seg);
    return true;
}

/* Make the first segment fit; false: no memory. */
static bool fit(struct tcp_pcb *pcb)
{
    const u32_t window = LWIP_MIN(pcb->snd_wnd, pcb->cwnd);
    u32_t at, room;

    if (!drop_arrived(pcb, &pcb->unsent))
        return false;
    at = lwip_ntohl(pcb->unsent->tcphdr->seqno) - pcb->lastack;
    if (at + pcb->unsent->len <= window || (pcb->unacked && at > 0))
        return true;
    room = at < window ? (window - at) / pcb->mss * pcb->mss : 0;
    room = LWIP_MAX(room, pcb->mss);
    return room >= pcb->unsent->len || cut(pcb, pcb->unsent, (u16_t)room);
}

/* lwIP sends a segment whole or not at all.  One too large for the window is
 * cut as soon as no acknowledgement is to come that could enlarge that. */
static void fit_first(struct tcp_pcb *pcb)
{
    if (pcb->unsent && pcb->unsent->len > pcb->mss && !fit(pcb) &&
        pcb->rtime < 0)
        pcb->rtime = 0; /* the timer of retransmissions tries again */
}

static void cut_all(struct tcp_pcb *pcb, struct tcp_seg **queue)
{
    if (drop_arrived(pcb, queue))
        for (struct tcp_seg *seg = *queue; seg; seg = seg->next)
            if (seg->len > pcb->mss && !cut(pcb, seg, pcb->mss))
                return;
}

void gso_refit(struct tcp_pcb *pcb)
{
    if (is_offloaded(pcb))
        return;
    cut_all(pcb, &pcb->unacked);
    cut_all(pcb, &pcb->unsent);
}

/* lwIP limits what one acknowledgement adds to the window in slow start to two
 * segments (RFC 3465), but large ones are acknowledged as a whole. */
void gso_acknowledged(struct tcp_pcb *pcb, u16_t n)
{
    if (pcb->cwnd < pcb->ssthresh && !(pcb->flags & TF_RTO) && n > 2 * pcb->mss)
        pcb->cwnd = LWIP_MIN(pcb->cwnd + n - 2u * pcb->mss, pcb->ssthresh);
}

void gso_received(struct tcp_pcb *pcb, const struct pbuf *payload)
{
    if (pcb->state >= ESTABLISHED && payload->tot_len > pcb->mss)
        tcp_set_flags(pcb, TF_ACK_DELAY);
}

err_t __real_tcp_output(struct tcp_pcb *pcb);
void __real_tcp_rexmit_rto_commit(struct tcp_pcb *pcb);
void __real_tcp_rexmit_fast(struct tcp_pcb *pcb);

err_t __wrap_tcp_output(struct tcp_pcb *pcb)
{
    if (tcp_input_pcb != pcb) /* or it does nothing now */
        fit_first(pcb);
    return __real_tcp_output(pcb);
}

void __wrap_tcp_rexmit_rto_commit(struct tcp_pcb *pcb)
{
    fit_first(pcb);
    __real_tcp_rexmit_rto_commit(pcb);
}

/* The hole is one segment of the wire's, most of the time. */
void __wrap_tcp_rexmit_fast(struct tcp_pcb *pcb)
{
    if (pcb->unacked && !(pcb->flags & TF_INFR) &&
        drop_arrived(pcb, &pcb->unacked) && pcb->unacked->len > pcb->mss)
        cut(pcb, pcb->unacked, pcb->mss);
    __real_tcp_rexmit_fast(pcb);
}

/* lwIP's, for windows smaller than the first segment, would copy the rest. */
err_t __wrap_tcp_split_unsent_seg(struct tcp_pcb *pcb, u16_t n)
{
    if (!pcb->unsent || n == 0)
        return ERR_VAL;
    return pcb->unsent->len <= n || cut(pcb, pcb->unsent, n) ? ERR_OK : ERR_MEM;
}

err_t __real_ip4_frag(struct pbuf *p, struct netif *netif,
                      const ip4_addr_t *dest);
err_t __real_ip6_frag(struct pbuf *p, struct netif *netif,
                      const ip6_addr_t *dest);

err_t __wrap_ip4_frag(struct pbuf *p, struct netif *netif,
                      const ip4_addr_t *dest)
{
    const struct ip_hdr *header = p->payload;

    return IPH_PROTO(header) == IP_PROTO_TCP ? netif->output(netif, p, dest)
                                             : __real_ip4_frag(p, netif, dest);
}

err_t __wrap_ip6_frag(struct pbuf *p, struct netif *netif,
                      const ip6_addr_t *dest)
{
    const struct ip6_hdr *header = p->payload;

    return IP6H_NEXTH(header) == IP6_NEXTH_TCP
               ? netif->output_ip6(netif, p, dest)
               : __real_ip6_frag(p, netif, dest);
}

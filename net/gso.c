/* gso.c: TCP segments larger than the MSS: see gso.h. */

#include "net/gso.h"

#include <stdbool.h>

#include <lwip/ip.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "lib/util.h"
#include "net/payload.h"
#include "net/tcpseg.h"

#define PAGES_MIN   2048    /* bytes: less is better copied than given a page */
#define TF_ACK_DUE  0x8000u /* beside lwIP's own flags of a pcb */
#define WINDOW_PART 4 /* a segment is so much of it: acknowledgements flow */

/* Below 64 KB with all headers, and in 17 slots wherever its pages begin. */
#define PAYLOAD_MAX ((u32_t)(16 * PAGE_SIZE - 512))

static unsigned due; /* pcbs with TF_ACK_DUE */

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

u32_t gso_plain_size(const struct tcp_pcb *pcb)
{
    const u32_t half = pcb->snd_wnd_max / 2;

    return half && half < pcb->mss ? half : pcb->mss;
}

/* How large a segment may get now.  In trouble it is small, so that what was
 * lost is all that is sent again. */
static u32_t size_limit(const struct tcp_pcb *pcb)
{
    const u32_t window = window_then(pcb) / WINDOW_PART, mss = pcb->mss;

    if (pcb->flags & (TF_RTO | TF_INFR) || window < 2 * mss ||
        !is_offloaded(pcb))
        return gso_plain_size(pcb);
    return LWIP_MIN(window, PAYLOAD_MAX) / mss * mss;
}

/* What a segment has, and lwIP has reserved for it, stays in it, so neither the
 * MSS nor half of the peer's window must be smaller than that: lwIP insists. */
err_t gso_write(struct tcp_pcb *pcb, const void *data, u16_t n, u8_t flags)
{
    const struct tcp_seg *last = tcpseg_last(pcb);
    const u32_t least = last ? (u32_t)last->len + pcb->unsent_oversize : 0;
    const tcpwnd_size_t window = pcb->snd_wnd_max;
    const u16_t mss = pcb->mss;
    u32_t size = mss;
    err_t err;

    if (least + n > size)
        size = LWIP_MAX(size_limit(pcb), least);
    pcb->mss = (u16_t)size;
    if (window / 2 < least)
        pcb->snd_wnd_max = 2 * least;
    err = tcp_write(pcb, data, n, flags);
    pcb->snd_wnd_max = window;
    pcb->mss = mss;
    return err;
}

/* Pbufs for at most n bytes; fewer when memory is short. */
static struct pbuf *load(const uint8_t *data, size_t n, bool stays)
{
    struct pbuf *first = NULL, *last = NULL, *p;
    size_t done = 0;

    for (; done < n; done += p->len) {
        p = stays ? payload_refer(data + done, n - done)
                  : payload_copy(data + done, n - done);
        if (!p)
            break;
        if (last)
            last->next = p;
        else
            first = p;
        last = p;
    }
    for (p = first; p; p = p->next, done -= last->len) {
        p->tot_len = (u16_t)done;
        last = p;
    }
    return first;
}

/* Will nothing go into the same segment as these n bytes? */
static bool is_alone(const struct tcp_pcb *pcb, size_t n, bool more)
{
    return n <= gso_plain_size(pcb) && !more &&
           (pcb->flags & TF_NODELAY || !pcb->unacked);
}

size_t gso_send(struct tcp_pcb *pcb, const void *data, size_t n, bool stays,
                bool more)
{
    const bool small = !stays && n < PAGES_MIN;
    struct tcp_seg *last;
    u32_t limit;
    size_t room, m;
    struct pbuf *p;

    if (small && !pcb->unsent)
        return is_alone(pcb, n, more) && tcpseg_write(pcb, data, (u16_t)n) ? n
                                                                           : 0;
    last = tcpseg_last(pcb);
    limit = size_limit(pcb);
    room = last && last->len < limit ? limit - last->len : limit;
    if (!stays && (m = tcpseg_extend(pcb, last, data, n, limit, more)))
        return m;
    if (small)
        return 0;
    if (room > n)
        room = n;
    if (!(p = load(data, room, stays)))
        return 0;
    n -= p->tot_len;
    room = p->tot_len;
    if (tcpseg_append(pcb, last, p, limit, n == 0 && !more))
        return room;
    pbuf_free(p);
    return 0;
}

u16_t gso_size(const struct netif *netif, size_t size, bool v6)
{
    const struct tcp_pcb *pcb;
    u16_t most;

    if (size <= netif->mtu)
        return 0;
    most = (u16_t)(netif->mtu - (v6 ? IP6_HLEN : IP_HLEN) - TCP_HLEN);
    if (!netif->hints) /* it has waited for a neighbour's address */
        return most;
    pcb = CONTAINER_OF(netif->hints, const struct tcp_pcb, netif_hints);
    return LWIP_MIN(pcb->mss, most);
}

static void cut_all(struct tcp_pcb *pcb, struct tcp_seg **queue)
{
    if (tcpseg_drop_arrived(pcb, queue))
        for (struct tcp_seg *seg = *queue; seg; seg = seg->next)
            if (seg->len > pcb->mss && !tcpseg_cut(pcb, seg, pcb->mss))
                return;
}

/* Make the first segment fit; false: no memory.  One that was made for a larger
 * window does not wait until that is empty: too little would be under way for a
 * loss to show in three duplicate acknowledgements. */
static bool fit(struct tcp_pcb *pcb)
{
    const u32_t window = LWIP_MIN(pcb->snd_wnd, pcb->cwnd);
    u32_t at, room;

    if (!tcpseg_drop_arrived(pcb, &pcb->unsent))
        return false;
    if (pcb->unsent->len > pcb->mss && !is_offloaded(pcb)) {
        cut_all(pcb, &pcb->unsent);
        if (pcb->unsent->len > pcb->mss)
            return false;
    }
    at = lwip_ntohl(pcb->unsent->tcphdr->seqno) - pcb->lastack;
    if (at + pcb->unsent->len <= window)
        return true;
    room = at < window ? (window - at) / pcb->mss * pcb->mss : 0;
    if (pcb->unacked && at > 0 &&
        (room == 0 || pcb->unsent->len <= window / WINDOW_PART))
        return true; /* acknowledgements will make room */
    room = LWIP_MAX(room, gso_plain_size(pcb));
    return room >= pcb->unsent->len ||
           tcpseg_cut(pcb, pcb->unsent, (u16_t)room);
}

/* lwIP sends a segment whole or not at all. */
void gso_fit(struct tcp_pcb *pcb)
{
    if (pcb->unsent && pcb->unsent->len > gso_plain_size(pcb) && !fit(pcb) &&
        pcb->rtime < 0)
        pcb->rtime = 0; /* the timer of retransmissions tries again */
}

void gso_refit(struct tcp_pcb *pcb)
{
    pcb->mss = tcp_eff_send_mss(pcb->mss, &pcb->local_ip, &pcb->remote_ip);
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
    if (pcb->state < ESTABLISHED || payload->tot_len == 0 ||
        (!(pcb->flags & TF_ACK_DELAY) && payload->tot_len <= pcb->mss))
        return;
    /* lwIP takes it for the first, and sets the flag again. */
    tcp_clear_flags(pcb, TF_ACK_DELAY);
    if (!(pcb->flags & TF_ACK_DUE))
        due++;
    tcp_set_flags(pcb, TF_ACK_DUE);
}

/* Those with which something happened stand first in lwIP's list; some that
 * were counted may not be there any more. */
void gso_acknowledge(void)
{
    struct tcp_pcb *pcb, *next;

    for (pcb = tcp_active_pcbs; pcb && due; pcb = next) {
        next = pcb->next;
        if (!(pcb->flags & TF_ACK_DUE))
            continue;
        due--;
        tcp_clear_flags(pcb, TF_ACK_DUE);
        if (pcb->flags & TF_ACK_DELAY) {
            tcp_ack_now(pcb);
            tcp_output(pcb);
        }
    }
    due = 0;
}

bool gso_due(void)
{
    return due != 0;
}

void __real_tcp_rexmit_rto_commit(struct tcp_pcb *pcb);

void __wrap_tcp_rexmit_rto_commit(struct tcp_pcb *pcb)
{
    gso_refit(pcb);
    gso_fit(pcb);
    __real_tcp_rexmit_rto_commit(pcb);
}

/* lwIP's, for windows smaller than the first segment, would copy the rest. */
err_t __wrap_tcp_split_unsent_seg(struct tcp_pcb *pcb, u16_t n)
{
    if (!pcb->unsent || n == 0)
        return ERR_VAL;
    if (!tcpseg_drop_arrived(pcb, &pcb->unsent))
        return ERR_MEM;
    return pcb->unsent->len <= n || tcpseg_cut(pcb, pcb->unsent, n) ? ERR_OK
                                                                    : ERR_MEM;
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
